import { EdgeError } from "../core/errors.ts";
import { embeddingAt } from "./embeddings/embedding_store.ts";
import { changedAt, erasingAt, ownerOf } from "./kv/owner.ts";
import { retryConflicts, tryCommit } from "./kv/retry.ts";
import type { RecordStore } from "./records/record_store.ts";

/** Erasures and other changes of a patient that may get ahead of a link before it is given up. */
const ATTEMPTS = 20;

/** What concerns a patient as a whole. */
export type PatientStore = ReturnType<typeof createPatientStore>;

/** @param lifetime of embeddings, milliseconds. */
export function createPatientStore(records: RecordStore, lifetime: number) {
  const { kv } = records;
  const locate = async (tenant: string, patient: string, id: string) => {
    const owner = await records.patientOf(tenant, patient);
    const embedding = await records.hideNames(embeddingAt(tenant, id));
    const [, , tag] = ownerOf(embedding);
    return { owner, embedding, link: ["link", ...owner, tag] };
  };
  return {
    /**
     * Links an embedding to the patient, so that erasing the patient erases it. Called before the embedding is stored.
     *
     * @param enrols whether the patient may be new.
     * @throws EdgeError `not-found` when the patient was erased meanwhile.
     */
    async link(tenant: string, patient: string, id: string, enrols: boolean) {
      const { owner, link } = await locate(tenant, patient, id);
      await retryConflicts(ATTEMPTS, async () => {
        const changed = await kv.get<number>(changedAt(owner));
        if (changed.value === null && !enrols) {
          throw new EdgeError(
            "not-found",
            `There is no patient "${patient}" any more; enrol a reference first.`,
          );
        }
        const commit = kv.atomic().check(changed)
          .check({ key: erasingAt(owner), versionstamp: null })
          .set(link, records.now(), { expireIn: lifetime });
        if (changed.value === null) commit.set(changed.key, records.now());
        if (await tryCommit(commit)) return true;
        await records.erasure.finish(owner);
      });
    },
    /** Called after the embedding is stored: erases it again when the patient was erased meanwhile. */
    async confirmLink(tenant: string, patient: string, id: string) {
      const { embedding, link } = await locate(tenant, patient, id);
      if ((await kv.get(link)).value !== null) return;
      await records.erasure.eraseEmbedding(embedding);
    },
    /** Erases all that is stored of the patient; false when there was nothing. */
    erase: (tenant: string, patient: string) => records.erase(tenant, patient),
  };
}
