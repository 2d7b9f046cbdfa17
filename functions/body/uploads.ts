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
import { parseJson } from "./json.ts";
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
      description: "Either `upload` or `dicomweb`",
      properties: {
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

/**
 * What JSON names in the place of a series' files.
 *
 * @throws EdgeError `malformed-request` or `validation` for other JSON.
 */
export async function readSeriesReference(c: Context) {
  const text = await readShort(c);
  return text.includes('"dicomweb"')
    ? parseJson(text, SeriesByReference, "body")
    : parseJson(text, UploadReference, "body");
}

type UploadLimits = Pick<SeriesLimits, "maxSeriesBytes" | "maxImages">;

/**
 * Writes a body of any length to a spool as it arrives: the files of a multipart body, or the whole body as one file.
 *
 * @param reference of JSON that was read already.
 * @param json the field that a multipart body has beside its files.
 * @throws EdgeError `malformed-request` for a body that is cut short, `too-many-bytes` for one over the limit.
 */
export async function receiveFiles(
  c: Context,
  spool: Spool,
  limits: UploadLimits,
  { reference, json }: {
    reference?: z.infer<typeof UploadReference> | undefined;
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
    const { upload } = reference ??
      parseJson(await readShort(c), UploadReference, "body");
    await store(uploadsOf(c).stream(upload), undefined, null);
  } else {
    await store(bounded(c, limits), mediaTypeOf(c) || undefined, null);
  }
  return { files, digest: hash.digest("hex") };
}

/** The text of a part, or of a body, that is JSON. */
export async function textOf(
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

/** The text of a body that holds names alone. */
async function readShort(c: Context): Promise<string> {
  const limits = { maxSeriesBytes: MAX_FIELD_BYTES, maxImages: 0 };
  return await new Response(ReadableStream.from(bounded(c, limits))).text();
}

/** The body's bytes as they arrive, up to the limit. */
async function* bounded(c: Context, limits: UploadLimits) {
  let received = 0;
  for await (const part of bytesOf(c)) {
    received += part.length;
    if (received > limits.maxSeriesBytes) throw tooManyBytes(limits);
    yield part;
  }
}

function tooManyBytes({ maxSeriesBytes }: UploadLimits): EdgeError {
  const why = `The series is larger than ${maxSeriesBytes} bytes.`;
  return new EdgeError("too-many-bytes", why);
}
