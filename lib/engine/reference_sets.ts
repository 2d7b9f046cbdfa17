import { LRUCache } from "lru-cache";
import { type Bytes, concat } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import { readProfile } from "../format/profile_file.ts";
import { ReferenceSet } from "../pipeline/reference_set.ts";

/** Bytes of profile files whose sets are kept; what is worked out from them takes some six times as much. */
const MAX_BYTES = 8 * 2 ** 20;
/** Milliseconds that a set is kept, so that a thread at work does not hold on to patients who were erased. */
const MAX_AGE_MS = 600_000;

/**
 * The reference sets that this thread has met lately, so that what follows from the references alone, such as the
 * prototypes of pooled ones, is worked out when they change and not for every image.
 */
export class ReferenceSets {
  #known = new LRUCache<string, { set: ReferenceSet; bytes: number }>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
    ttl: MAX_AGE_MS,
  });

  /** The set of some profile files, in their order. @throws EdgeError `invalid-input` for a file that is no profile. */
  async of(files: Bytes[]): Promise<ReferenceSet> {
    this.#known.purgeStale();
    const lengths = new TextEncoder().encode(
      files.map(({ length }) => length).join(),
    );
    const key = await hexDigest(concat([lengths, ...files]));
    const known = this.#known.get(key);
    if (known !== undefined) return known.set;
    const set = new ReferenceSet(files.map(readProfile));
    const bytes = files.reduce((sum, { length }) => sum + length, 1);
    this.#known.set(key, { set, bytes });
    return set;
  }
}
