import { EdgeError } from "../errors.ts";
import { readEmbedding } from "../format/embedding_file.ts";
import { checkMediaType } from "../image/media_type.ts";
import { hexDigest } from "../model/package.ts";
import type { Embedding, ModelGeometry } from "../pipeline/types.ts";
import type { EmbeddingStore } from "../store/types.ts";
import type { Engine, ImageFile } from "./engine.ts";

/** An embedding and its content address. */
export interface AddressedEmbedding {
  /** sha256(model digest ‖ file bytes), hex. */
  id: string;
  embedding: Embedding;
  /** When the cached copy expires, milliseconds since 1970, or null when there is none. */
  expiresAt: number | null;
}

/** Finds embeddings in the cache and makes the missing ones. */
export interface Embedder {
  /** The embedding of an image file, or of an embedding file that a client made. */
  embed(file: ImageFile): Promise<AddressedEmbedding>;
  /** Caches an embedding. */
  keep(made: AddressedEmbedding): Promise<{ expiresAt: number }>;
  /** A cached embedding. @throws EdgeError `not-found`. */
  recall(id: string): Promise<AddressedEmbedding>;
}

export const EMBEDDING_MEDIA_TYPE = "application/x-safetensors";

export function createEmbedder(
  engine: Pick<Engine, "embed">,
  store: EmbeddingStore,
  model: ModelGeometry,
  maxPixels: number,
): Embedder {
  return {
    async embed(file) {
      const { bytes, mediaType } = file;
      const isTensor = mediaType === EMBEDDING_MEDIA_TYPE;
      if (!isTensor) checkMediaType(bytes, mediaType);
      const digest = new TextEncoder().encode(model.digest);
      const addressed = new Uint8Array(digest.length + bytes.length);
      addressed.set(digest);
      addressed.set(bytes, digest.length);
      const id = await hexDigest(addressed);
      const cached = await store.get(id);
      if (cached !== null) return { id, ...cached };
      const embedding = isTensor
        ? readEmbedding(bytes, model, maxPixels)
        : await engine.embed(file);
      return { id, embedding, expiresAt: null };
    },
    async keep({ id, embedding, expiresAt }) {
      return expiresAt === null
        ? await store.put(id, embedding)
        : { expiresAt };
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
