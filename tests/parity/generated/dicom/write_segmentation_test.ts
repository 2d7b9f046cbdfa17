import assert from "node:assert/strict";
import { concat } from "../../../../lib/core/bytes.ts";
import type { WriteElement } from "../../../../lib/dicom/data_set/write.ts";
import { toSlices } from "../../../support/dicom_slices.ts";
import { writeMasksOn } from "../../../support/structure_masks.ts";
import { decodeText } from "../../../../lib/dicom/data_set/character_set.ts";
import { readDicom } from "../../../../lib/dicom/data_set/file.ts";
import { TAG } from "../../../../lib/dicom/data_set/tags.ts";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { writeSegmentation } from "../../../../lib/dicom/segmentation/write_segmentation.ts";
import {
  type SegmentDescription,
  TISSUE,
} from "../../../../lib/dicom/segmentation/segment_description.ts";
import { nameOf } from "../../../../lib/dicom/segmentation/structure_choice.ts";
import { readSource } from "../../../../lib/dicom/segmentation/read_source.ts";
import { decodeMask } from "../../../../lib/image/decode_mask.ts";
import { encodePng } from "../../../../lib/codecs/png/encode.ts";
import { emptyMask, type Mask } from "../../../../lib/core/mask.ts";
import {
  checkByReaders,
  checkContours,
  dicomPython,
  validate,
} from "../../../support/independent_dicom.ts";
import { fixture } from "../../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };
const slices = [1, 2].map((k) =>
  Deno.readFileSync(
    new URL(`../../golden/dicom/slice-${k}.dcm`, import.meta.url),
  )
);
const LIVER = { value: "10200004", scheme: "SCT", meaning: "Liver" };
const ORGAN = { value: "113343008", scheme: "SCT", meaning: "Organ" };
const segment: SegmentDescription = {
  label: "Lésion α",
  category: ORGAN,
  property: LIVER,
  region: LIVER,
  model: "ab".repeat(32),
};

/** A disc, of a radius, in a mask of 19×13: odd, so that frames do not end with bytes. */
function disc(radius: number, width = 19, height = 13): Mask {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [i % width - 9, Math.floor(i / width) - 6];
    if (x * x + y * y <= radius * radius) data[i] = 255;
  }
  return { width, height, data };
}

const images = slices.map((bytes, k) => ({
  source: readSource(bytes),
  mask: disc(3 + k),
}));

Deno.test("a segmentation gives its masks back, on the images that it refers to", async () => {
  const file = writeSegmentation(images, segment);
  for (const [k, bytes] of slices.entries()) {
    const mask = await decodeMask(file, limits, {
      image: { bytes },
    });
    assert.deepEqual(mask, images[k].mask);
  }
});

Deno.test("equal input gives equal bytes; another mask, image, segment or model another instance", () => {
  const file = writeSegmentation(images, segment);
  assert.deepEqual(writeSegmentation(images, segment), file);
  const instance = (bytes: Uint8Array) =>
    readDicom(bytes).dataset.text(TAG.sopInstance);
  const others = [
    writeSegmentation([images[0]], segment),
    writeSegmentation([{ ...images[0], mask: disc(5) }], segment),
    writeSegmentation([{ ...images[1], mask: disc(3) }], segment),
    writeSegmentation([images[0]], { ...segment, property: TISSUE }),
    writeSegmentation([images[0]], { ...segment, label: "other" }),
    writeSegmentation([images[0]], { ...segment, model: "cd" }),
  ].map(instance);
  assert.equal(new Set([instance(file), ...others]).size, 7);
});

Deno.test("a segmentation belongs to the image's patient and study, and says what it is of", () => {
  const { dataset } = readDicom(writeSegmentation(images, segment));
  const source = readDicom(slices[0]).dataset;
  for (
    const tag of [
      TAG.patientId,
      TAG.patientName,
      TAG.studyInstance,
      TAG.frameOfReference,
    ]
  ) {
    assert.equal(dataset.text(tag), source.text(tag));
  }
  assert.notEqual(
    dataset.text(TAG.seriesInstance),
    source.text(TAG.seriesInstance),
  );
  const described = dataset.item(TAG.segments)!;
  assert.equal(nameOf(described, TAG.segmentLabel), "Lésion α");
  const coded = (tag: number) => {
    const code = described.item(tag)!;
    return [TAG.codeValue, TAG.codingScheme, TAG.codeMeaning].map((t) =>
      code.text(t)
    );
  };
  assert.deepEqual(coded(TAG.propertyCategory), ["113343008", "SCT", "Organ"]);
  assert.deepEqual(coded(TAG.propertyType), ["10200004", "SCT", "Liver"]);
  assert.deepEqual(coded(TAG.anatomicRegion), ["10200004", "SCT", "Liver"]);
});

const text = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string"
        ? Array.from(part, (character) => character.charCodeAt(0))
        : part
    ),
  );

/** Names of PS3.5, Annexes H to K, in the sets that they are written in. */
const NAMES: [terms: string, name: Uint8Array][] = [
  ["", text("Doe^Jane")],
  ["ISO_IR 100", text("M\xfcller^\xc4nne")],
  ["ISO_IR 144", text("\xbb\xee\xda\xce\xdc\xb1")],
  ["ISO_IR 192", new TextEncoder().encode("Wang^XiaoDong=王^小东")],
  [
    "GB18030",
    text("Wang^XiaoDong=", [0xcd, 0xf5], "^", [0xd0, 0xa1, 0xb6, 0xab]),
  ],
  [
    "\\ISO 2022 IR 87",
    text(
      "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    ),
  ],
  [
    "ISO 2022 IR 13\\ISO 2022 IR 87",
    text("\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"),
  ],
  [
    "\\ISO 2022 IR 149",
    text("Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"),
  ],
];

Deno.test("labels of any script are written in Unicode, beside the patient's name as it was", async () => {
  const mask = disc(4, 19, 19);
  for (const [terms, name] of NAMES) {
    const more: WriteElement[] = [[TAG.characterSet, "CS", terms]];
    const [image] = toSlices([mask], { name, more });
    for (const label of ["肝臓", "腫瘍", "Läsion", "liver"]) {
      const png = encodePng(mask);
      const pairs = [{ image: image!, png }];
      const seg = writeMasksOn([image!], [mask], "seg", label);
      const rtstruct = writeMasksOn([image!], [mask], "rtstruct", label);
      const { dataset } = readDicom(seg);
      assert.equal(
        nameOf(dataset.item(TAG.segments)!, TAG.segmentLabel),
        label,
      );
      const inSet = dataset.text(TAG.characterSet);
      assert.equal(inSet, label === "liver" ? terms : "ISO_IR 192");
      assert.deepEqual(await validate(seg) ?? [], [], `${terms}, ${label}`);
      assert.deepEqual(
        await validate(rtstruct) ?? [],
        [],
        `${terms}, ${label}`,
      );
      if (
        dicomPython === undefined || terms !== NAMES[5]![0] && label !== "肝臓"
      ) {
        continue;
      }
      await checkByReaders(seg, pairs, label);
      // Of a single slice, rt-utils does not know where the contours lie.
      const empty = emptyMask(mask);
      await checkContours(
        writeMasksOn([image!], [empty], "rtstruct", label),
        [{ image: image!, png: encodePng(empty) }],
        label,
      );
    }
  }
});

Deno.test("a name is read in the character set of its file, or in the UTF-8 that it does not state", () => {
  for (const [terms, name] of NAMES) {
    const more: WriteElement[] = [[TAG.characterSet, "CS", terms]];
    const [image] = toSlices([disc(4)], { name, more });
    const { dataset } = readDicom(image!);
    assert.equal(
      nameOf(dataset, TAG.patientName, terms),
      decodeText(name, terms),
    );
  }
  const [image] = toSlices([disc(4)], {
    name: new TextEncoder().encode("肝臓"),
    more: [[TAG.characterSet, "CS", "ISO_IR 100"]],
  });
  const { dataset } = readDicom(image!);
  assert.equal(nameOf(dataset, TAG.patientName, "ISO_IR 100"), "肝臓");
});

Deno.test("structures whose labels are of other scripts are told apart", () => {
  const source = readSource(slices[0]);
  const of = (label: string) =>
    readDicom(
      writeSegmentation([{ source, mask: disc(3) }], { ...segment, label }),
    )
      .dataset.text(TAG.seriesInstance);
  assert.notEqual(of("肝臓"), of("腫瘍"));
});

Deno.test("a label that cannot be written beside the patient's name is refused", () => {
  const mask = disc(4);
  for (
    const [terms, name] of [["", text("M\xfcller")], [
      "ISO_IR 999",
      text("M\xfcller"),
    ], ["\\ISO 2022 IR 87", text("\x1b$XYamada")]] as const
  ) {
    const more: WriteElement[] = [[TAG.characterSet, "CS", terms]];
    const [image] = toSlices([mask], { name, more });
    assert.throws(
      () => writeMasksOn([image!], [mask], "seg", "肝臓"),
      (error) =>
        error instanceof EdgeError && error.code === "invalid-input" &&
        /plain ASCII/.test(error.message),
    );
    writeMasksOn([image!], [mask], "seg", "liver");
  }
});

Deno.test("a structure that is absent gives one empty frame", async () => {
  const absent: Mask = { width: 19, height: 13, data: new Uint8Array(19 * 13) };
  const source = readSource(slices[0]);
  const file = writeSegmentation([{ source, mask: absent }], segment);
  const image = { bytes: slices[0] };
  assert.deepEqual(
    await decodeMask(file, limits, { image }),
    absent,
  );
  assert.deepEqual(await validate(file) ?? [], []);
  if (dicomPython === undefined) return;
  const png = encodePng(absent);
  await checkByReaders(file, [{ image: slices[0], png }]);
});

Deno.test("a segmentation refers to the frame of a multi-frame image", async () => {
  const bytes = withUids(fixture("enhanced.dcm").bytes);
  const file = writeSegmentation(
    [{ source: readSource(bytes, 2), mask: disc(4) }],
    segment,
  );
  const on = (frame: number) =>
    decodeMask(file, limits, { image: { bytes, frame } });
  assert.deepEqual(await on(2), disc(4));
  await assert.rejects(on(1), /no frame on this image/);
});

/** The fixture with the UIDs of a series put in front of its rows. */
function withUids(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const element = (tag: number, uid: string) => [
    ...[tag >> 16 & 255, tag >> 24, tag & 255, tag >> 8 & 255],
    ...[0x55, 0x49, 6, 0, ...new TextEncoder().encode(uid)],
  ];
  const added = [
    ...element(TAG.studyInstance, "2.25.1"),
    ...element(TAG.seriesInstance, "2.25.2"),
  ];
  let at = 132;
  while (!(bytes[at] === 0x28 && bytes[at + 1] === 0 && bytes[at + 2] === 2)) {
    at++;
  }
  return Uint8Array.of(
    ...bytes.subarray(0, at),
    ...added,
    ...bytes.subarray(at),
  );
}

Deno.test("what cannot be referred to is refused", () => {
  const invalid = (message: RegExp) => (error: unknown) =>
    error instanceof EdgeError && error.code === "invalid-input" &&
    message.test(error.message);
  assert.throws(
    () => readSource(fixture("rgb-8.png").bytes),
    invalid(/image is none/),
  );
  assert.throws(
    () => readSource(fixture("ct.dcm").bytes),
    invalid(/no series UID/),
  );
  const elsewhere = withUids(fixture("enhanced.dcm").bytes);
  const at = elsewhere.findIndex((_, i) =>
    [0x20, 0, 0x0d, 0].every((byte, k) => elsewhere[i + k] === byte)
  );
  elsewhere[at + 2] = 0x0c;
  assert.throws(() => readSource(elsewhere), invalid(/no study UID/));
  const [one, two] = images;
  const moved = { ...two, source: { ...two.source, series: "2.25.99" } };
  assert.throws(
    () => writeSegmentation([one, moved], segment),
    invalid(/one series/),
  );
  const small = { ...one, mask: disc(2, 18, 13) };
  assert.throws(() => writeSegmentation([small], segment), invalid(/18×13/));
});

Deno.test("a value of the patient or study that is too long to be written is refused", () => {
  const element = (tag: number, value: string) => {
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint16(0, tag >>> 16, true);
    view.setUint16(2, tag & 0xffff, true);
    view.setUint32(4, value.length, true);
    return concat([head, new TextEncoder().encode(value)]);
  };
  const { bytes } = fixture("grey-implicit.dcm");
  const start = 0x110; // behind the file meta information
  const withStudyId = (length: number) =>
    concat([
      bytes.subarray(0, start),
      element(TAG.studyId, "7".repeat(length)),
      element(TAG.studyInstance, "2.25.1"),
      element(TAG.seriesInstance, "2.25.2"),
      bytes.subarray(start),
    ]);
  const source = readSource(withStudyId(65_534));
  const file = writeSegmentation([{ source, mask: disc(4) }], segment);
  const written = readDicom(file).dataset;
  assert.equal(written.bytes(TAG.studyId)?.length, 65_534);
  assert.equal(written.text(TAG.studyInstance), "2.25.1");
  for (const length of [65_535, 65_536, 70_000]) {
    assert.throws(
      () => readSource(withStudyId(length)),
      (error) =>
        error instanceof EdgeError && error.code === "invalid-input" &&
        error.message.includes(`${length} bytes`),
    );
  }
});

Deno.test({
  name: "pydicom and highdicom read the same masks (needs DICOM_PYTHON)",
  ignore: dicomPython === undefined,
  async fn() {
    await checkByReaders(
      writeSegmentation(images, segment),
      images.map(({ mask }, k) => ({ image: slices[k], png: encodePng(mask) })),
    );
    const image = withUids(fixture("enhanced.dcm").bytes);
    const source = readSource(image, 1);
    const file = writeSegmentation([{ source, mask: disc(4) }], segment);
    await checkByReaders(file, [{ image, frame: 1, png: encodePng(disc(4)) }]);
  },
});

const dciodvfy = await validate(slices[0]) !== null;

Deno.test({
  name: "dciodvfy finds no error in a segmentation (needs dicom3tools)",
  ignore: !dciodvfy,
  async fn() {
    assert.deepEqual(await validate(writeSegmentation(images, segment)), []);
    const image = withUids(fixture("enhanced.dcm").bytes);
    const source = readSource(image, 1);
    const file = writeSegmentation([{ source, mask: disc(4) }], segment);
    assert.deepEqual(await validate(file), []);
  },
});
