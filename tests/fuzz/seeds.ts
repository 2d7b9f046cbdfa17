import { gzipSync } from "node:zlib";
import { concat } from "../../lib/core/bytes.ts";
import { writeEmbedding } from "../../lib/format/embedding_file.ts";
import { writeArchive } from "../../lib/format/profile_archive.ts";
import { writeProfile } from "../../lib/format/profile_file.ts";
import { encodeBrush } from "../../lib/label_studio/brush_rle.ts";
import { encodeRle } from "../../lib/format/mask/rle.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawPatient } from "../../lib/sample/patient.ts";
import type { Signer } from "../../lib/core/signing.ts";
import type { ModelGeometry } from "../../lib/pipeline/types.ts";
import { zipOf } from "../support/series_bodies.ts";
import {
  annotationCases,
  readAnnotationFile,
} from "../support/annotation_cases.ts";
import { DICOM_DATA } from "../support/dicom_data.ts";
import { toDicom } from "../support/dicom_files.ts";
import { fixtures, readFixture } from "../support/fixtures.ts";

/** A valid file from which mutations start. */
export interface Seed {
  name: string;
  bytes: Uint8Array;
}

/** The boundary of every multipart seed. */
export const BOUNDARY = "fuzz-boundary";

const text = (value: unknown) =>
  new TextEncoder().encode(
    typeof value === "string" ? value : JSON.stringify(value),
  );

/** The images of tests/parity/golden, refused ones too, and a few real DICOM files where they are there. */
export function imageSeeds(): Seed[] {
  const real: Seed[] = [];
  try {
    for (const path of filesBelow(DICOM_DATA)) {
      const { size } = Deno.statSync(path);
      if (size > 300_000 || real.length === 12) continue;
      real.push({
        name: path.pathname.split("/").pop()!,
        bytes: Deno.readFileSync(path),
      });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const small = fixtures.filter(({ bytes }) => bytes.length < 100_000);
  return [...small.map(({ name, bytes }) => ({ name, bytes })), ...real];
}

/** Headers of volumes, and their voxels in another file. */
export function pairSeeds() {
  const folder = new URL("../parity/golden/volumes/", import.meta.url);
  return [
    ["pair-nifti-1.hdr", "pair-nifti-1.img"],
    ["pair-nifti-1-zipped.hdr.gz", "pair-nifti-1-zipped.img.gz"],
    ["pair-nifti-2.hdr", "pair-nifti-2.img"],
    ["pair-nrrd.nhdr", "pair-nrrd.raw"],
    ["pair-meta-zlib.mhd", "pair-meta-zlib.zraw"],
  ].map(([name, voxels]) => ({
    name,
    header: readFixture(name, folder),
    voxels: readFixture(voxels, folder),
  }));
}

/** Volumes of labels, and the images on which they lie in many ways. */
export function maskVolumeSeeds(): Seed[] {
  const folder = new URL("../parity/golden/masks/", import.meta.url);
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => /\.(nii|dcm)$/.test(name))
    .map(({ name }) => ({
      name,
      bytes: Deno.readFileSync(new URL(name, folder)),
    }))
    .sort((a, b) => a.name < b.name ? -1 : 1);
}

/** DICOM segmentations and structure sets, and the images that they lie on. */
export function annotationSeeds(): { annotations: Seed[]; images: Seed[] } {
  const seeds = (names: string[]) =>
    [...new Set(names)].map((name) => ({
      name,
      bytes: readAnnotationFile(name),
    }));
  return {
    annotations: seeds(annotationCases.map(({ file }) => file)),
    images: seeds(annotationCases.flatMap(({ image }) => image ?? [])),
  };
}

function* filesBelow(folder: URL): Generator<URL> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) =>
    a.name < b.name ? -1 : 1
  );
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* filesBelow(new URL(`${name}/`, folder));
    else if (/\.dcm$/.test(name)) yield new URL(name, folder);
  }
}

/** Embeddings of the model, of every byte value and of none. */
export function embeddingSeeds(model: ModelGeometry): Seed[] {
  const tensors = Object.fromEntries(
    Object.entries(model.tensors).map(([name, dims]) => {
      const length = dims.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i));
      return [name, { dims, data }];
    }),
  );
  const image = { width: 384, height: 300 };
  const bytes = writeEmbedding({ model: model.digest, image, tensors });
  return [{ name: "embedding", bytes }];
}

/** Profiles of few and of many patches. */
export function profileSeeds(model: ModelGeometry): Seed[] {
  const { channels, digest } = model;
  const rows = (count: number) =>
    Float32Array.from({ length: count * channels }, (_, i) => Math.cos(i));
  return [1, 5, 40].map((patches) => ({
    name: `profile-${patches}`,
    bytes: writeProfile({
      model: digest,
      channels,
      parts: [1, 2, 3].map((count) => ({ count, prototypes: rows(count) })),
      negatives: [{ count: 1, prototypes: rows(1) }],
      patches: rows(patches),
      surroundings: rows(7),
      calibrationRange: {
        absent: { structure: 0.6, surroundings: 0.3 },
        present: { structure: 0.9, surroundings: 0.95 },
        augmentations: 6,
        dice: 0.9,
      },
    }),
  }));
}

/** Exported profiles of one reference and of two. */
export function profileArchiveSeeds(
  model: ModelGeometry,
  signer: Signer,
): Promise<Seed[]> {
  const [{ bytes: profile }] = profileSeeds(model);
  const references = ["visit-1", "visit-2"].map((reference) => ({
    record: {
      reference,
      label: "liver",
      position: null,
      model: model.digest,
      image: { width: 384, height: 300 },
      patches: 1,
      createdAt: "2026-11-25T09:44:35.000Z",
    },
    profile: Uint8Array.from(profile),
  }));
  return Promise.all([1, 2].map(async (count) => ({
    name: `profile-archive-${count}`,
    bytes: await writeArchive(
      references.slice(0, count),
      "2026-11-25T09:44:35.000Z",
      signer,
    ),
  })));
}

/** The JSON bodies and texts of the contract. */
export function jsonSeeds(): Seed[] {
  const embedding = "9f".repeat(32);
  const { first } = drawPatient();
  const mask = encodeRle(first.mask);
  const box = [10, 10, 90, 80];
  const points = [{ x: 242, y: 138, label: 1 }, { x: 3.5, y: 0, label: 0 }];
  return [
    { embedding },
    { embedding, label: "liver", recipe: "medical" },
    { image: { base64: "iVBORw0KGgo=", mediaType: "image/png" } },
    { points, box },
    { embedding, points, box, mask },
    {
      embedding,
      points: [],
      mask: encodeRle({ width: 4, height: 3, data: new Uint8Array(12) }),
    },
  ].map((value, i) => ({ name: `json-${i}`, bytes: text(value) }));
}

/** The size of the masks of `brushSeeds`. */
export const BRUSH_SIZE = { width: 20, height: 15 };

/** Run lengths of Label Studio. */
export function brushSeeds(): Seed[] {
  return [3, 11, 300].map((gap) => {
    const data = new Uint8Array(300).map((_, i) => i % gap < 2 ? 255 : 0);
    const bytes = Uint8Array.from(encodeBrush({ ...BRUSH_SIZE, data }));
    return { name: `brush-${gap}`, bytes };
  });
}

/** Labelling interfaces of Label Studio. */
export function labelConfigSeeds(): Seed[] {
  return ["BrushLabels", "PolygonLabels"].map((tag) => ({
    name: tag,
    bytes: new TextEncoder().encode(
      `<View><!-- x --><Image name="i" value="$image"/><${tag} name='t' toName="i"><Label value="a&amp;b"/></${tag}></View>`,
    ),
  }));
}

/** Run-length encodings with their size, as JSON. */
export function rleSeeds(): Seed[] {
  const { first, second } = drawPatient();
  const noise = Uint8Array.from(
    { length: 900 },
    (_, i) => (i * 7919) % 3 ? 0 : 255,
  );
  return [first.mask, second.mask, { width: 30, height: 30, data: noise }].map(
    (mask, i) => ({ name: `rle-${i}`, bytes: text(encodeRle(mask)) }),
  );
}

/** Archives of images, nested, with folders, and empty. */
export function zipSeeds(): Seed[] {
  const few = fixtures.filter(({ bytes }) => bytes.length < 3000).slice(0, 8);
  const entries = few.map(({ name, bytes }) => ({
    name: `series/${name}`,
    bytes,
  }));
  const inner = zipOf(entries.slice(0, 2));
  return [
    zipOf(entries),
    zipOf([]),
    zipOf([{ name: "a.png", bytes: new Uint8Array(100_000) }]),
    zipOf([{ name: "nested.zip", bytes: inner }, {
      name: "__MACOSX/x",
      bytes: inner,
    }]),
  ].map((bytes, i) => ({ name: `zip-${i}`, bytes }));
}

/** Multipart bodies of every field that the contract knows. */
/** An object of an archive. */
export const ARCHIVED = {
  study: "2.25.78",
  series: "2.25.79",
  instance: "2.25.77",
  file: toDicom([
    { width: 2, height: 2, channels: 1, data: new Uint8Array(4) },
  ]),
};

/** Answers of an archive that hold one object. */
export function relatedSeeds(): Seed[] {
  const part: [string, Uint8Array] = [
    "content-type: application/dicom",
    ARCHIVED.file,
  ];
  return [
    { name: "related", bytes: multipart([part]) },
    { name: "related-two", bytes: multipart([part, part]) },
    { name: "plain", bytes: ARCHIVED.file },
  ];
}

/** Lists in DICOM JSON that an archive answers. */
export function datasetSeeds(): Seed[] {
  const { study, series, instance } = ARCHIVED;
  const ui = (uid: string) => ({ vr: "UI", Value: [uid] });
  const list = [{
    "00100020": { vr: "LO", Value: ["hidden-4711"] },
    "0020000D": ui(study),
    "0020000E": ui(series),
    "00080018": ui(instance),
    "00200013": { vr: "IS", Value: ["7"] },
    "00200032": { vr: "DS", Value: [0, "-1.5", 2] },
    "00200037": { vr: "DS", Value: [1, 0, 0, 0, 1, 0] },
    "00280008": { vr: "IS", Value: [1] },
  }];
  const report = {
    "00081198": { vr: "SQ" },
    "00081199": { vr: "SQ", Value: [{ "00081155": ui(instance) }] },
  };
  return [list, [], report].map((value, i) => ({
    name: `datasets-${i}`,
    bytes: text(JSON.stringify(value)),
  }));
}

export function multipartSeeds(): Seed[] {
  const image = encodePng({
    width: 4,
    height: 3,
    channels: 1,
    data: new Uint8Array(12),
  });
  const file = (name: string, type = "image/png") =>
    [
      `content-disposition: form-data; name="${name}"; filename="a.png"\r\ncontent-type: ${type}`,
      image,
    ] as const;
  const field = (name: string, value: string) =>
    [`content-disposition: form-data; name="${name}"`, text(value)] as const;
  const prompts = JSON.stringify({ points: [{ x: 1, y: 1, label: 1 }] });
  return [
    [
      file("image"),
      file("mask"),
      field("label", "liver"),
      field("position", "0.5"),
    ],
    [
      file("image", "application/dicom"),
      field("prompts", prompts),
      field("frame", "3"),
    ],
    [field("embedding", "9f".repeat(32)), file("mask"), field("segment", "1")],
    [file("image"), file("image"), file("image")],
    [],
  ].map((parts, i) => ({ name: `multipart-${i}`, bytes: multipart(parts) }));
}

function multipart(parts: (readonly [string, Uint8Array])[]): Uint8Array {
  const pieces = parts.flatMap(([head, body]) => [
    text(`--${BOUNDARY}\r\n${head}\r\n\r\n`),
    body,
    text("\r\n"),
  ]);
  return concat([...pieces, text(`--${BOUNDARY}--\r\n`)]);
}

/** Descriptions of model packages. */
export function manifestSeeds(): Seed[] {
  return [
    "models/nano",
    "tests/parity/golden/models/random-natural",
    "tests/parity/golden/models/random-sam2",
  ]
    .map((name) => ({
      name,
      bytes: Deno.readFileSync(
        new URL(`../../${name}/model.json`, import.meta.url),
      ),
    }));
}

/** Archives of a model package, plain and gzipped. */
export function archiveSeeds(): Seed[] {
  const plain = concat([
    ...tarEntry("pack/model.json", manifestSeeds()[0].bytes),
    ...tarEntry("pack/encoder.onnx", new Uint8Array(700)),
    new Uint8Array(1024),
  ]);
  return [{ name: "tar", bytes: plain }, {
    name: "tar.gz",
    bytes: gzipSync(plain),
  }];
}

/** A plain file as ustar writes it: a header of 512 bytes, the bytes, padding. */
function tarEntry(name: string, bytes: Uint8Array): Uint8Array[] {
  const header = new Uint8Array(512);
  const put = (at: number, value: string) => header.set(text(value), at);
  put(0, name);
  put(100, "0000644\0");
  put(124, bytes.length.toString(8).padStart(11, "0") + "\0");
  put(136, "00000000000\0");
  put(148, " ".repeat(8));
  put(156, "0");
  put(257, "ustar\0" + "00");
  const sum = header.reduce((a, b) => a + b, 0);
  put(148, sum.toString(8).padStart(6, "0") + "\0 ");
  return [header, bytes, new Uint8Array((512 - bytes.length % 512) % 512)];
}
