import { deepEqual, equal, match } from "node:assert/strict";
import { basename } from "node:path";
import { writeSourceFormats } from "../../../lib/cli/source_formats.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/segment_description.ts";
import { encodeRle } from "../../../lib/format/mask/rle.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import { dicomAt } from "../../support/dicom_places.ts";
import { inFolder } from "../../support/in_folder.ts";

const SEGMENT = {
  label: "liver",
  category: TISSUE,
  property: TISSUE,
  model: "ab".repeat(32),
};
const mask = encodeRle({ width: 1, height: 1, data: Uint8Array.of(255) });

/** Writes the masks of all frames of DICOM files, and gives the files written with their frames. */
async function write(folder: string, images: Record<string, Uint8Array>) {
  const masks = [];
  for (const [target, bytes] of Object.entries(images)) {
    const path = `${folder}/${target}.dcm`;
    await Deno.writeFile(path, bytes);
    for (let frame = 0; frame < countFrames(bytes).count; frame++) {
      masks.push({ path, target, frame, mask });
    }
  }
  const warnings: string[] = [];
  const warn = (line: string) => warnings.push(line);
  const files = await writeSourceFormats(masks, SEGMENT, {
    out: folder,
    form: "seg",
    warn,
  });
  const written = files.map((file) => [
    basename(file),
    countFrames(Deno.readFileSync(file)).count,
  ]);
  return { written, warnings };
}

const [z0, z1, sagittal] = ["0\\0\\0", "0\\0\\1", "0\\1\\0\\0\\0\\-1"];

Deno.test("frames of one file on planes of several orientations go to a file each", () =>
  inFolder(async (folder) => {
    const scout = dicomAt([z0, z1, z0], [, , sagittal] as string[]);
    const { written, warnings } = await write(folder, { scout });
    deepEqual(written, [["scout_seg_0.dcm", 2], ["scout_seg_1.dcm", 1]]);
    deepEqual(warnings, []);
  }));

Deno.test("images of one series in several frames of reference go to a file each", () =>
  inFolder(async (folder) => {
    const images = { a: dicomAt([z0]), b: dicomAt([z0], [], "2.25.5") };
    const { written } = await write(folder, images);
    deepEqual(written, [["a_seg.dcm", 1], ["b_seg.dcm", 1]]);
  }));

Deno.test("a segmentation that cannot be written is reported, and the others are written", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/a_seg.dcm`);
    const images = { a: dicomAt([z0]), b: dicomAt([z0], [], "2.25.5") };
    const { written, warnings } = await write(folder, images);
    deepEqual(written, [["b_seg.dcm", 1]]);
    equal(warnings.length, 1);
    match(warnings[0], /Cannot write .*a_seg\.dcm/);
  }));
