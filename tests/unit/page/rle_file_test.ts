import { deepEqual, equal, throws } from "node:assert/strict";
import { Mask } from "../../../functions/page/mask.js";
import { readRleFile } from "../../../functions/page/rle_file.js";

const size = { width: 3, height: 2 };
const full = { width: 6, height: 4 };

function maskOf(width: number, height: number): Mask {
  const mask = new Mask(width, height);
  mask.data.fill(255, 1, width);
  return mask;
}

const small = maskOf(3, 2).toRle();
const large = maskOf(6, 4).toRle();
const named = (path: string, frame = 0, frames = 1, name = path) => ({
  name,
  path,
  frame,
  frames,
});
const read = (document: unknown, image = named("a")) =>
  readRleFile(JSON.stringify(document), image, [size, full]);

Deno.test("run lengths are found wherever files have them", () => {
  for (
    const document of [
      small,
      [small],
      { mask: small },
      { segmentation: small, label: "" },
      { size: [2, 3], counts: [2, 1, 1, 1, 1] },
      { annotations: [{ image_id: 1, segmentation: small }] },
    ]
  ) deepEqual(read(document), [{ name: "1", rle: small }]);
});

Deno.test("a mask fits the image as it is shown, and as it was opened", () => {
  deepEqual(read(large), [{ name: "1", rle: large }]);
  const found = read([small, { name: "organ", ...large }]);
  deepEqual(found.map(({ name }) => name), ["1", "organ"]);
});

Deno.test("masks of one name are told apart", () => {
  const names = read(["a", "b", "a"].map((label) => ({ label, ...small })))
    .map(({ name }) => name);
  deepEqual(names, ["a 1", "b", "a 3"]);
});

Deno.test("a data set gives the masks of the image alone", () => {
  const images = [{ id: 1, file_name: "in/a.nii.gz" }, {
    id: 2,
    file_name: "b.png",
  }];
  const categories = [{ id: 5, name: "lesion" }, { id: 6, name: "organ" }];
  const annotations = [
    { image_id: 1, category_id: 6, segmentation: small },
    { image_id: 2, category_id: 5, segmentation: small },
  ];
  const document = { images, categories, annotations };
  deepEqual(read(document, named("a")), [{ name: "organ", rle: small }]);
  deepEqual(read(document, named("b")), [{ name: "lesion", rle: small }]);
  throws(() => read(document, named("c")), /no mask of this image/);
});

Deno.test("an image of a data set is told from others of its name by path and frame", () => {
  const images = [
    ["visit1/img.png"],
    ["visit2/img.png"],
    ["vol.nii.gz", 2],
    ["vol.nii.gz", 3],
    ["scan.v2.png"],
    ["scan.v3.png"],
    ["1.2.840.1"],
    ["1.2.840.2"],
    ["slices\\\\part_3.png"],
  ].map(([file_name, frame], id) => ({ id, file_name, frame }));
  const categories = images.map(({ id }) => ({ id, name: `of ${id}` }));
  const annotations = images.map(({ id }) => ({
    image_id: id,
    category_id: id,
    segmentation: small,
  }));
  const names = (...image: Parameters<typeof named>) => {
    const document = { images, categories, annotations };
    return read(document, named(...image)).map(({ name }) => name);
  };
  deepEqual(names("visit2/img.png"), ["of 1"]);
  deepEqual(names("all.zip/visit2/img.png"), ["of 1"]);
  deepEqual(names("visit2/img.jpg"), ["of 1"]);
  deepEqual(names("img.png"), ["of 0", "of 1"]);
  throws(() => names("visit3/img.png"), /no mask of this image/);
  deepEqual(names("vol.nii.gz", 2, 9, "vol_3"), ["of 2"]);
  throws(() => names("vol.nii.gz", 4, 9, "vol_5"), /no mask of this image/);
  deepEqual(names("scan.v2.png", 0, 1, "scan.v2"), ["of 4"]);
  deepEqual(names("scan.v3", 0, 1, "scan.v3"), ["of 5"]);
  deepEqual(names("1.2.840.2"), ["of 7"]);
  deepEqual(names("part.nii", 2, 9, "part_3"), ["of 8"]);
});

Deno.test("polygons of a data set are filled", () => {
  const document = {
    images: [{ id: 1, file_name: "a.png", width: 6, height: 4 }],
    annotations: [{
      image_id: 1,
      segmentation: [[1, 1, 3, 1, 3, 3, 1, 3], [4, 0, 6, 0, 6, 1, 4, 1]],
    }],
  };
  const [{ rle }] = read(document);
  const { data } = Mask.fromRle(rle);
  const inside = Array.from(data.keys()).filter((i) => data[i] > 0);
  deepEqual(inside, [4, 5, 7, 8, 13, 14]);
});

Deno.test("what is no mask of the image is refused with the reason", () => {
  const refused = (document: unknown, words: RegExp) =>
    throws(() => read(document), words);
  for (const nothing of [null, 7, "text", [], {}, { counts: "1" }]) {
    refused(nothing, /no mask of this image/);
  }
  refused({ size: [3, 2], counts: [6] }, /2×3 pixels.*3×2/);
  refused({ size: [2, 3], counts: [7] }, /add up to 6/);
  refused({ size: [2, 3], counts: [-1, 7] }, /add up to 6/);
  refused({ size: [2, 3], counts: [0.5, 5.5] }, /add up to 6/);
  refused({ size: [2, 3], counts: "~~" }, /add up to 6/);
  refused({ size: [2, 3], counts: null }, /add up to 6/);
  throws(() => readRleFile("{", named("a"), [size]), /no JSON/);
  equal(read({ size: [2, 3], counts: [6] })[0].rle.counts, "6");
});
