import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import type { WriteElement } from "../../../lib/dicom/data_set/write.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { decodeImage } from "../../../lib/image/decode.ts";
import { readImageFacts } from "../../../lib/image/image_facts.ts";
import { toDicom, toNifti } from "../../support/dicom_files.ts";
import { dicomAt, dicomWithoutPixels } from "../../support/dicom_places.ts";
import { toSlices } from "../../support/dicom_slices.ts";
import { withExif } from "../../support/exif.ts";

const picture = {
  width: 5,
  height: 3,
  channels: 1 as const,
  data: new Uint8Array(15),
};
const three = [picture, picture, picture];
const fixture = (name: string) =>
  Deno.readFileSync(new URL(`../../parity/golden/${name}`, import.meta.url));
const slice = (more: WriteElement[] = []) => toSlices([picture], { more })[0]!;

Deno.test("a plain picture has a size, and nothing else is known", () => {
  deepEqual(readImageFacts(encodePng(picture)), {
    format: "image/png",
    width: 5,
    height: 3,
    frames: 1,
    spacing: null,
    slice: null,
    slices: null,
    acquiredAt: null,
    series: null,
  });
});

Deno.test("sizes are upright", async () => {
  const turned = fixture("images/orientation-6.jpeg");
  const { width, height } = await decodeImage(turned, { maxPixels: 1e6 });
  const facts = readImageFacts(turned);
  deepEqual([facts.width, facts.height], [width, height]);
});

Deno.test("the slices of a DICOM series state place, spacing, time and series", () => {
  const facts = toSlices(three).map((file) => readImageFacts(file));
  deepEqual(facts.map(({ slice }) => slice), [-40, -37.5, -35]);
  deepEqual(facts[0]!.spacing, { x: 0.7, y: 0.8, z: null });
  equal(facts[0]!.acquiredAt, "2020-01-02T03:04:05");
  equal(new Set(facts.map(({ series }) => series)).size, 1);
  const [series] = facts.map(({ series }) => series);
  equal(/^[0-9a-f]{64}$/.test(series!), true);
  for (
    const other of [
      { series: "2.25.9" },
      { frameOfReference: "2.25.9" },
      { orientation: "1\\0\\0\\0\\0\\-1" },
    ]
  ) {
    const [file] = toSlices([picture], other);
    notEqual(readImageFacts(file!).series, series);
  }
  // Written with another number of digits, it is the same direction.
  const [rounded] = toSlices([picture], {
    orientation: "0.9999999\\-0.0000004\\0\\0.0000004\\1\\0",
  });
  equal(readImageFacts(rounded!).series, series);
});

Deno.test("of several times, that nearest to the exposure counts", () => {
  const time = (more: WriteElement[]) => readImageFacts(slice(more)).acquiredAt;
  equal(
    time([
      [TAG.acquisitionDate, "DA", "20200103"],
      [TAG.acquisitionTime, "TM", "0708"],
      [TAG.contentDate, "DA", "20200104"],
    ]),
    "2020-01-03T07:08:00",
  );
  equal(
    time([
      [TAG.acquisitionDateTime, "DT", "20200105010203.25"],
      [TAG.timezone, "SH", "-0330"],
    ]),
    "2020-01-05T01:02:03.25-03:30",
  );
  equal(time([[TAG.acquisitionDate, "DA", "20200103"]]), "2020-01-03");
  equal(
    time([[TAG.acquisitionDate, "DA", "yesterday"]]),
    "2020-01-02T03:04:05",
  );
});

Deno.test("a volume states the place of each slice along its own third axis", () => {
  const plain = toNifti(three);
  equal(readImageFacts(plain).spacing, null);
  const volume = plain.slice();
  const view = new DataView(volume.buffer);
  view.setInt16(254, 1, true);
  // Steps of 2, 3 and −1.5 mm from (10, 20, 30) on.
  [2, 0, 0, 10, 0, 3, 0, 20, 0, 0, -1.5, 30].forEach((value, i) =>
    view.setFloat32(280 + 4 * i, value, true)
  );
  for (const file of [volume, new Uint8Array(gzipSync(volume))]) {
    const facts = [0, 1, 2].map((frame) => readImageFacts(file, frame));
    deepEqual(facts.map(({ slice }) => slice), [-30, -28.5, -27]);
    deepEqual(facts[0], {
      format: "application/x-nifti",
      width: 5,
      height: 3,
      frames: 3,
      spacing: { x: 2, y: 3, z: 1.5 },
      slice: -30,
      slices: [-30, -28.5, -27],
      acquiredAt: null,
      series: null,
    });
  }
  throws(() => readImageFacts(volume, 3), { code: "frame-choice" });
});

Deno.test("the size of voxels is known where their place is not", () => {
  const known = (file: Uint8Array) => {
    const { spacing, slice, slices } = readImageFacts(file, 0);
    return [spacing && Object.values(spacing), slice, slices];
  };
  const nifti = (units: number, ...sizes: number[]) => {
    const volume = toNifti(three);
    const view = new DataView(volume.buffer);
    sizes.forEach((size, i) => view.setFloat32(80 + 4 * i, size, true));
    volume[123] = units;
    return known(volume);
  };
  deepEqual(nifti(2, 0.5, 0.75, 2), [[0.5, 0.75, 2], 0, [0, 2, 4]]);
  deepEqual(nifti(1, 0.5, 0.75, 2), [[500, 750, 2000], 0, [0, 2000, 4000]]);
  deepEqual(nifti(2, 0.5, -0.75, 2), [null, null, null]);
  deepEqual(nifti(2, 0.5, 0.75, 0), [null, null, null]);

  const text = (...lines: string[]) =>
    new TextEncoder().encode(lines.join("\n"));
  const nrrd = (sizes: string, ...more: string[]) =>
    known(text(
      ...["NRRD0004", "type: uint8", "encoding: raw", `sizes: ${sizes}`],
      ...[`dimension: ${sizes.split(" ").length}`, ...more, ""],
      "x".repeat(45),
    ));
  const stack = [[0.5, 0.75, 2], 0, [0, 2, 4]];
  deepEqual(nrrd("5 3 3", "spacings: 0.5 0.75 2"), stack);
  deepEqual(
    nrrd("5 3 3", "spacings: 0.5 0.75 2", 'units: "mm" "mm" "mm"'),
    stack,
  );
  deepEqual(nrrd("5 3 3", "spacings: 5 5 5", 'units: "cm" "cm" "cm"'), [
    null,
    null,
    null,
  ]);
  deepEqual(
    nrrd(
      "3 5 3",
      "kinds: RGB-color space space",
      "spacings: NaN 0.5 0.75",
    ),
    [[0.5, 0.75, null], null, null],
  );
  deepEqual(
    nrrd(
      "5 3 3",
      "space dimension: 3",
      "space directions: (0.3,0.4,0) (0,0,0.75) (2,0,0)",
    ),
    stack,
  );
  deepEqual(nrrd("5 3 3"), [null, null, null]);

  const meta = (sizes: string, ...more: string[]) =>
    known(text(
      ...["ObjectType = Image", `NDims = ${sizes.split(" ").length}`],
      ...["BinaryData = True", `DimSize = ${sizes}`, ...more],
      ...["ElementType = MET_UCHAR", "ElementDataFile = LOCAL"],
      "x".repeat(45),
    ));
  deepEqual(meta("5 3 3", "ElementSpacing = 0.5 0.75 2"), stack);
  deepEqual(meta("5 3", "ElementSpacing = 0.5 0.75"), [
    [0.5, 0.75, null],
    null,
    null,
  ]);
  deepEqual(meta("5 3 3"), [null, null, null]);
});

Deno.test("a stack of frames has a step where its planes are equally far apart", () => {
  const step = (places: number[], orientations?: string[]) =>
    readImageFacts(
      dicomAt(places.map((mm) => `0\\0\\${mm}`), orientations),
    ).spacing?.z;
  equal(step([0, 5, 2.5]), 2.5);
  // Two volumes of one place each frame.
  equal(step([0, 2.5, 0, 2.5]), 2.5);
  equal(step([0, 1, 3]), null);
  equal(step([1, 1]), null);
  equal(step([0, 1], ["1\\0\\0\\0\\0\\1"]), null);
  const stack = dicomAt(["0\\0\\7", "0\\0\\3"]);
  deepEqual([0, 1].map((i) => readImageFacts(stack, i).slice), [7, 3]);
  deepEqual(readImageFacts(stack, 1).slices, [7, 3]);
  const unplaced = readImageFacts(toDicom(three));
  deepEqual([unplaced.frames, unplaced.spacing, unplaced.slices], [
    3,
    null,
    null,
  ]);
});

Deno.test("a photograph was taken when its EXIF block says", () => {
  const png = encodePng(picture);
  const time = (tags: Record<number, string>) =>
    readImageFacts(withExif(png, tags)).acquiredAt;
  equal(time({ 36867: "2026:11:17 09:30:00" }), "2026-11-17T09:30:00");
  equal(
    time({ 36867: "2026:11:17 09:30:00", 36881: "+01:00" }),
    "2026-11-17T09:30:00+01:00",
  );
  equal(time({ 36868: "2026:11:17 09:31:00" }), "2026-11-17T09:31:00");
  equal(time({ 36867: "    :  :     :  :  " }), null);
});

Deno.test("what holds no picture is refused", () => {
  throws(() => readImageFacts(new TextEncoder().encode("a text")), {
    code: "unsupported-type",
  });
  throws(() => readImageFacts(new Uint8Array()), { code: "empty" });
  throws(() => readImageFacts(slice().slice(0, 400)), { code: "truncated" });
  throws(() => readImageFacts(dicomWithoutPixels()), {
    code: "unsupported-type",
  });
  const segmentation = Deno.readFileSync(
    new URL(
      "../../parity/golden/segmentations/all-sources.dcm",
      import.meta.url,
    ),
  );
  throws(() => readImageFacts(segmentation), { code: "unsupported-type" });
});
