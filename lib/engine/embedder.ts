import { concat } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import { EdgeError } from "../core/errors.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import { READING_RULES } from "../image/reading_rules.ts";
import { checkMediaType } from "../image/media_type.ts";
import type { EmbeddingStore } from "../store/embeddings/embedding_store.ts";
import type { EmbeddingFile, Engine, InputFile } from "./engine.ts";
import type { Work } from "./work.ts";

/** An embedding and its content address. */
export interface AddressedEmbedding extends EmbeddingFile {
  /**
   * sha256(`#`, the frame and a space, where one is named ‖ model digest ‖ digest of the reading rules ‖ file bytes),
   * hex; of an embedding file without the rules.
   */
  id: string;
  /** Digest of the model that made it. */
  model: string;
  /** When the cached copy expires, milliseconds since 1970, or null when there is none. */
  expiresAt: number | null;
}

/** How many new embeddings are held until they are stored; one that never is gives way to later ones. */
const HELD = 4;

/**
 * Finds embeddings in the cache and makes the missing ones. A file that arrives again while it is encoded, or before its
 * embedding is stored, is not encoded again. Every tenant has its own cache.
 */
export interface Embedder {
  /** The embedding of an image file, or of an embedding file that a client made. */
  embed(work: Work, input: InputFile): Promise<AddressedEmbedding>;
  /** Caches an embedding. */
  keep(
    tenant: string,
    made: AddressedEmbedding,
  ): Promise<{ expiresAt: number }>;
  /** A cached embedding, of whichever model made it. @throws EdgeError `not-found`. */
  recall(tenant: string, id: string): Promise<AddressedEmbedding>;
}

/**
 * @param engineFor makes what the cache lacks.
 * @param store may be shared with other models: ids differ with the model.
 * @param digest of the engine's model.
 */
export function createEmbedder(
  engineFor: (work: Work) => Pick<Engine, "embed">,
  store: EmbeddingStore,
  digest: string,
): Embedder {
  const making = new Map<string, Promise<AddressedEmbedding>>();
  const made = new Set<string>();
  const keeping = new Map<string, Promise<{ expiresAt: number }>>();

  const forget = (address: string) => {
    making.delete(address);
    made.delete(address);
  };

  const make = async (work: Work, id: string, input: InputFile) => {
    const address = addressOf(work.tenant, id);
    try {
      const cached = await store.get(work.tenant, id);
      if (cached !== null) {
        making.delete(address);
        return { id, ...cached };
      }
      const embedding = await engineFor(work).embed(input);
      made.add(address);
      if (made.size > HELD) forget(made.values().next().value!);
      return { id, model: digest, ...embedding, expiresAt: null };
    } catch (error) {
      making.delete(address);
      throw error;
    }
  };

  return {
    async embed(work, input) {
      const { bytes, mediaType, frame } = input;
      const isImage = mediaType !== EMBEDDING_MEDIA_TYPE;
      if (isImage) checkMediaType(bytes, mediaType);
      // In front of the file: behind it, its own last bytes could name a frame.
      const which = frame === undefined ? "" : `#${frame} `;
      const how = digest + (isImage ? READING_RULES : "");
      const id = await hexDigest(
        concat([new TextEncoder().encode(which + how), bytes]),
      );
      const address = addressOf(work.tenant, id);
      for (;;) {
        const others = making.get(address);
        if (others === undefined) break;
        try {
          return await others;
        } catch (error) {
          // The first caller gave up or ran out of time, which is no reason for the next one to.
          if (work.signal.aborted || !isOfCaller(error)) throw error;
        }
      }
      const embedding = make(work, id, input);
      making.set(address, embedding);
      return await embedding;
    },
    async keep(tenant, { id, expiresAt, ...embedding }) {
      if (expiresAt !== null) return { expiresAt };
      const address = addressOf(tenant, id);
      let kept = keeping.get(address);
      if (kept === undefined) {
        kept = store.put(tenant, id, embedding).finally(() => {
          keeping.delete(address);
          forget(address);
        });
        keeping.set(address, kept);
      }
      return await kept;
    },
    async recall(tenant, id) {
      const cached = await store.get(tenant, id);
      if (cached !== null) return { id, ...cached };
      throw new EdgeError(
        "not-found",
        `There is no embedding "${id}"; it may have expired: send the image again.`,
      );
    },
  };
}

/** Whether a caller ended the work, rather than the work itself failing. */
function isOfCaller(error: unknown): boolean {
  return error instanceof EdgeError &&
    (error.code === "given-up" || error.code === "too-late");
}

/** The key of an embedding among those of all tenants. */
function addressOf(tenant: string, id: string): string {
  return `${tenant} ${id}`;
}
