import { EdgeError } from "../../../lib/core/errors.ts";
import { type SeriesRun, untilEnd } from "./run.ts";
import type { CocoDocument } from "./schema.ts";

/** Most characters of run lengths in one document. */
const MAX_COUNTS = 2 ** 26;

/** A series in the format of COCO's instances; masks are run lengths, which are exact and may have holes. */
export async function cocoOf(
  run: SeriesRun,
  { label, model }: { label: string; model: CocoDocument["info"]["model"] },
): Promise<CocoDocument> {
  const images: CocoDocument["images"] = [];
  const annotations: CocoDocument["annotations"] = [];
  const problems: CocoDocument["problems"] = [];
  let kept = 0;
  for await (
    const { index, image, segmentation, problem } of untilEnd(run)
  ) {
    const { name, frameOf } = image;
    if (problem !== undefined) problems.push({ index, name, problem });
    if (segmentation === undefined) continue;
    const { mask, present, confidence, warnings, receipt } = segmentation;
    const [height, width] = mask.size;
    const id = index + 1;
    images.push({
      id,
      width,
      height,
      file_name: name ?? String(index),
      ...(frameOf && { frame: frameOf.frame }),
      present,
      warnings,
      receipt,
    });
    if (mask.box === null) continue;
    kept += mask.counts.length;
    if (kept > MAX_COUNTS) {
      throw new EdgeError(
        "too-large",
        `Cannot write the series as COCO: its run lengths have more than ${MAX_COUNTS} characters; accept lines.`,
      );
    }
    const [x0, y0, x1, y1] = mask.box;
    annotations.push({
      id: annotations.length + 1,
      image_id: id,
      category_id: 1,
      segmentation: { size: mask.size, counts: mask.counts },
      area: mask.area,
      bbox: [x0, y0, x1 - x0 + 1, y1 - y0 + 1],
      iscrowd: 0,
      score: confidence,
    });
  }
  return {
    info: { description: "P²SAM Edge", model },
    images,
    annotations,
    categories: [{ id: 1, name: label }],
    problems,
  };
}
