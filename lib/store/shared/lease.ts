import type { Kv } from "../kv/kv.ts";
import { tryCommit } from "../kv/retry.ts";

/** How long a process that dies in its work keeps others from it, milliseconds. */
const HELD_MS = 30_000;

/** Who works, until when, and when the next one may begin; milliseconds since 1970. */
interface Lease {
  holder: string;
  until: number;
  next: number;
}

/**
 * Work that one of several processes does at a time, and not more often than every `every` milliseconds. The holder
 * renews its lease while it works. Work must bear a second worker all the same: a holder that hangs loses its lease.
 */
export function createShift(
  kv: Kv,
  name: string,
  every: number,
  now: () => number = Date.now,
) {
  const key = ["lease", name];
  const holder = crypto.randomUUID();

  /** Changes the lease, if `may` allows it and no other process was first. */
  const change = async (
    may: (lease: Lease | null) => boolean,
    lease: () => Omit<Lease, "holder">,
  ) => {
    const entry = await kv.get<Lease>(key);
    if (!may(entry.value)) return false;
    // A clock that is ahead does not keep others out for longer than a lease and a pause.
    const commit = kv.atomic().check(entry)
      .set(key, { holder, ...lease() }, { expireIn: HELD_MS + every });
    return await tryCommit(commit);
  };
  const isMine = (lease: Lease | null) => lease?.holder === holder;

  return {
    /**
     * Does the work where it is due and no other process is at it; false otherwise.
     *
     * @param early whether it is due in any case.
     */
    async run(work: () => Promise<void>, early = false): Promise<boolean> {
      const working = () => ({ until: now() + HELD_MS, next: now() });
      const begun = await change(
        (lease) =>
          lease === null ||
          (lease.until <= now() && (early || lease.next <= now())),
        working,
      );
      if (!begun) return false;
      const renewal = setInterval(() => {
        change(isMine, working).catch(() => {/* The next one will do. */});
      }, HELD_MS / 3);
      try {
        await work();
      } finally {
        clearInterval(renewal);
        const rested = () => ({ until: now(), next: now() + every });
        await change(isMine, rested).catch(() => {/* It ends by itself. */});
      }
      return true;
    },
  };
}
