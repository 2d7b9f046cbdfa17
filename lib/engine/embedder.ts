import { hexDigest } from "../digest.ts";
import { EdgeError } from "../errors.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import { checkMediaType } from "../image/media_type.ts";
import type { EmbeddingStore } from "../store/types.ts";
import type { EmbeddingFile, Engine, InputFile } from "./engine.ts";

/** An embedding and its content address. */
export interface AddressedEmbedding extends EmbeddingFile {
  /** sha256(model digest ‖ file bytes), hex. */
  id: string;
  /** Digest of the model that made it. */
  model: string;
  /** When the cached copy expires, milliseconds since 1970, or null when there is none. */
  expiresAt: number | null;
}

/** Finds embeddings in the cache and makes the missing ones. */
export interface Embedder {
  /** The embedding of an image file, or of an embedding file that a client made. */
  embed(input: InputFile): Promise<AddressedEmbedding>;
  /** Caches an embedding. */
  keep(made: AddressedEmbedding): Promise<{ expiresAt: number }>;
  /** A cached embedding, of whichever model made it. @throws EdgeError `not-found`. */
  recall(id: string): Promise<AddressedEmbedding>;
}

/**
 * @param engine makes what the cache lacks.
 * @param store may be shared with other models: ids differ with the model.
 * @param digest of the engine's model.
 */
export function createEmbedder(
  engine: Pick<Engine, "embed">,
  store: EmbeddingStore,
  digest: string,
): Embedder {
  const prefix = new TextEncoder().encode(digest);

  return {
    async embed(input) {
      const { bytes, mediaType } = input;
      if (mediaType !== EMBEDDING_MEDIA_TYPE) checkMediaType(bytes, mediaType);
      const addressed = new Uint8Array(prefix.length + bytes.length);
      addressed.set(prefix);
      addressed.set(bytes, prefix.length);
      const id = await hexDigest(addressed);
      const cached = await store.get(id);
      if (cached !== null) return { id, ...cached };
      const made = await engine.embed(input);
      return { id, model: digest, ...made, expiresAt: null };
    },
    async keep({ id, expiresAt, ...made }) {
      return expiresAt === null ? await store.put(id, made) : { expiresAt };
    },
    async recall(id) {
      const cached = await store.get(id);
      if (cached !== null) return { id, ...cached };
      throw new EdgeError(
        "not-found",
        `There is no embedding "${id}"; it may have expired: send the image again.`,
      );
    },
  };
}
