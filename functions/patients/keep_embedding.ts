import type {
  AddressedEmbedding,
  Embedder,
} from "../../lib/engine/embedder.ts";
import type { Services } from "../services.ts";

/**
 * Caches an embedding that an operation of a patient uses, so that erasing the patient erases it.
 *
 * @param enrols whether the patient may be new.
 * @throws EdgeError `not-found` when the patient was erased meanwhile and is not being enrolled.
 */
export async function keepEmbedding(
  { patients }: Pick<Services, "patients">,
  embedder: Embedder,
  { tenant, patient, enrols = false }: {
    tenant: string;
    patient: string;
    enrols?: boolean;
  },
  made: AddressedEmbedding,
): Promise<void> {
  await patients.link(tenant, patient, made.id, enrols);
  await embedder.keep(tenant, made);
  await patients.confirmLink(tenant, patient, made.id);
}
