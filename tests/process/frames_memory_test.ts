import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import { writeDicom } from "../../lib/dicom/data_set/write.ts";
import { readFrames } from "../../lib/image/frames.ts";
import { niftiHeader } from "../support/nifti_header.ts";

const limits = { maxPixels: 1_000_000 };

// Resident memory is that of the whole process, so this test runs alone.
Deno.test("memory does not grow with the frames of a file", async () => {
  const slices = 160;
  const size = 352 + 512 * 512 * 2 * slices;
  let volume: Uint8Array<ArrayBuffer> | null = new Uint8Array(size);
  volume.set(niftiHeader([3, 512, 512, slices], 4));
  for (let i = 352; i < size; i += 997) volume[i] = i;
  const zipped = gzipSync(volume, { level: 1 });
  volume = null;
  const frames = 90;
  const dicom = writeDicom(
    { classUid: "1.2.840.10008.5.1.4.1.1.7", instanceUid: "2.25.1" },
    { uid: "2.25.1", name: "TEST" },
    [
      [TAG.samples, "US", [1]],
      [TAG.photometric, "CS", "MONOCHROME2"],
      [TAG.frames, "IS", `${frames}`],
      [TAG.rows, "US", [512]],
      [TAG.columns, "US", [512]],
      [TAG.bitsAllocated, "US", [16]],
      [TAG.bitsStored, "US", [12]],
      [TAG.highBit, "US", [11]],
      [TAG.signed, "US", [0]],
      [TAG.pixelData, "OB", new Uint8Array(512 * 512 * 2 * frames)],
    ],
  );
  for (const [file, count] of [[zipped, slices], [dicom, frames]] as const) {
    let before = 0;
    let most = 0;
    let read = 0;
    for await (const { raster } of readFrames(file, limits)) {
      assert.equal(raster.data.length, 512 * 512);
      if (++read % 10 !== 0) continue;
      const held = Deno.memoryUsage().rss;
      before ||= held;
      most = Math.max(most, held - before);
    }
    assert.equal(read, count);
    // Unpacked, the frames take 84 and 47 MB.
    assert.ok(most < 40 * 2 ** 20, `grew by ${most / 2 ** 20} MiB`);
  }
});
