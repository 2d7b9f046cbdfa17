import { deepEqual } from "node:assert/strict";
import { Hono } from "hono";
import type { z } from "@hono/zod-openapi";
import { parseInlineFiles } from "../../functions/body/inline_files.ts";
import { parseJson } from "../../functions/body/json.ts";
import { receiveFiles } from "../../functions/body/uploads.ts";
import { createArchive } from "../../lib/archive/archive_client.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { Prompts } from "../../functions/contract/points.ts";
import { MaskRequest } from "../../functions/resources/masks.ts";
import { PromptsRequest } from "../../functions/resources/prompts.ts";
import { ReferenceForm } from "../../functions/resources/references/handler.ts";
import { ArchivedReference } from "../../functions/resources/transfers.ts";
import { concat } from "../../lib/core/bytes.ts";
import { readIdentity } from "../../lib/dicom/data_set/identity.ts";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import { readEmbedding } from "../../lib/format/embedding_file.ts";
import { sourceFormat } from "../../lib/format/mask/source_format.ts";
import { readArchive } from "../../lib/format/profile_archive.ts";
import { readProfile } from "../../lib/format/profile_file.ts";
import { findLabels } from "../../lib/format/mask/label_map.ts";
import { decodeRle, type Rle } from "../../lib/format/mask/rle.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { decodeMask, readMask } from "../../lib/image/decode_mask.ts";
import { countFrames, readFrames } from "../../lib/image/frames.ts";
import { readImageFacts } from "../../lib/image/image_facts.ts";
import { joinVolume } from "../../lib/image/volume_pair.ts";
import { decodeBrush } from "../../lib/label_studio/brush_rle.ts";
import { readLabelConfig } from "../../lib/label_studio/label_config.ts";
import { loadPackage, readManifest } from "../../lib/model/package.ts";
import {
  createSigner,
  SIGNATURE_BYTES,
  type Signer,
} from "../../lib/core/signing.ts";
import { unpack } from "../../lib/model/archive.ts";
import { Spool } from "../../lib/series/range_file.ts";
import { openZip } from "../../lib/series/zip.ts";
import { readAnnotationFile } from "../support/annotation_cases.ts";
import type { Random } from "./random.ts";
import * as seeds from "./seeds.ts";

/** A parser, its seeds, and how often it is drawn. */
export interface Target {
  name: string;
  weight: number;
  seeds: seeds.Seed[];
  /** Parses the bytes and checks the result; throws what the parser throws. */
  run(bytes: Uint8Array<ArrayBuffer>, random: Random): Promise<unknown>;
}

/** Whether an error is a refusal that the service answers with a 4xx. */
export function isRefusal(error: unknown): boolean {
  return error instanceof EdgeError;
}

const LIMITS = { maxPixels: 25_000_000 };
const SERIES = {
  maxBytes: 32 * 2 ** 20,
  maxSeriesBytes: 64 * 2 ** 20,
  maxImages: 100,
};
/** The readers of images, and the files that are theirs. */
const READERS: [name: string, files: RegExp][] = [
  ["PNG", /png$/],
  ["JPEG", /\.(jpe?g|mpo)$/],
  ["WebP", /webp$/],
  ["TIFF", /tiff?$/],
  ["GIF", /gif$/],
  ["BMP", /bmp$/],
  ["JPEG 2000", /\.(jp2|j2k)$/],
  ["AVIF", /avif$/],
  ["HEIC", /heic$/],
  ["JPEG XL", /jxl$/],
  ["DICOM", /dcm$/],
  ["NIfTI", /\.(nii|hdr|img)(\.gz)?$/],
  ["NRRD", /\.(nrrd|nhdr)$/],
  ["MetaImage", /\.(mha|mhd)$/],
  ["other image", /()/],
];

/** Seeds by the reader that they are for. */
function readersOf(images: seeds.Seed[]): [string, seeds.Seed[]][] {
  const groups = Map.groupBy(
    images,
    ({ name }) => READERS.find(([, files]) => files.test(name))![0],
  );
  return [...groups];
}

/** Every parser of bytes that come from outside. */
export async function allTargets(): Promise<Target[]> {
  const nano = new URL("../../models/nano/", import.meta.url);
  const { geometry } = await loadPackage(nano, []);
  const images = seeds.imageSeeds();
  const pairs = seeds.pairSeeds();
  const maskVolumes = seeds.maskVolumeSeeds();
  const volumes = images.filter(({ name }) => /dcm|nii|nrrd|mha/.test(name));
  const framed = images.filter(({ name }) => /dcm|nii|nrrd|mha|tif/.test(name));
  const { annotations, images: annotated } = seeds.annotationSeeds();
  const frameOf = (random: Random) =>
    random.chance(0.6) ? undefined : random.below(4);
  const folder = Deno.makeTempDirSync({ prefix: "fuzz-" });
  const signer = await createSigner(new Uint8Array(32).fill(7));

  const answerMultipart = (read: (c: never) => Promise<unknown>) => {
    const app = new Hono().post("/", async (c) => {
      await read(c as never);
      return c.body(null, 204);
    });
    app.onError((error) => {
      throw error;
    });
    return async (bytes: Uint8Array<ArrayBuffer>) =>
      await app.request("/", {
        method: "POST",
        body: bytes,
        headers: {
          "content-type": `multipart/form-data; boundary=${seeds.BOUNDARY}`,
        },
      });
  };

  return [
    ...readersOf(images).map(([name, own]): Target => ({
      name,
      weight: 3,
      seeds: own,
      async run(bytes, random) {
        if (random.chance(0.3)) {
          await decodeMask(bytes, LIMITS);
          return;
        }
        const { data, width, height, channels } = await decodeImage(
          bytes,
          LIMITS,
          frameOf(random),
        );
        if (data.length !== width * height * channels) {
          throw new Error("a raster of another size");
        }
      },
    })),
    {
      name: "mask",
      weight: 15,
      seeds: images,
      async run(bytes, random) {
        const segment = random.chance(0.5)
          ? undefined
          : `${random.between(1, 3)}`;
        const image = random.chance(0.5)
          ? undefined
          : { bytes: random.pick(volumes).bytes, frame: frameOf(random) };
        const mask = await decodeMask(bytes, LIMITS, {
          segment,
          image,
        });
        if (mask.data.some((value) => value !== 0 && value !== 255)) {
          throw new Error("a mask of other values than 0 and 255");
        }
      },
    },
    {
      name: "mask volume",
      weight: 8,
      seeds: maskVolumes,
      async run(bytes, random) {
        const other = random.pick(maskVolumes).bytes;
        const [file, image] = random.chance(0.6)
          ? [bytes, other]
          : [other, bytes];
        const segment = random.chance(0.3) ? undefined : "2";
        const choice = {
          segment,
          image: { bytes: image, frame: frameOf(random) },
        };
        const { mask, reading } = await readMask(
          file,
          LIMITS,
          choice,
        );
        if (
          mask.data.length !== mask.width * mask.height || reading.share > 1
        ) {
          throw new Error("a mask of another size");
        }
      },
    },
    {
      name: "label map",
      weight: 5,
      seeds: maskVolumes,
      async run(bytes, random) {
        const other = random.chance(0.6)
          ? bytes
          : random.pick(maskVolumes).bytes;
        const [file, image] = random.chance(0.5)
          ? [bytes, other]
          : [other, bytes];
        for (const { slices } of await findLabels(file, image, LIMITS)) {
          if (slices.length === 0) throw new Error("a label on no slice");
        }
      },
    },
    {
      name: "brush",
      weight: 2,
      seeds: seeds.brushSeeds(),
      run: (bytes) =>
        Promise.try(() => {
          const mask = decodeBrush([...bytes], seeds.BRUSH_SIZE);
          if (mask.data.some((value) => value !== 0 && value !== 255)) {
            throw new Error("a mask of other values than 0 and 255");
          }
        }),
    },
    {
      name: "labelling interface",
      weight: 1,
      seeds: seeds.labelConfigSeeds(),
      run: (bytes) =>
        Promise.try(() => {
          readLabelConfig(new TextDecoder().decode(bytes));
        }),
    },
    {
      name: "annotation",
      weight: 12,
      seeds: annotations,
      async run(bytes, random) {
        // Most files lie on this slice.
        const image = random.chance(0.6)
          ? readAnnotationFile("axial-2.dcm")
          : random.pick(annotated).bytes;
        const segment = random.pick([undefined, undefined, "1", "2", "3", "a"]);
        const choice = { segment, image: { bytes: image, frame: undefined } };
        // The image can be damaged as well as what is drawn on it.
        const { mask, reading } =
          await (random.chance(0.8)
            ? readMask(bytes, LIMITS, choice)
            : readMask(random.pick(annotations).bytes, LIMITS, {
              segment,
              image: { bytes, frame: frameOf(random) },
            }));
        if (mask.data.length !== mask.width * mask.height) {
          throw new Error("a mask of another size");
        }
        const pixels = mask.data.filter((value) => value === 255).length;
        if (pixels !== reading.pixels) throw new Error("a wrong count");
      },
    },
    {
      name: "frames",
      weight: 12,
      seeds: framed,
      async run(bytes, random) {
        const { count, positions } = countFrames(bytes);
        if (positions?.some((p) => !(p >= 0 && p <= 1))) {
          throw new Error("a position outside 0..1");
        }
        let read = 0;
        for await (
          const _ of readFrames(bytes, LIMITS, { from: random.below(count) })
        ) {
          if (++read === 3) break;
        }
      },
    },
    {
      name: "facts",
      weight: 6,
      seeds: framed,
      run(bytes, random) {
        const { width, height, frames, spacing } = readImageFacts(
          bytes,
          random.below(3),
        );
        const known = [width, height, frames, ...Object.values(spacing ?? {})];
        if (known.some((value) => value !== null && !(value > 0))) {
          throw new Error(`a size, count or spacing of ${known}`);
        }
        return Promise.resolve();
      },
    },
    {
      name: "volume pair",
      weight: 4,
      seeds: pairs.map(({ name, header }) => ({
        name,
        bytes: header,
      })),
      async run(header, random) {
        const whole = joinVolume(header, random.pick(pairs).voxels);
        if (whole === undefined) return;
        for await (const _ of readFrames(whole, LIMITS)) break;
      },
    },
    {
      name: "source format",
      weight: 8,
      seeds: volumes,
      async run(bytes, random) {
        const frame = frameOf(random);
        const segment = {
          label: "a",
          category: TISSUE,
          property: TISSUE,
          model: null,
        };
        const form = random.pick([undefined, "seg", "rtstruct"] as const);
        const write = sourceFormat({ bytes, frame }, segment, form);
        const image = await decodeImage(bytes, LIMITS, frame);
        const data = new Uint8Array(image.width * image.height).fill(255, 0, 1);
        await write({ width: image.width, height: image.height, data });
      },
    },
    {
      name: "embedding",
      weight: 2,
      seeds: seeds.embeddingSeeds(geometry),
      run: (bytes) =>
        Promise.try(readEmbedding, bytes, geometry, LIMITS.maxPixels),
    },
    {
      name: "profile",
      weight: 5,
      seeds: seeds.profileSeeds(geometry),
      run: (bytes) =>
        Promise.try(() => {
          const { channels, patches, parts, negatives } = readProfile(bytes);
          const rows = [
            patches,
            ...parts.map((set) => set.prototypes),
            ...negatives.map((set) => set.prototypes),
          ];
          if (
            !rows.every(({ length }) => length % channels === 0)
          ) throw new Error("rows that do not fit the channels");
        }),
    },
    {
      name: "profile archive",
      weight: 4,
      seeds: await seeds.profileArchiveSeeds(geometry, signer),
      async run(bytes, random) {
        // Most are signed again, since a wrong signature ends the reading early.
        const file = random.chance(0.2)
          ? bytes
          : await signAgain(bytes, signer);
        for (const one of await readArchive(file, [signer.publicKey])) {
          const { record, profile } = one;
          if (!ArchivedReference.safeParse(record).success) continue;
          readProfile(profile);
        }
      },
    },
    {
      name: "rle",
      weight: 5,
      seeds: seeds.rleSeeds(),
      run: (bytes) =>
        Promise.try(() => {
          const text = new TextDecoder().decode(bytes);
          const { mask } = parseJson(
            `{"embedding":"${"0".repeat(64)}","mask":${text}}`,
            MaskRequest,
            "body",
          );
          const { size: [height, width] } = mask as Rle;
          if (width * height > LIMITS.maxPixels) {
            throw new EdgeError("invalid-input", "too large");
          }
          decodeRle(mask as Rle);
        }),
    },
    {
      name: "json",
      weight: 5,
      seeds: seeds.jsonSeeds(),
      run: (bytes, random) => {
        const schema: z.ZodType = random.pick([
          MaskRequest,
          Prompts,
          PromptsRequest,
        ]);
        return Promise.try(() =>
          parseJson(new TextDecoder().decode(bytes), schema, "body")
        );
      },
    },
    {
      name: "inline_files",
      weight: 5,
      seeds: seeds.jsonSeeds(),
      run: (bytes, random) =>
        parseInlineFiles(inPieces(bytes, random.between(1, 64))),
    },
    {
      name: "zip",
      weight: 8,
      seeds: seeds.zipSeeds(),
      async run(bytes) {
        const read = (from: number, length: number) =>
          from < 0 || length < 0 || from + length > bytes.length
            ? Promise.reject(new RangeError("The range ends behind the file."))
            : Promise.resolve(bytes.slice(from, from + length));
        const files = await openZip({ size: bytes.length, read }, SERIES);
        for (const file of files) {
          await file.head(348).catch(requireRefusal);
          await file.read().catch(requireRefusal);
        }
      },
    },
    {
      name: "form",
      weight: 6,
      seeds: seeds.multipartSeeds(),
      run: answerMultipart((c) => ReferenceForm.read(c)),
    },
    {
      name: "series body",
      weight: 6,
      seeds: seeds.multipartSeeds(),
      run: answerMultipart(async (c) => {
        using spool = await Spool.create();
        await receiveFiles(c, spool, SERIES);
      }),
    },
    {
      name: "archive instance",
      weight: 5,
      seeds: seeds.relatedSeeds(),
      async run(bytes, random) {
        const { study, series, instance } = seeds.ARCHIVED;
        const type = random.chance(0.9)
          ? `multipart/related; boundary=${seeds.BOUNDARY}`
          : "application/dicom";
        const archive = archiveThatAnswers(bytes, type);
        const asked = { study, series, instance };
        const file = await archive.readInstance(asked, 2 ** 20, NEVER);
        deepEqual(readIdentity(file), asked);
      },
    },
    {
      name: "archive list",
      weight: 4,
      seeds: seeds.datasetSeeds(),
      async run(bytes, random) {
        const type = "application/dicom+json";
        const archive = archiveThatAnswers(bytes, type);
        const calls = [
          () => archive.listInstances(seeds.ARCHIVED, NEVER),
          () => archive.findSeries("hidden-4711", NEVER),
          () => archive.store(seeds.ARCHIVED.file, NEVER),
        ];
        await random.pick(calls)();
      },
    },
    {
      name: "model.json",
      weight: 3,
      seeds: seeds.manifestSeeds(),
      async run(bytes) {
        await Deno.writeFile(`${folder}/model.json`, bytes);
        await readManifest(new URL(`file://${folder}/`));
      },
    },
    {
      name: "model archive",
      weight: 2,
      seeds: seeds.archiveSeeds(),
      async run(bytes) {
        const file = `${folder}/archive`;
        const into = `${folder}/into`;
        await Deno.writeFile(file, bytes);
        await Deno.mkdir(into);
        try {
          await unpack(file, into);
        } finally {
          await Deno.remove(into, { recursive: true });
        }
      },
    },
  ];
}

const NEVER = new AbortController().signal;

/** A client of an archive whose every answer has this body. */
function archiveThatAnswers(bytes: Uint8Array<ArrayBuffer>, type: string) {
  const url = new URL("https://archive.invalid/");
  const backoff = { base: 0, most: 0 };
  return createArchive({ url, timeout: 60_000, tries: 1, backoff }, {
    fetch: () =>
      Promise.resolve(
        new Response(bytes, { headers: { "content-type": type } }),
      ),
  });
}

/** Replaces the last bytes of a file by a valid signature. */
async function* inPieces(bytes: Uint8Array, length: number) {
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

async function signAgain(bytes: Uint8Array<ArrayBuffer>, signer: Signer) {
  const signed = bytes.slice(0, Math.max(0, bytes.length - SIGNATURE_BYTES));
  return concat([signed, await signer.sign(signed)]);
}

function requireRefusal(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
