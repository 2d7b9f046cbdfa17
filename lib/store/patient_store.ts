import type { PatientStore } from "./profiles/profile_store.ts";
import type { Vault } from "./records/record_store.ts";

/** @param lifetime of embeddings, milliseconds. */
export function createPatientStore(
  vault: Vault,
  lifetime: number,
): PatientStore {
  return {
    link: (tenant, patient, embedding, enrols) =>
      vault.link([tenant, patient, embedding], { enrols, expireIn: lifetime }),
    confirmLink: (tenant, patient, embedding) =>
      vault.confirmLink(tenant, patient, embedding),
    erase: (tenant, patient) => vault.erase(tenant, patient),
  };
}
