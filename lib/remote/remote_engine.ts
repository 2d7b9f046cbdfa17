import { EdgeError } from "../core/errors.ts";
import type { InputFile, SelfTestRequest } from "../engine/engine.ts";
import type { EngineFor } from "../engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../format/embedding_file.ts";
import { SKIPPED } from "../wording/enrolment.ts";
import type { EncodeClient } from "./encode_client.ts";

/** Share of the budget that the tests have in any case, beside the encoding. */
const TEST_SHARE = 0.5;

/**
 * Engines whose images are encoded on other hosts, the augmentations of a reference among them. Local engines, which need
 * no encoder, check the answers of the hosts, as they check embeddings that clients made.
 *
 * @param model id of the engines' model on the hosts.
 * @param now monotonic clock in milliseconds.
 */
export function encodeRemotely(
  localFor: EngineFor,
  client: EncodeClient,
  model: string,
  now = () => performance.now(),
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
        const { image, budget } = selfTests;
        const files = await local.augment(embedding, annotation, image);
        const started = now();
        const encoded: SelfTestRequest["encoded"] = {
          augmentations: [],
          skipped: null,
        };
        for (const { name, image, mask } of files) {
          const count = encoded.augmentations.length;
          const spent = now() - started;
          // The next is expected to take as long as those before.
          const ahead = spent / Math.max(1, count);
          if (spent + ahead > budget) {
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
        const left = budget - (now() - started);
        return await local.enrol(embedding, annotation, {
          // Slow hosts may use up all of it; what they encoded is tested all the same.
          budget: Math.max(left, TEST_SHARE * budget),
          image,
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
