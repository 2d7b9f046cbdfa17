import { crc32, deflateRawSync } from "node:zlib";
import { concat } from "../../lib/core/bytes.ts";
import { niftiHeader } from "./nifti_header.ts";

/** A file in a zip archive; `stated` and `crc` put a false size and checksum into its headers. */
export interface ZipEntry {
  name: string;
  bytes: Uint8Array;
  stated?: number;
  crc?: number;
}

/** A zip archive (APPNOTE 6.3.9) with deflated entries, in the order given. */
export function zipOf(entries: ZipEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, stated, crc = crc32(bytes) } of entries) {
    const path = new TextEncoder().encode(name);
    const packed = new Uint8Array(deflateRawSync(bytes));
    const common = fields(
      [20, 2],
      [0x800, 2],
      [8, 2],
      [0, 4],
      [crc, 4],
      [
        packed.length,
        4,
      ],
      [stated ?? bytes.length, 4],
      [path.length, 2],
      [0, 2],
    );
    parts.push(fields([0x04034b50, 4]), common, path, packed);
    directory.push(
      fields([0x02014b50, 4], [20, 2]),
      common,
      fields([0, 2], [0, 2], [0, 2], [0, 4], [at, 4]),
      path,
    );
    at += 4 + common.length + path.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const count = entries.length;
  parts.push(
    ...directory,
    fields(
      [0x06054b50, 4],
      [0, 4],
      [count, 2],
      [count, 2],
      [size, 4],
      [at, 4],
      [
        0,
        2,
      ],
    ),
  );
  return concat(parts);
}

/** Little-endian numbers, each of the given number of bytes. */
function fields(...numbers: [value: number, bytes: number][]): Uint8Array {
  return Uint8Array.from(numbers.flatMap(([value, bytes]) =>
    Array.from(
      { length: bytes },
      (_, i) => Math.floor(value / 2 ** (8 * i)) % 256,
    )
  ));
}

/** A multipart body with many fields `image`. */
export function seriesForm(images: Uint8Array<ArrayBuffer>[]): FormData {
  const body = new FormData();
  images.forEach((image, i) =>
    body.append("image", new File([image], `image-${i}.png`))
  );
  return body;
}

/** The lines of an NDJSON answer, as they arrive. */
export async function* linesOf(response: Response) {
  let rest = "";
  for await (
    const text of response.body!.pipeThrough(new TextDecoderStream())
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
  if (rest !== "") throw new Error("The answer ends within a line.");
}

/** A NIfTI-1 volume of 8-bit slices (nifti1.h), each width × height, row-major. */
export function niftiOf(
  slices: Uint8Array[],
  width: number,
  height: number,
): Uint8Array<ArrayBuffer> {
  const dim = [3, width, height, slices.length, 1, 1, 1, 1];
  const header = niftiHeader(dim, 2); // DT_UINT8
  const view = new DataView(header.buffer);
  view.setInt16(72, 8, true);
  view.setFloat32(112, 1, true);
  view.setFloat32(124, 255, true); // shown as white
  return concat([header, ...slices]);
}
