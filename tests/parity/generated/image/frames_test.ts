import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { decodeImage } from "../../../../lib/image/decode.ts";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { countFrames, readFrames } from "../../../../lib/image/frames.ts";
import { niftiHeader } from "../../../support/nifti_header.ts";
import { damagedVolumes } from "../../../support/damaged.ts";
import { dicomAt } from "../../../support/dicom_places.ts";
import { fixture, fixtures, worst } from "../../../support/fixtures.ts";
import { workDone } from "../../../support/work_done.ts";

const limits = { maxPixels: 1_000_000 };
const whole = fixtures.filter((f) => !f.refused);
const many = whole.filter((f) => f.more.length > 0);

const is = (code: string) => (error: unknown) =>
  error instanceof EdgeError && error.code === code;

Deno.test("every frame of a file is read, in order, with its place", async () => {
  assert.ok(many.length > 15);
  for (const { name, bytes, pixels, more, positions, tolerance } of many) {
    const wanted = [pixels, ...more];
    assert.equal(countFrames(bytes).count, wanted.length, name);
    let next = 0;
    for await (const { index, position, raster } of readFrames(bytes, limits)) {
      assert.equal(index, next);
      assert.ok(worst(raster.data, wanted[index]) <= tolerance, name);
      assert.ok(Math.abs(position! - positions![index]) < 1e-9, name);
      next++;
    }
    assert.equal(next, wanted.length, name);
  }
});

Deno.test("frames are read from any one on, and one alone by its number", async () => {
  for (const { name, bytes, pixels, more, tolerance } of many) {
    const wanted = [pixels, ...more];
    for (let from = 0; from <= wanted.length; from++) {
      const indices = [];
      for await (const { index } of readFrames(bytes, limits, { from })) {
        indices.push(index);
      }
      assert.deepEqual(indices, wanted.map((_, i) => i).slice(from), name);
      if (from === wanted.length) {
        await assert.rejects(
          decodeImage(bytes, limits, from),
          is("frame-choice"),
          name,
        );
      } else {
        const { data } = await decodeImage(bytes, limits, from);
        assert.ok(worst(data, wanted[from]) <= tolerance, `${name} ${from}`);
      }
    }
  }
});

Deno.test("an image of one frame is a file of one", async () => {
  for (
    const name of [
      "rgb-8.png",
      "orientation-6.jpeg",
      "ct.dcm",
      "nifti-int16.nii",
    ]
  ) {
    const { bytes, pixels, tolerance, width } = fixture(name);
    assert.equal(countFrames(bytes).count, 1);
    assert.equal(countFrames(bytes).positions, null);
    const frames = await Array.fromAsync(readFrames(bytes, limits));
    assert.equal(frames.length, 1);
    assert.equal(frames[0].position, null);
    assert.equal(frames[0].raster.width, width);
    assert.ok(worst(frames[0].raster.data, pixels) <= tolerance);
    assert.deepEqual(
      await Array.fromAsync(readFrames(bytes, limits, { from: 1 })),
      [],
    );
  }
  await assert.rejects(
    decodeImage(fixture("rgb-8.png").bytes, limits, 1),
    is("frame-choice"),
  );
});

Deno.test("a volume without a slice named is refused as an image, and says how many it has", async () => {
  const { bytes } = fixture("nifti-volume.nii.gz");
  await assert.rejects(
    decodeImage(bytes, limits),
    (error) => is("frame-choice")(error) && /4 slices/.test(`${error}`),
  );
});

Deno.test("single-frame files of a series tell where they lie", () => {
  const [one, two] = [1, 2].map((k) =>
    countFrames(Deno.readFileSync(
      new URL(`../../golden/dicom/slice-${k}.dcm`, import.meta.url),
    )).along!
  );
  assert.deepEqual([one, two], [0, 5]);
});

Deno.test("planes too far off for a number are placed by their order", () => {
  const positions = (...z: string[]) =>
    countFrames(dicomAt(z.map((mm) => `0\\0\\${mm}`))).positions;
  assert.deepEqual(positions("0", "3", "4"), [0, 0.75, 1]);
  assert.deepEqual(positions("0", "9e999", "4"), [0, 0.5, 1]);
  assert.deepEqual(positions("-1.7e308", "1.7e308", "0"), [0, 0.5, 1]);
  assert.equal(countFrames(dicomAt(["0\\0\\9e999"])).along, null);
});

Deno.test("more frames than the pixels can be are not counted", () => {
  for (const name of ["refused-frames.dcm", "refused-short.dcm"]) {
    assert.throws(() => countFrames(fixture(name).bytes), is("truncated"));
  }
});

Deno.test("frames over the limit are refused before one is decoded", async () => {
  const volume = new Uint8Array(352 + 2000 * 2000);
  volume.set(niftiHeader([3, 2000, 2000, 1], 2));
  const { allocated } = await workDone(() =>
    assert.rejects(
      Array.fromAsync(readFrames(volume, limits)),
      is("too-large"),
    )
  );
  assert.ok(allocated < 100_000, `${allocated} bytes`);
});

Deno.test("a volume that cannot be held, or is not there, is refused by its header", () => {
  const refused = (dim: number[], datatype: number, code: string) => {
    const header = niftiHeader(dim, datatype);
    for (const bytes of [header, gzipSync(header)]) {
      assert.throws(() => countFrames(bytes), is(code), `${dim} ${datatype}`);
    }
  };
  refused([3, 30000, 30000, 30000], 64, "too-large");
  // Few bytes of voxels, but a billion positions.
  refused([4, 1, 1, 32767, 32767], 2, "too-large");
  refused([4, 1, 1, 401, 250], 2, "too-large");
  refused([3, 32767, 512, 60], 2, "truncated");
  refused([3, 512, 0, 4], 4, "malformed");
  refused([3, 512, -5, 4], 4, "malformed");
  refused([1, 512, 5, 4], 4, "malformed");
  // A number of dimensions that makes no sense is told from the lengths.
  refused([9, 512, 512, 400], 4, "truncated");
  refused([5, 5, 5, 4, 1, 3], 4, "unsupported-type");
  refused([3, 512, 512, 4], 32, "unsupported-type");
  assert.throws(
    () => countFrames(gzipSync(new TextEncoder().encode("a text".repeat(99)))),
    is("unsupported-type"),
  );
});

Deno.test("damaged DICOM and NIfTI files give frames or an EdgeError", async () => {
  await fc.assert(
    fc.asyncProperty(damagedVolumes, async ({ name, bytes }) => {
      try {
        const { count, positions } = countFrames(bytes);
        assert.ok(positions === null || positions.length === count);
        let read = 0;
        for await (const { raster } of readFrames(bytes, limits)) {
          const { width, height, channels, data } = raster;
          assert.equal(data.length, width * height * channels);
          if (++read === 5) break;
        }
      } catch (error) {
        assert.ok(error instanceof EdgeError, `${name}: threw ${error}`);
      }
    }),
    { numRuns: 3000 },
  );
});
