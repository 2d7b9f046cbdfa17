import { EdgeError } from "../core/errors.ts";
import type { InputFile, SelfTestRequest } from "../engine/engine.ts";
import type { EngineFor } from "../engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import { SKIPPED } from "../wording/enrolment.ts";
import type { EncodeClient } from "./encode_client.ts";

/**
 * Engines whose images are encoded on other hosts, the augmentations of a reference among them. Local engines, which need
 * no encoder, check the answers of the hosts, as they check embeddings that clients made.
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
    const embed = (input: InputFile) =>
      input.mediaType === mediaType ? local.embed(input) : client.embed({
        work,
        input,
        model,
        check: (bytes) => local.embed({ bytes, mediaType }),
      });
    return {
      ...local,
      embed,
      async enrol(embedding, annotation, selfTests) {
        if (selfTests?.image === undefined) {
          return await local.enrol(embedding, annotation, selfTests);
        }
        const started = performance.now();
        const { image, budget } = selfTests;
        const files = await local.augment(embedding, annotation, image);
        const encoded: SelfTestRequest["encoded"] = {
          augmentations: [],
          skipped: null,
        };
        const left = () => budget - (performance.now() - started);
        for (const { name, image, mask } of files) {
          const count = encoded.augmentations.length;
          if (left() <= 0) {
            encoded.skipped = SKIPPED.outOfTime(count, files.length);
            break;
          }
          try {
            const { bytes } = await embed({ bytes: image });
            encoded.augmentations.push({ name, embedding: bytes, mask });
          } catch (error) {
            if (!isBusy(error)) throw error;
            encoded.skipped = SKIPPED.busy(count, files.length);
            break;
          }
        }
        return await local.enrol(embedding, annotation, {
          budget: left(),
          encoded,
        });
      },
    };
  };
}

/** Errors that say nothing of the reference: no worker or no host was free. */
function isBusy(error: unknown): boolean {
  return error instanceof EdgeError &&
    (error.code === "busy" || error.code === "encode-unavailable");
}
