import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Bytes } from "../../lib/core/bytes.ts";
import { hexDigest } from "../../lib/core/digest.ts";
import { invalidInput } from "../../lib/core/errors.ts";
import { requireFrame } from "../../lib/core/frames.ts";
import { TISSUE } from "../../lib/dicom/segmentation/segment_description.ts";
import {
  cannotPlace,
  type FramePlaces,
  type MaskGroup,
  MaskGroups,
} from "../../lib/format/mask/placed_masks.ts";
import { sourceTypeOf } from "../../lib/format/mask/source_format.ts";
import { HEAD_BYTES, sniffMediaType } from "../../lib/image/media_type.ts";
import { framesOfVolume } from "../../lib/codecs/volume/header.ts";
import { joinPairs } from "../../lib/series/join_pairs.ts";
import { Spool } from "../../lib/series/range_file.ts";
import type {
  PackedFile,
  SeriesFile,
  SeriesLimits,
} from "../../lib/series/series_image.ts";
import type { Work } from "../../lib/engine/work.ts";
import { requireMaskOf } from "../../lib/receipt/receipt.ts";
import { parseInlineFiles } from "../body/inline_files.ts";
import { checkJson, parseJson } from "../body/json.ts";
import {
  bytesOfFile,
  isObject,
  readJsonFile,
  withoutNulls,
} from "../body/json_file.ts";
import { mediaTypeOf, requireMediaType } from "../body/media_type.ts";
import { boundedJson, receiveFiles, seriesBody } from "../body/uploads.ts";
import {
  acceptedType,
  PLACED_FORMS,
  placedFile,
  type PlacedType,
  RTSTRUCT,
} from "../contract/accept.ts";
import { SeriesOfArchive, Uid } from "../contract/archive.ts";
import { Rle } from "../contract/masks.ts";
import { LabelOrTarget, segmentCodes } from "../contract/parameters.ts";
import { invalid, problems } from "../contract/problems.ts";
import { archiveOf } from "../middleware/archive.ts";
import { callerOf, createRouter, type Env, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { ReceiptDocument, requireIntact } from "./receipts.ts";
import { runPatiently } from "./series/segment_image.ts";

/** Images and masks of one file. */
const MAX_IMAGES = 10_000;
/** Most bytes of the masks' JSON: a thousand slices of an organ with their receipts have some 5,000,000. */
const MAX_JSON = 2 ** 25;

const EXAMPLE = '[{"image":0,"frame":3,"rle":{"size":[384,384],' +
  '"counts":"Shf29e;5K5L3L4M3M3"}}]';

/** A mask of a frame of one of the images. */
const VolumeMask = z.strictObject({
  image: z.int().min(0).max(MAX_IMAGES).default(0)
    .describe("Which of the images, from 0"),
  frame: z.int().min(0).max(999_999).default(0)
    .describe("Frame of a DICOM image or slice of a volume, from 0"),
  rle: Rle,
  receipt: ReceiptDocument.optional()
    .describe("That came with the mask, of a mask that the model made"),
}).openapi("VolumeMask");
const VolumeMasks = z.array(VolumeMask).min(1).max(MAX_IMAGES);
type SentMask = z.output<typeof VolumeMask>;

/** An image that lies in the archive. */
const InArchive = SeriesOfArchive.extend({
  instance: Uid.describe("SOP Instance UID"),
});

/** Images and their masks in JSON. */
const MasksInJson = z.strictObject({
  image: z.array(
    z.unknown().openapi({
      $ref: "#/components/schemas/InlineFile",
    } as never),
  ).min(1).max(MAX_IMAGES).describe(
    "One volume, or the objects of one series, which may lie in the archive",
  ),
  masks: VolumeMasks,
}).openapi("ArchivedVolumeMasks");

const { schema: { properties } } = seriesBody["multipart/form-data"];

const create = createRoute({
  method: "post",
  path: "/v1/masks/export/volume",
  operationId: "exportVolumeMasks",
  tags: ["masks"],
  summary: "Masks that you have of a volume or a series, in one file",
  description:
    "For DICOM images of one series, a segmentation (SEG) or, where that is accepted, a structure set (RTSTRUCT) with " +
    "a frame or the contours of each mask; for a volume (NIfTI, NRRD or MetaImage), a gzipped NIfTI volume. Slices " +
    "without a mask are empty. The structure is marked as drawn by hand unless a mask comes with its receipt. " +
    "Nothing is segmented or stored.",
  request: {
    query: z.strictObject({ label: LabelOrTarget, ...segmentCodes }),
    body: {
      required: true,
      content: {
        "multipart/form-data": {
          schema: {
            type: "object" as const,
            properties: {
              image: {
                ...properties.image,
                description:
                  `One volume, or the DICOM files of one series. ${properties.image.description}`,
              },
              masks: {
                type: "string" as const,
                description:
                  "JSON: an array of masks by the schema VolumeMask, as text or as a file",
                contentMediaType: "application/json",
                contentSchema: {
                  type: "array",
                  items: { $ref: "#/components/schemas/VolumeMask" },
                },
                example: EXAMPLE,
              } as never,
            },
            required: ["image", "masks"],
          },
        },
        // One of zod would be read before the handler reads the body.
        "application/json": {
          schema: {
            $ref: "#/components/schemas/ArchivedVolumeMasks",
          } as never,
        },
      },
    },
  },
  responses: {
    200: placedFile,
    ...problems(400, 404, 406, 413, 415, 422, 502, 503),
  },
});

/** The volume export function: a volume or a series and the caller's masks → one file of all masks. */
export function volumeExportFunction(services: Services): Router {
  const { models, maxBytes, maxSeriesBytes, deadline } = services;
  const limits = { maxBytes, maxSeriesBytes, maxImages: MAX_IMAGES };
  const router = createRouter();
  // Schemas to which only the body refers.
  router.openAPIRegistry.register("VolumeMask", VolumeMask);
  router.openAPIRegistry.register("ArchivedVolumeMasks", MasksInJson);
  return router.openapi(create, async (c) => {
    const query = c.req.valid("query");
    const { label, category = TISSUE, property = TISSUE, region } = query;
    const { tenant } = callerOf(c);
    const release = services.seriesQuota.take(tenant);
    try {
      using spool = await Spool.create();
      const { images, masks } = await receive(
        services,
        c,
        spool,
        limits,
      );
      const model = await modelOf(masks);
      const type = await typeOf(c, images[0]!);
      const form = PLACED_FORMS[type];
      const run = <T>(step: (work: Work) => Promise<T>) =>
        runPatiently(deadline, { tenant, signal: c.req.raw.signal }, step);

      const gathered = new MaskGroups(form);
      for (const [index, list] of byImage(masks)) {
        const { name, read } = images[index]!;
        const bytes = await read();
        const id = await hexDigest(bytes);
        const places = await run((work) =>
          // The engine takes the bytes away.
          models.default.engineFor(work)
            .placeFrames({ bytes: bytes.slice() }, form)
        );
        for (const { frame, rle } of list) {
          requirePlace(places, frame, rle);
          gathered.add({ name, id, frame }, places, rle);
        }
      }
      const [group, other] = gathered.groups;
      if (other !== undefined) throw notOne(group!);
      const file = await run((work) =>
        models.default.engineFor(work).writeMasks(
          group!,
          { label, category, property, model, ...(region && { region }) },
          form,
        )
      );
      if (form === "nifti") {
        c.header("content-disposition", 'attachment; filename="mask.nii.gz"');
      }
      c.header("vary", "accept");
      return c.body(file, 200, { "content-type": type }) as never;
    } finally {
      release();
    }
  });
}

/** Reads the body: the images, and the masks, each of an image that was sent. */
async function receive(
  services: Services,
  c: Context<Env>,
  spool: Spool,
  limits: SeriesLimits,
) {
  const { images, masks } = mediaTypeOf(c) === "application/json"
    ? await receiveJson(services, c, limits)
    : await receiveForm(c, spool, limits);
  masks.forEach(({ image }, i) => {
    if (image < images.length) return;
    const message =
      `must be below the number of images, ${images.length}, not ${image}`;
    throw invalid("body", [{ path: ["masks", i, "image"], message }]);
  });
  return { images, masks };
}

/** @throws EdgeError `validation` for a body without images or masks. */
async function receiveForm(
  c: Context<Env>,
  spool: Spool,
  limits: SeriesLimits,
) {
  requireMediaType(c, "multipart/form-data");
  let text: string | undefined;
  const { files } = await receiveFiles(c, spool, limits, {
    json: {
      name: "masks",
      maxBytes: MAX_JSON,
      take: (sent) => text = sent,
    },
  });
  const missing = (name: string) =>
    invalid("body", [{ path: [name], message: "is missing" }]);
  const images = joinPairs(files.map(packedOf));
  if (images.length === 0) throw missing("image");
  if (text === undefined) throw missing("masks");
  return { images, masks: parseJson(text, VolumeMasks, "body.masks") };
}

/** The same of JSON, whose images lie in it, in the archive, or are uploads. */
async function receiveJson(
  services: Services,
  c: Context<Env>,
  limits: SeriesLimits,
) {
  const body = await parseInlineFiles(boundedJson(c, limits), MAX_JSON);
  const { image, masks } = checkJson(body, MasksInJson, "body");
  const read = (sent: unknown, i: number): PackedFile => {
    const { dicomweb } = isObject(sent) ? withoutNulls(sent) : {};
    if (dicomweb !== undefined) {
      const place = `body.image.${i}.dicomweb`;
      return archived(services, c, checkJson(dicomweb, InArchive, place));
    }
    const file = readJsonFile(sent, `image.${i}`);
    return readWhole(() => bytesOfFile(c, file), limits.maxBytes);
  };
  return { images: image.map(read), masks };
}

function archived(
  services: Services,
  c: Context<Env>,
  place: z.output<typeof InArchive>,
): PackedFile {
  const { maxBytes } = services;
  const archive = archiveOf(services, c);
  const { signal } = c.req.raw;
  return readWhole(
    () => archive.readInstance(place, maxBytes, signal),
    maxBytes,
  );
}

/** A file that is read as a whole, of `size` bytes at most. */
const readWhole = (
  read: () => Promise<Bytes>,
  size: number,
): PackedFile => ({
  name: null,
  size,
  head: async (length) => (await read()).subarray(0, length),
  read,
});

const packedOf = ({ file, name }: SeriesFile): PackedFile => ({
  name,
  size: file.size,
  head: (length) => file.read(0, Math.min(length, file.size)),
  read: () => file.read(0, file.size),
});

/** The masks of each image, in the order of the images and of their frames. */
const byImage = (masks: SentMask[]) =>
  Map.groupBy(
    masks.toSorted((a, b) => a.image - b.image || a.frame - b.frame),
    ({ image }) => image,
  );

/**
 * The model that made the masks; null where all are a person's.
 *
 * @throws EdgeError for a receipt that is not of its mask, and for masks of several models.
 */
async function modelOf(masks: SentMask[]): Promise<string | null> {
  const digests = new Set<string>();
  for (const { receipt, rle } of masks) {
    if (receipt === undefined) continue;
    await requireIntact(receipt);
    await requireMaskOf(receipt, rle);
    digests.add(receipt.model.digest);
  }
  const [model = null, other] = digests;
  if (other === undefined) return model;
  throw invalidInput(
    "The receipts are of several models, and one file names one; send the masks of one model at a time.",
  );
}

/** The type of the file: that of the images, or the structure set of DICOM images where it is preferred. */
async function typeOf(c: Context, image: PackedFile): Promise<PlacedType> {
  const bytes = await image.head(HEAD_BYTES);
  const own = sourceTypeOf(bytes);
  if (own === undefined) {
    throw cannotPlace("nifti", sniffMediaType(bytes) ?? "no image");
  }
  const types: PlacedType[] = own === "application/dicom"
    ? [own, RTSTRUCT]
    : [own];
  return acceptedType(
    c,
    types,
    { "application/*": own },
    "The masks of such images",
  );
}

/** @throws EdgeError for a frame that the image does not have, and for a mask of another size. */
function requirePlace(places: FramePlaces, frame: number, { size }: {
  size: [height: number, width: number];
}): void {
  const { kind } = places;
  const count = kind === "dicom"
    ? places.sources.length
    : framesOfVolume(places.header).count;
  requireFrame(frame, count);
  const own = kind === "dicom" ? places.sources[frame]! : places.header;
  const [height, width] = size;
  if (width === own.width && height === own.height) return;
  throw invalidInput(
    `Cannot write the masks: a mask is ${width}×${height} pixels, its image ${own.width}×${own.height}.`,
  );
}

/** The error of images that one file cannot hold. */
function notOne({ kind }: MaskGroup) {
  return invalidInput(
    kind === "volume"
      ? "Cannot write the masks as one file: they are of several volumes; send one volume at a time."
      : "Cannot write the masks as one file: their images differ in series, frame of reference, size, orientation or " +
        "pixel spacing; send those of one series at a time.",
  );
}
