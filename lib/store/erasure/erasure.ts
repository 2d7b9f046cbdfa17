import { type BlobStore, Stale } from "../kv/blob_store.ts";
import {
  changedAt,
  dataKeyAt,
  erasingAt,
  type Owner,
  ownerIn,
  ownerOf,
  recordKinds,
} from "../kv/owner.ts";
import { tryCommit } from "../kv/retry.ts";
import { PURGE_DUE } from "./purge_file.ts";
import type { Kv } from "../kv/kv.ts";

/** What else forgets what is erased. */
export interface ErasureObserver {
  /** Called with the place of an erased embedding. */
  embeddingErased?(at: Deno.KvKey): Promise<unknown>;
  /** Called when a patient was erased. */
  patientErased?(): void;
}

/**
 * Erases all that is stored of a patient: its records, whatever their kind, and the embeddings of its images. The
 * commit that begins an erasure destroys the data key, so that nothing encrypted can be read from then on; `finish`
 * removes the rest, now, at the patient's next write, or after a crash.
 */
export class Erasure {
  constructor(
    readonly blobs: BlobStore,
    readonly observer: ErasureObserver = {},
  ) {}

  /**
   * Erases a patient; false when nothing was stored.
   *
   * @param unless entries that must still be of these versions; else nothing is erased.
   */
  async erase(
    patient: Owner,
    unless: Deno.AtomicCheck[] = [],
  ): Promise<boolean> {
    const { kv, now } = this.blobs;
    if (!await this.#isKnown(patient)) return false;
    const begun = await tryCommit(
      kv.atomic().check(...unless).set(erasingAt(patient), now())
        .delete(dataKeyAt(patient)).delete(changedAt(patient))
        .set(PURGE_DUE, now()),
    );
    if (!begun) return false;
    await this.finish(patient);
    this.observer.patientErased?.();
    return true;
  }

  /** Whether anything is stored of a patient. A write that was given up and may still land is waited for. */
  async #isKnown(patient: Owner): Promise<boolean> {
    const { kv } = this.blobs;
    const keys = [changedAt(patient), erasingAt(patient), dataKeyAt(patient)];
    for (;;) {
      const found = await kv.getMany(keys);
      if (found.some(({ value }) => value !== null)) return true;
      // Other than a read, a commit stands in line behind the one under way.
      if (await tryCommit(kv.atomic().check(...found))) return false;
    }
  }

  /** Removes what is left of a patient whose erasure has begun; does nothing for another. */
  async finish(patient: Owner): Promise<void> {
    const { kv } = this.blobs;
    const marker = await kv.get(erasingAt(patient));
    if (marker.value === null) return;
    // Once the marker is gone, what is stored is new, and must stay.
    const guards = [{ key: marker.key, versionstamp: marker.versionstamp }];
    const [, tenant, name] = patient;
    try {
      for await (const { key } of kv.list({ prefix: ["link", ...patient] })) {
        const [, , , , embedding] = key as [string, ...Owner, string];
        await this.eraseEmbedding(["embedding", tenant, embedding], guards);
        await this.#remove(key, guards);
      }
      for (const kind of await recordKinds(kv)) {
        const found = kv.list({ prefix: [kind, tenant, name] });
        for await (const { key } of found) {
          await this.blobs.delete(key, { guards });
        }
      }
      await this.#remove(marker.key, guards);
    } catch (error) {
      if (!(error instanceof Stale)) throw error;
    }
  }

  /** Finishes every erasure that was cut off. */
  async finishAll(): Promise<void> {
    const markers = this.blobs.kv.list({ prefix: ["erasing"] });
    for await (const { key } of markers) await this.finish(ownerIn(key));
  }

  /** Erases an embedding and its data key. @throws Stale */
  async eraseEmbedding(
    at: Deno.KvKey,
    guards: Deno.AtomicCheck[] = [],
  ): Promise<void> {
    const sets = [{ key: PURGE_DUE, value: this.blobs.now() }];
    await this.#remove(dataKeyAt(ownerOf(at)), guards);
    await this.blobs.delete(at, { guards, sets });
    await this.observer.embeddingErased?.(at);
  }

  async #remove(key: Deno.KvKey, guards: Deno.AtomicCheck[]): Promise<void> {
    const removal = this.blobs.kv.atomic().check(...guards).delete(key);
    if (!await tryCommit(removal)) throw new Stale();
  }
}

/** The patients that were last changed before their tenant's time, milliseconds since 1970, and that last change. */
export async function* unchangedSince(
  kv: Kv,
  time: (tenant: string) => number,
): AsyncGenerator<{ owner: Owner; change: Deno.AtomicCheck }> {
  const changes = kv.list<number>({ prefix: ["changed"] });
  for await (const { key, value } of changes) {
    const owner = ownerIn(key);
    if (value >= time(owner[1])) continue;
    // The list is read in batches: what it says may have changed since.
    const change = await kv.get<number>(key);
    if (change.value === null || change.value >= time(owner[1])) continue;
    yield { owner, change };
  }
}
