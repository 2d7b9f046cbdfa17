import { readErrors } from "../../core/read_errors.ts";
import type { JpegFrame } from "./markers.ts";
import { planesOf } from "./rare.ts";

const { unsupported } = readErrors("JPEG");

/**
 * Decodes grey sequential JPEG of 12 bits (T.81 process 4, SOF1 with Huffman codes), as DICOM has it.
 *
 * @param frame its header, whose size must have been checked.
 * @returns H×W samples, 0 to 4095.
 * @throws {EdgeError} for damaged or cut streams; nothing is filled in.
 */
export function decodeExtendedJpeg(
  bytes: Uint8Array,
  frame: JpegFrame,
): Uint16Array {
  const planes = planesOf(bytes, frame);
  const { precision, components } = frame;
  if (components === 1 && precision === 12) return planes[0];
  throw unsupported(
    "8 bits, or 12 bits of grey",
    `${precision} bits of ${components} components`,
  );
}
