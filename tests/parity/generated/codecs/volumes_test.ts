import assert from "node:assert/strict";
import { writeMaskVolume } from "../../../../lib/codecs/nifti/write_mask.ts";
import { decodeSlices } from "../../../../lib/codecs/volume/decode.ts";
import { toValues } from "../../../../lib/codecs/volume/numbers.ts";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { decodeImage } from "../../../../lib/image/decode.ts";
import { decodeMask } from "../../../../lib/image/decode_mask.ts";
import { readFrames } from "../../../../lib/image/frames.ts";
import { readVolumeHeader } from "../../../../lib/image/volume.ts";
import { joinVolume } from "../../../../lib/image/volume_pair.ts";
import {
  fixture,
  fixtures,
  readFixture,
  worst,
} from "../../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };
const FOLDER = new URL("../../golden/volumes/", import.meta.url);
const headerOf = (name: string) => readVolumeHeader(fixture(name).bytes)!;
const near = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length &&
  a.every((value, i) => Math.abs(value - b[i]) < 1e-4 * (1 + Math.abs(b[i])));

Deno.test("a volume lies where its file says, in right, front and up, whatever its format", () => {
  const placed = fixtures.filter(({ affine }) => affine !== undefined);
  assert.ok(placed.length > 90);
  for (const { name, affine, bytes } of placed) {
    const found = readVolumeHeader(bytes)!.affine;
    if (found === null || affine == null) assert.equal(found, affine, name);
    else assert.ok(near(found, affine), `${name}: ${found}`);
  }
});

Deno.test("slices hold the true values, so that labels keep theirs", async () => {
  const valuesOf = async (name: string) => {
    const { bytes } = fixture(name);
    const slices = decodeSlices(bytes, headerOf(name));
    return (await Array.fromAsync(slices)).map(({ data }) => data);
  };
  const labels = (await valuesOf("nifti-labels.nii.gz")).flatMap((slice) => [
    ...slice,
  ]);
  assert.deepEqual([...new Set(labels)].sort(), [0, 1, 2]);
  const [plain] = await valuesOf("nifti-volume.nii");
  for (
    const name of [
      "nifti-volume.nii.gz",
      "nifti-2.nii",
      "nifti-2-big-endian.nii.gz",
      "nrrd-raw.nrrd",
      "nrrd-text.nrrd",
      "meta-zlib.mha",
      "meta-big-endian.mha",
    ]
  ) {
    const [values] = await valuesOf(name);
    assert.ok(values instanceof Int16Array);
    assert.deepEqual(values, plain, name);
  }
  const [scaled] = await valuesOf("nifti-scaled.nii");
  assert.deepEqual([...scaled], [...plain].map((value) => value * 0.5 - 24));
  const [holes] = await valuesOf("nifti-nan.nii");
  assert.ok(holes.every((value) => !Number.isNaN(value)));
  assert.ok(holes.includes(Infinity) && holes.includes(-Infinity));
});

Deno.test("a stated window that shows nothing is ignored, and the answer says so", async () => {
  const image = async (name: string) =>
    await decodeImage(fixture(name).bytes, limits, 0);
  const { warnings } = await image("nifti-window-lost.nii.gz");
  assert.deepEqual(warnings?.map(({ code }) => code), ["window-ignored"]);
  assert.match(warnings![0].detail, /^The NIfTI states a window \(0 to 255\)/);
  assert.equal((await image("nifti-window.nii.gz")).warnings, undefined);
  assert.equal((await image("nifti-volume.nii.gz")).warnings, undefined);
});

const PAIRS = [
  ["pair-nifti-1.hdr", "pair-nifti-1.img", "nifti-volume.nii"],
  [
    "pair-nifti-1-zipped.hdr.gz",
    "pair-nifti-1-zipped.img.gz",
    "nifti-volume.nii",
  ],
  [
    "pair-nifti-1-half-zipped.hdr",
    "pair-nifti-1-half-zipped.img.gz",
    "nifti-volume.nii",
  ],
  ["pair-nifti-2.hdr", "pair-nifti-2.img", "nifti-2.nii"],
  ["pair-nrrd.nhdr", "pair-nrrd.raw", "nrrd-raw.nrrd"],
  ["pair-meta.mhd", "pair-meta.raw", "meta-volume.mha"],
  ["pair-meta-zlib.mhd", "pair-meta-zlib.zraw", "meta-volume.mha"],
];

Deno.test("a header and its voxels are one volume, in either order", async () => {
  for (const [header, voxels, same] of PAIRS) {
    const [a, b] = [readFixture(header, FOLDER), readFixture(voxels, FOLDER)];
    const whole = joinVolume(a, b)!;
    assert.deepEqual(joinVolume(b, a), whole);
    const { pixels, more, affine } = fixture(same);
    const frames = await Array.fromAsync(readFrames(whole, limits));
    assert.equal(frames.length, 1 + more.length, header);
    [pixels, ...more].forEach((wanted, i) =>
      assert.ok(worst(frames[i].raster.data, wanted) <= 1, header)
    );
    assert.ok(near(readVolumeHeader(whole)!.affine!, affine!), header);
  }
  const { bytes } = fixture("nifti-volume.nii");
  assert.equal(joinVolume(bytes, bytes), undefined);
});

Deno.test("a header without its voxels is refused by its name, with what to send", () => {
  for (const [header] of PAIRS) {
    assert.throws(
      () => readVolumeHeader(readFixture(header, FOLDER)),
      (error) =>
        error instanceof EdgeError &&
        /got an? (NIfTI|NRRD|MetaImage) header without its voxels; send the /
          .test(error.message),
    );
  }
});

Deno.test("masks of any volume are a NIfTI volume in its place", async () => {
  const data = new Uint8Array(19 * 13).map((_, i) => i % 7 === 0 ? 255 : 0);
  const mask = { width: 19, height: 13, data };
  for (
    const name of [
      "nifti-2.nii",
      "nifti-2-big-endian.nii.gz",
      "nifti-vector-rgb.nii.gz",
      "nifti-dimensions-0.nii",
      "nrrd-gzip.nrrd",
      "nrrd-list-first.nrrd",
      "nrrd-scanner.nrrd",
      "meta-zlib.mha",
      "meta-series.mha",
      "meta-long.mha",
    ]
  ) {
    const source = headerOf(name);
    const index = source.slices * source.volumes - 1;
    const file = await writeMaskVolume(source, [{ index, mask }]);
    const written = readVolumeHeader(file)!;
    const { slices, volumes, affine } = source;
    assert.deepEqual([written.slices, written.volumes], [slices, volumes]);
    if (affine === null) assert.equal(written.affine, null, name);
    else assert.ok(near(written.affine!, affine), name);
    const image = { bytes: fixture(name).bytes, frame: index };
    const read = await decodeMask(file, limits, { image });
    assert.deepEqual(read.data, data, name);
  }
});

Deno.test("integers of 64 bits become the nearest floats", () => {
  const whole = [0n, -1n, 7n, -(2n ** 40n) - 3n, 2n ** 53n + 1n, -(2n ** 63n)];
  const signed = BigInt64Array.from(whole);
  assert.deepEqual([...toValues(signed, 1, 0)], whole.map(Number));
  assert.deepEqual([...toValues(BigInt64Array.of(-9n), -2, 1)], [19]);
  const most = BigUint64Array.of(2n ** 64n - 1n, 5n);
  assert.deepEqual([...toValues(most, 1, 0)], [2 ** 64, 5]);
});

Deno.test("volumes side by side are refused where a plane of them would fill the memory", () => {
  const header = "NRRD0004\ntype: uchar\ndimension: 3\nencoding: gzip\n" +
    "sizes: 1000 1000 1000\nkinds: list domain domain\n\n";
  const bytes = new Uint8Array(2_000_000);
  bytes.set(new TextEncoder().encode(header));
  assert.throws(
    () => readVolumeHeader(bytes),
    (error) => error instanceof EdgeError && error.code === "too-large",
  );
});

Deno.test("an NRRD that skips fewer than no lines or bytes is refused by name", () => {
  for (const field of ["line skip: -1", "byte skip: -2"]) {
    const header = "NRRD0004\ntype: uchar\ndimension: 2\nencoding: raw\n" +
      `sizes: 2 2\n${field}\n\n....`;
    assert.throws(
      () => readVolumeHeader(new TextEncoder().encode(header)),
      { message: /: its line skip or byte skip is negative\.$/ },
    );
  }
});
