import type { EngineFor } from "../engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import type { EncodeClient } from "./encode_client.ts";

/**
 * Engines whose images are encoded on other hosts. Local engines, which need no encoder, check the answers of the
 * hosts, as they check embeddings that clients made.
 *
 * @param model id of the engines' model on the hosts.
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
