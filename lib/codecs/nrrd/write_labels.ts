import type { Bytes } from "../../core/bytes.ts";
import { turnAxes } from "../volume/affine.ts";
import type { VolumeHeader } from "../volume/header.ts";
import { everySlice, type LabelSlice } from "../volume/label_slices.ts";

/**
 * The parts of an NRRD file of labels (NRRD0004) on the grid of a volume, in the patient's LPS space as ITK writes it.
 *
 * @param type of the numbers, little-endian.
 */
export async function* nrrdLabels(
  source: VolumeHeader,
  slices: Iterable<LabelSlice> | AsyncIterable<LabelSlice>,
  { type, encoding }: { type: "uint8" | "uint16"; encoding: "raw" | "gzip" },
): AsyncGenerator<Bytes> {
  const text = `${headerOf(source, type)}encoding: ${encoding}\n\n`;
  yield new TextEncoder().encode(text);
  const voxels = voxelsOf(source, slices, type);
  yield* encoding === "raw"
    ? voxels
    : ReadableStream.from(voxels).pipeThrough(new CompressionStream("gzip"));
}

async function* voxelsOf(
  source: VolumeHeader,
  slices: Iterable<LabelSlice> | AsyncIterable<LabelSlice>,
  type: "uint8" | "uint16",
): AsyncGenerator<Bytes> {
  for await (const slice of everySlice(source, slices)) {
    yield type === "uint8" ? slice : widened(slice);
  }
}

/** Numbers of 8 bits as little-endian ones of 16. */
function widened(bytes: Uint8Array): Bytes {
  const out = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) out[2 * i] = bytes[i]!;
  return out;
}

function headerOf(
  { width, height, slices, volumes, affine }: VolumeHeader,
  type: string,
): string {
  const isTimed = volumes > 1;
  const lines = [
    "NRRD0004",
    `type: ${type}`,
    `dimension: ${isTimed ? 4 : 3}`,
    `sizes: ${width} ${height} ${slices}${isTimed ? ` ${volumes}` : ""}`,
    `kinds: domain domain domain${isTimed ? " list" : ""}`,
    "endian: little",
  ];
  if (affine !== null) {
    const lps = turnAxes(affine, [-1, -1, 1]);
    const vector = (axis: number) =>
      `(${lps[axis]},${lps[axis + 4]},${lps[axis + 8]})`;
    lines.push(
      "space: left-posterior-superior",
      `space directions: ${[0, 1, 2].map(vector).join(" ")}${
        isTimed ? " none" : ""
      }`,
      `space origin: ${vector(3)}`,
    );
  }
  return lines.join("\n") + "\n";
}
