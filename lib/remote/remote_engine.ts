import type { EngineFor } from "../engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import type { EncodeClient } from "./encode_client.ts";

/**
 * Engines with images encoded on other hosts. Their answers, and embeddings that clients made, are
 * checked by local engines, which need no encoder.
 *
 * @param model id by which the hosts know the engines' model.
 */
export function encodeRemotely(
  localFor: EngineFor,
  client: EncodeClient,
  model: string,
): EngineFor {
  const mediaType = EMBEDDING_MEDIA_TYPE;
  return (work) => {
    const local = localFor(work);
    return {
      ...local,
      embed: (input) =>
        input.mediaType === mediaType
          ? local.embed(input)
          : client.embed(work, input, model, (bytes) =>
            local.embed({ bytes, mediaType })),
    };
  };
}
