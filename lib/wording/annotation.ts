import type { Warning } from "../core/warnings.ts";
import type { AnnotationDoubts } from "../pipeline/annotation_doubts.ts";

/** The warnings of an annotation that may not be what was meant. */
export function warnOfAnnotation(
  { coversMost, touchesAllBorders, isInverted, pieces }: AnnotationDoubts,
): Warning[] {
  const warnings: Warning[] = [];
  const percent = Math.round((coversMost ?? 0) * 100);
  if (isInverted) {
    warnings.push({
      code: "annotation-inverted",
      detail:
        `The annotation covers ${percent} % of the image and all of its border, as the background does. ` +
        "If the structure is what it leaves out, send the inverse.",
    });
  } else if (coversMost !== null) {
    warnings.push({
      code: "annotation-covers-most",
      detail: `The annotation covers ${percent} % of the image. ` +
        "Check that it marks the structure, not its surroundings.",
    });
  }
  if (touchesAllBorders && !isInverted) {
    warnings.push({
      code: "annotation-touches-borders",
      detail: "The annotation touches all four borders of the image. " +
        "Check that it marks the structure, or send an image that shows all of it.",
    });
  }
  if (pieces !== null) {
    warnings.push({
      code: "annotation-in-pieces",
      detail:
        `The annotation has ${pieces} separate pieces, which are learnt as one structure. ` +
        "Enrol them under labels of their own if they are different structures.",
    });
  }
  return warnings;
}
