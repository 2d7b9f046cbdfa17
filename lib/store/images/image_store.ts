import type { Bytes } from "../../core/bytes.ts";
import { hexDigest } from "../../core/digest.ts";
import { EdgeError } from "../../core/errors.ts";
import type { RecordStore } from "../records/record_store.ts";

/** Images that a patient may have at once. */
const MAX_IMAGES = 64;

/** What is known of a held image; its file lies beside it. */
export interface HeldImage {
  /** The caller's own name of it. */
  id: string;
  /** Of its file's name, with its dot: `.nii.gz`; empty where the name had none. */
  extension: string;
  /** SHA-256 of its file, lower-case hex; absent of images held by a version that did not state it. */
  digest?: string;
  /** Whether it belongs to a session, and is no image of the patient's list. */
  isSession: boolean;
  /** Milliseconds since 1970. */
  createdAt: number;
  expiresAt: number;
}

/**
 * Images that a program sends once and works on for a while, by patient. They are records of the patient: encrypted as
 * all of them, forgotten when they expire, and erased with the patient.
 */
export type ImageStore = ReturnType<typeof createImageStore>;

export function createImageStore(records: RecordStore) {
  const isAlive = ({ expiresAt }: HeldImage) => expiresAt > records.now();
  const list = async (tenant: string, patient: string) =>
    (await records.list<HeldImage>(["image", tenant, patient]))
      .map(({ record }) => record).filter(isAlive)
      .sort((a, b) => a.createdAt - b.createdAt);
  return {
    /** The images of a patient, the oldest first, sessions among them. */
    list,

    /** An image and its file, or null. */
    async get(tenant: string, patient: string, id: string) {
      const found = await records.get<HeldImage>(imageAt(tenant, patient, id));
      if (found === null || !isAlive(found.record)) return null;
      const digest = await hexDigest(found.bytes);
      return { image: { ...found.record, digest }, bytes: found.bytes };
    },

    /**
     * Holds an image, in the place of one of the same id.
     *
     * @param lifetime milliseconds.
     * @throws EdgeError `limit-reached` for a patient that has as many as it may have.
     */
    async put(
      tenant: string,
      patient: string,
      { id, extension, isSession }: Pick<
        HeldImage,
        "id" | "extension" | "isSession"
      >,
      bytes: Bytes,
      lifetime: number,
    ): Promise<HeldImage> {
      const held = await list(tenant, patient);
      const others = held.filter((image) => image.id !== id);
      if (others.length >= MAX_IMAGES) {
        throw new EdgeError(
          "limit-reached",
          `Patient "${patient}" has ${MAX_IMAGES} images held here, as many as it may have; remove one, or wait until one expires.`,
        );
      }
      const createdAt = records.now();
      const expiresAt = createdAt + lifetime;
      const digest = await hexDigest(bytes);
      const record = { id, extension, digest, isSession, createdAt, expiresAt };
      const key = imageAt(tenant, patient, id);
      await records.put(key, { record, bytes }, lifetime);
      return record;
    },

    /** Removes an image; false when there was none. */
    delete: (tenant: string, patient: string, id: string) =>
      records.delete(imageAt(tenant, patient, id)),
  };
}

function imageAt(tenant: string, patient: string, id: string): Deno.KvKey {
  return ["image", tenant, patient, id];
}
