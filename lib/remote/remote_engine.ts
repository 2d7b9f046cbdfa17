import type { Engine } from "../engine/engine.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import type { EncodeClient } from "./encode_client.ts";

/**
 * The engine with images encoded on other hosts. Their answers, and embeddings that clients made, are
 * checked by the local engine, which needs no encoder.
 *
 * @param model id by which the hosts know the engine's model.
 */
export function encodeRemotely(
  local: Engine,
  client: EncodeClient,
  model: string,
): Engine {
  const mediaType = EMBEDDING_MEDIA_TYPE;
  return {
    ...local,
    embed: (input) =>
      input.mediaType === mediaType
        ? local.embed(input)
        : client.embed(input, model, (bytes) =>
          local.embed({ bytes, mediaType })),
  };
}
