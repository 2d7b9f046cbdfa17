import { z } from "@hono/zod-openapi";
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import { binary } from "../contract/answers.ts";
import type {
  SeriesFile,
  SeriesLimits,
} from "../../lib/series/series_image.ts";
import { sectionOf, type Spool } from "../../lib/series/range_file.ts";
import { SeriesByReference } from "../contract/archive.ts";
import { parseInlineFiles } from "./inline_files.ts";
import { checkJson } from "./json.ts";
import {
  isObject,
  type JsonFile,
  readJsonFile,
  withoutNulls,
} from "./json_file.ts";
import { mediaTypeOf } from "./media_type.ts";
import { bytesOf, readMultipart } from "./multipart.ts";
import { uploadsOf } from "./sent_uploads.ts";
import { invalid } from "../contract/problems.ts";

/** The files of a body, and a digest that identifies them. */
export interface SentFiles {
  files: SeriesFile[];
  /** sha256 over the files' bytes and lengths, hex. */
  digest: string;
}

/** The field of a multipart body, sent once for every file. */
const FIELD = "image";
const UNKNOWN = `has an unknown field; it takes ${FIELD}, many times`;

/** A field that is not a file is refused, however long it is. */
const MAX_FIELD_BYTES = 1024;

/** A field of JSON beside the files of a multipart body, sent as text or as a file. */
export interface SentJson {
  name: string;
  maxBytes: number;
  /** Takes its text. */
  take(text: string): void;
}

/** Many images as a request body, for the OpenAPI document. */
export const seriesBody = {
  "multipart/form-data": {
    schema: {
      type: "object" as const,
      properties: {
        [FIELD]: {
          type: "array" as const,
          items: binary.schema,
          description:
            "A volume in two files (`.hdr` and `.img`, `.mhd` and `.raw`, `.nhdr` and `.raw`) of one name is one volume.",
        },
      },
      required: [FIELD],
    },
  },
  "application/json": {
    schema: {
      type: "object" as const,
      description: "One of `image`, `upload` and `dicomweb`",
      properties: {
        image: {
          type: "array" as const,
          items: { $ref: "#/components/schemas/InlineFile" } as never,
          description: "The files",
        },
        upload: {
          type: "string" as const,
          description: "Id of a complete upload",
        },
        dicomweb: {
          $ref: "#/components/schemas/ArchiveReference",
          description:
            "A series of the image archive, without `frame`; one object of it where `instance` is named",
        } as never,
      },
    },
  },
  "application/zip": binary,
  "image/tiff": binary,
  "application/dicom": binary,
  "application/x-nifti": binary,
  "application/x-nrrd": binary,
  "application/x-metaimage": binary,
};

const UploadReference = z.strictObject({ upload: z.string() });
const FilesInJson = z.strictObject({ [FIELD]: z.unknown() });

/**
 * The files of a series that JSON holds or names, or the series of the archive that it refers to.
 *
 * @throws EdgeError `malformed-request` or `validation` for other JSON.
 */
export async function readSeriesJson(
  c: Context,
  limits: SeriesLimits,
): Promise<{ files: JsonFile[] } | z.infer<typeof SeriesByReference>> {
  const sent = await parseInlineFiles(boundedJson(c, limits));
  const body = isObject(sent) ? withoutNulls(sent) : sent;
  const has = (name: string) => isObject(body) && name in body;
  if (has(FIELD)) {
    const { [FIELD]: image } = checkJson(body, FilesInJson, "body");
    const stated = isObject(image) ? withoutNulls(image) : {};
    if ("dicomweb" in stated) {
      return checkJson(stated, SeriesByReference, "body.image");
    }
    const files = Array.isArray(image) ? image : [image];
    return { files: files.map((file) => readJsonFile(file, FIELD)) };
  }
  if (has("dicomweb")) return checkJson(body, SeriesByReference, "body");
  const { upload } = checkJson(body, UploadReference, "body");
  return { files: [{ upload, mediaType: undefined }] };
}

/**
 * Writes a body of any length to a spool as it arrives: the files of a multipart body, or the whole body as one file.
 *
 * @param inJson the files of a JSON body that was read already.
 * @param json the field that a multipart body has beside its files.
 * @throws EdgeError `malformed-request` for a body that is cut short, `too-many-bytes` for one over the limit.
 */
export async function receiveFiles(
  c: Context,
  spool: Spool,
  limits: SeriesLimits,
  { inJson, json }: {
    inJson?: JsonFile[] | undefined;
    json?: SentJson;
  } = {},
): Promise<SentFiles> {
  const stated = Number(c.req.header("content-length") ?? 0);
  if (stated > limits.maxSeriesBytes) throw tooManyBytes(limits);
  const hash = createHash("sha256");
  const files: SeriesFile[] = [];
  let failure: unknown;

  /** Stores one file. */
  const store = async (
    bytes: AsyncIterable<Uint8Array>,
    mediaType: string | undefined,
    name: string | null,
  ) => {
    const start = spool.size;
    for await (const part of bytes) {
      hash.update(part);
      await spool.write(part).catch((error) => {
        failure = error;
        throw error;
      });
    }
    const size = spool.size - start;
    hash.update(` ${size} `);
    files.push({
      file: sectionOf(spool, start, size),
      ...(mediaType !== undefined && { mediaType }),
      name,
    });
  };

  if (mediaTypeOf(c) === "multipart/form-data") {
    const refuse = (message: string) =>
      invalid("body", [{ path: [], message }]);
    const unknown = json === undefined
      ? UNKNOWN
      : `${UNKNOWN}, and ${json.name}, once`;
    let isTaken = false;
    const takeJson = ({ name, take }: SentJson, text: string) => {
      if (isTaken) throw refuse(`has the field ${name} twice`);
      isTaken = true;
      take(text);
    };
    await readMultipart(c, bounded(c, limits), {
      async file(field, bytes, mediaType, name) {
        if (json !== undefined && field === json.name) {
          return takeJson(json, await textOf(bytes, json));
        }
        if (field !== FIELD) throw refuse(unknown);
        await store(bytes, mediaType, name);
      },
      field(name, value) {
        if (json !== undefined && name === json.name) {
          return takeJson(json, value);
        }
        throw refuse(
          name === FIELD ? `has a field ${FIELD} without a file name` : unknown,
        );
      },
      maxParts: limits.maxImages + (json === undefined ? 0 : 1),
      maxFieldBytes: json?.maxBytes ?? MAX_FIELD_BYTES,
    }).catch((error) => {
      // A failure of the disk is not the sender's fault.
      throw failure ?? error;
    });
  } else if (mediaTypeOf(c) === "application/json") {
    for (const file of inJson ?? await readFilesInJson(c, limits)) {
      const bytes = "bytes" in file
        ? ReadableStream.from([file.bytes])
        : uploadsOf(c).stream(file.upload);
      await store(bytes, file.mediaType, null);
    }
  } else {
    await store(bounded(c, limits), mediaTypeOf(c) || undefined, null);
  }
  return { files, digest: hash.digest("hex") };
}

/** The text of a part, or of a body, that is JSON. */
async function textOf(
  bytes: AsyncIterable<Uint8Array>,
  { name, maxBytes }: Pick<SentJson, "name" | "maxBytes">,
): Promise<string> {
  const text = new TextDecoder();
  let read = "";
  let length = 0;
  for await (const part of bytes) {
    length += part.length;
    if (length > maxBytes) {
      const why = `${name} is larger than ${maxBytes} bytes`;
      throw new EdgeError("too-many-bytes", `Cannot read the body: ${why}.`);
    }
    read += text.decode(part, { stream: true });
  }
  return read + text.decode();
}

/** @throws EdgeError `validation` for a series of the archive. */
async function readFilesInJson(c: Context, limits: SeriesLimits) {
  const body = await readSeriesJson(c, limits);
  if ("files" in body) return body.files;
  const message = "is not taken here; send files, or an upload";
  throw invalid("body", [{ path: ["dicomweb"], message }]);
}

/** The bytes of a body of JSON, which is held in memory: up to the limit of one image. */
export function boundedJson(
  c: Context,
  { maxBytes }: SeriesLimits,
) {
  const why =
    `The JSON is larger than ${maxBytes} bytes; send the files as multipart/form-data or as an upload.`;
  return upTo(maxBytes, c, () => new EdgeError("too-many-bytes", why));
}

/** The bytes of any other body as they arrive, up to the limit of a series. */
const bounded = (c: Context, limits: SeriesLimits) =>
  upTo(limits.maxSeriesBytes, c, () => tooManyBytes(limits));

async function* upTo(most: number, c: Context, tooMany: () => EdgeError) {
  let received = 0;
  for await (const part of bytesOf(c)) {
    received += part.length;
    if (received > most) throw tooMany();
    yield part;
  }
}

function tooManyBytes({ maxSeriesBytes }: SeriesLimits): EdgeError {
  const why = `The series is larger than ${maxSeriesBytes} bytes.`;
  return new EdgeError("too-many-bytes", why);
}
