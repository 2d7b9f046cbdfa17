import type { Bounds } from "../decode_bounded.ts";
import type { JpegXlHeader } from "./header.ts";

/** What a picture may take, at so many bytes a sample; alpha and the like are channels too. */
export function boundsOf(
  codestream: Uint8Array,
  { width, height, components, extra }: JpegXlHeader,
  sampleBytes: number,
): Bounds {
  const pixels = width * height;
  const samples = pixels * (components + extra);
  return { bytes: codestream.length + samples * sampleBytes, pixels };
}
