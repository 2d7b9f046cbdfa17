import type { ServedModel } from "../../../lib/engine/catalogue.ts";
import { requireWanted, type Work } from "../../../lib/engine/work.ts";
import type { SegmentationRequest } from "../../../lib/engine/engine.ts";
import { isRetryable } from "../../../lib/core/errors.ts";
import { startDeadline } from "../../../lib/engine/deadline.ts";
import type { RecipeName } from "../../../lib/pipeline/recipe.ts";
import type { SeriesImage } from "../../../lib/series/series_image.ts";
import type { Enrolled } from "../../../lib/store/profiles/reference.ts";
import { chooseReferences } from "../../patients/choose_references.ts";
import { keepEmbedding } from "../../patients/keep_embedding.ts";
import {
  segmentWithReceipt,
  sourceOf,
} from "../../patients/segment_with_receipt.ts";
import type { Services } from "../../services.ts";
import { describeSegmentation } from "../segmentations/presenter.ts";

/** Pauses before an image that met busy workers or no encode host is tried again, milliseconds. */
const PAUSES = [1000, 4000];

/** What all images of a series have in common. */
export interface SeriesRequest {
  patient: string;
  label: string;
  recipe: RecipeName;
  explain: boolean;
  model: ServedModel;
  /** Of the label's references. */
  revision: number;
  /** The references of the label; each image is compared with those that are nearest to its position. */
  enrolled: Enrolled[];
}

/**
 * Segments one image of a series, within the deadline of one request; for its line of the answer.
 *
 * @param form whether the mask is wanted as a PNG too.
 */
export async function segmentImage(
  services: Services,
  request: SeriesRequest,
  image: SeriesImage,
  position: number | null,
  work: Work,
  form: Pick<SegmentationRequest, "png"> = {},
) {
  const { patient, model, enrolled, label, revision, recipe, explain } =
    request;
  const started = performance.now();
  const file = await image.read();
  const made = await model.embedder.embed(work, file);
  const { tenant } = work;
  await keepEmbedding(services, model.embedder, { tenant, patient }, made);
  const encode = performance.now() - started;
  requireWanted(work);
  // A file that is no image has no position, and no embedding either.
  const at = position ?? undefined;
  const chosen = chooseReferences(enrolled, "position", at);
  const isPlaced = enrolled.some(({ reference }) =>
    reference.position !== null
  );
  const asked = {
    source: image.frameOf ?? sourceOf(file),
    embedding: {
      ...made,
      warnings: [...file.warnings ?? [], ...made.warnings ?? []],
    },
    label,
    revision,
    recipe,
    chosen,
    position: isPlaced ? at : undefined,
    explain,
  };
  const { answer, receipt } = await segmentWithReceipt(
    services,
    model,
    work,
    asked,
    form,
  );
  const context = { ...asked, patient, encode, receipt };
  return {
    references: chosen.enrolled.map(({ reference }) => reference.reference),
    segmentation: describeSegmentation(answer, context),
    ...(answer.png && { png: answer.png }),
  };
}

/**
 * Runs work that has a deadline. It is run again when no worker or encode host was free, each time with a new
 * deadline, unless the caller went away.
 */
export async function runPatiently<T>(
  deadline: number,
  { tenant, signal }: Work,
  run: (work: Work) => Promise<T>,
): Promise<T> {
  const runOnce = async () => {
    using limit = startDeadline(deadline, signal);
    return await run({ tenant, signal: limit.signal });
  };
  for (const pause of PAUSES) {
    try {
      return await runOnce();
    } catch (error) {
      if (signal.aborted || !isRetryable(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal.throwIfAborted();
  }
  return await runOnce();
}
