import type { DecodeOptions, Samples } from "../samples.ts";
import { decodeHevc } from "./hevc.ts";
import { decodeAv1 } from "./av1.ts";
import { readHeifHeader } from "./header.ts";

/**
 * Decodes the primary picture of a HEIC or AVIF file. libheif turns and crops what it decodes; libavif leaves it as it
 * is stored.
 *
 * @returns H×W×C samples of the depth that the file states.
 */
export async function decodeHeif(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const header = readHeifHeader(bytes);
  return header.coding === "HEVC"
    ? await decodeHevc(bytes, header, forMask)
    : await decodeAv1(bytes, header, forMask);
}
