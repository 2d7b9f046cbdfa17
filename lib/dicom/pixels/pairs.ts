import type { Size } from "../../core/geometry.ts";
import { malformed } from "../data_set/data_set.ts";
import type { Photometric } from "./photometric.ts";
import type { PixelData } from "./pixel_data.ts";

/**
 * Whether neighbours share their colours (PS3.3 §C.7.6.3.1.2). Software that unpacks pixels often leaves the label as
 * it was, so the length decides; odd rows have a pair of which the second pixel is not shown.
 */
export function readPairs(
  { native, transferSyntax }: PixelData,
  photometric: Photometric,
  { width, height }: Size,
  frames: number,
): { inPairs: boolean; doubt?: string } {
  const isLabelled = photometric === "YBR_FULL_422";
  if (!isLabelled && photometric !== "YBR_FULL") return { inPairs: false };
  if (native === undefined) {
    // Deflated frames are as uncompressed ones are.
    const inPairs = isLabelled &&
      transferSyntax.startsWith("1.2.840.10008.1.2.8.");
    return { inPairs };
  }
  const rows = height * frames;
  const holds = (bytes: number) =>
    native.length === bytes || native.length === bytes + bytes % 2;
  if (holds(3 * width * rows)) {
    return isLabelled
      ? {
        inPairs: false,
        doubt:
          "Its colours are labelled as shared by two pixels (4:2:2), and each pixel has its own; they were read as YBR_FULL.",
      }
      : { inPairs: false };
  }
  if (isLabelled && width % 2 === 0) return { inPairs: true };
  if (holds(2 * (width + width % 2) * rows)) {
    return {
      inPairs: true,
      doubt: isLabelled
        ? "Its colours are shared by two pixels (4:2:2), and its width is odd; every row was read as ending in half a pair."
        : "Its colours are labelled as each pixel's own, and two pixels share them; they were read as YBR_FULL_422.",
    };
  }
  if (!isLabelled) return { inPairs: false };
  throw malformed(
    "its width is odd, but its colours are stored for pairs of columns.",
  );
}
