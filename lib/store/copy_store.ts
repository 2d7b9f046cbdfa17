import { isDeepStrictEqual } from "node:util";
import { invalidInput } from "../core/errors.ts";
import { ENCRYPTING } from "./encryption/keyring.ts";
import { BlobStore, type Stored } from "./kv/blob_store.ts";
import type { Kv } from "./kv/kv.ts";
import {
  COPYING,
  kindsIn,
  ownerIn,
  PASSING_KINDS,
  recordKinds,
} from "./kv/owner.ts";
import { retryLocked } from "./kv/retry.ts";

/** What is not copied besides: what only the moment needs. */
const MOMENTARY = "chunk copying lease pending rate scrub".split(" ");
const LEFT_OUT = new Set([...PASSING_KINDS, ...MOMENTARY]);

/** What a copy did. */
export interface Copied {
  /** Entries of the source: records with their bytes, keys, audit entries. */
  entries: number;
  /** Those that were written; the others were there already. */
  written: number;
  /** Entries of an earlier attempt that the source no longer has. */
  removed: number;
}

/**
 * Copies a store into another, of whatever database, and verifies it: afterwards every entry was read from both and
 * compared. What is encrypted stays encrypted, under the same keys; no operator key is needed. What is kept for some
 * hours alone stays behind: embeddings, held images, uploads, kept answers. Nothing else may write to either meanwhile. After an interruption the next call goes on; until one has finished, no server starts on the
 * target.
 *
 * @throws EdgeError `invalid-input` when the source is empty, the target holds something else, or a seal of the source
 *   was cut off.
 */
export async function copyStore(from: Kv, to: Kv): Promise<Copied> {
  for (const marker of [ENCRYPTING, COPYING]) {
    if ((await from.get(marker)).value === null) continue;
    throw unfit("the source is unfinished: finish what was begun there first.");
  }
  if ((await kindsIn(from)).length === 0) {
    throw unfit("the source is empty; is it the one that you mean?");
  }
  const begun = (await to.get(COPYING)).value !== null;
  if (!begun && (await kindsIn(to)).length > 0) {
    throw unfit("the target holds data; a copy needs an empty store.");
  }
  await retryLocked(() => to.set(COPYING, Date.now()));
  const copied = { entries: 0, written: 0, removed: 0 };
  for await (const place of placesIn(from)) {
    copied.entries++;
    const value = await read(from, place);
    if (isDeepStrictEqual(await read(to, place), value)) continue;
    await write(to, place, value);
    copied.written++;
    if (isDeepStrictEqual(await read(to, place), value)) continue;
    throw new Error("The target does not hold what was written to it.");
  }
  for await (const place of placesIn(to)) {
    if (await read(from, place) !== null) continue;
    await remove(to, place);
    copied.removed++;
  }
  await retryLocked(() => to.delete(COPYING));
  return copied;
}

/** Where a store keeps something to be copied. */
interface Place {
  key: Deno.KvKey;
  /** Whether it is a record with bytes of its own. */
  isRecord: boolean;
}

async function* placesIn(kv: Kv): AsyncGenerator<Place> {
  const records = new Set(await recordKinds(kv));
  for (const kind of await kindsIn(kv)) {
    if (LEFT_OUT.has(kind)) continue;
    const selector = { start: [kind], end: [kind, true] };
    for await (const { key } of kv.list(selector)) {
      // The data key of an embedding goes with it.
      if (kind === "datakey" && ownerIn(key)[0] === "embedding") continue;
      yield { key, isRecord: records.has(kind) };
    }
  }
}

/** What is stored there: a value, or a record and its bytes. */
async function read(kv: Kv, { key, isRecord }: Place): Promise<unknown> {
  if (!isRecord) return (await kv.get(key)).value;
  const stored = await new BlobStore(kv).read(key);
  return stored && { record: stored.record, bytes: stored.bytes };
}

async function write(kv: Kv, { key, isRecord }: Place, value: unknown) {
  if (!isRecord) await retryLocked(() => kv.set(key, value));
  else await new BlobStore(kv).write([{ key, ...value as Stored<unknown> }]);
}

async function remove(kv: Kv, { key, isRecord }: Place): Promise<void> {
  if (isRecord) await new BlobStore(kv).delete(key);
  else await retryLocked(() => kv.delete(key));
}

function unfit(why: string) {
  return invalidInput(`Cannot copy the store: ${why}`);
}
