import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
// @ts-types="./busboy.d.ts"
import { Busboy, type BusboyEvents } from "@fastify/busboy";
import type { Context } from "hono";
import { EdgeError } from "../../lib/errors.ts";
import type { SeriesFile, SeriesLimits } from "../../lib/series/series.ts";
import { partOf, type Spool } from "../../lib/series/spool.ts";
import { mediaTypeOf } from "./body.ts";
import { RequestError } from "./problem.ts";
import { invalid } from "./router.ts";

/** The files of a body, and what tells them from any others. */
export interface SentFiles {
  files: SeriesFile[];
  /** sha256 over the files' bytes and lengths, hex. */
  digest: string;
}

type UploadLimits = Pick<SeriesLimits, "maxSeriesBytes" | "maxImages">;

/**
 * Writes a body of any length to a spool as it comes: the files of a multipart body, each a field
 * `image`, or the whole body as one file.
 *
 * @throws RequestError for a body that is cut short, EdgeError `too-many-bytes` for one over the limit.
 */
export async function receiveFiles(
  c: Context,
  spool: Spool,
  limits: UploadLimits,
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
    files.push({ file: partOf(spool, start, size), mediaType, name });
  };

  if (mediaTypeOf(c) === "multipart/form-data") {
    await eachFile(c, bounded(c, limits), store, limits).catch((error) => {
      // What the disk refuses is not the sender's fault.
      throw failure ?? error;
    });
  } else {
    await store(bounded(c, limits), mediaTypeOf(c) || undefined, null);
  }
  return { files, digest: hash.digest("hex") };
}

type Store = (
  bytes: AsyncIterable<Uint8Array>,
  mediaType: string | undefined,
  name: string | null,
) => Promise<void>;

/** Stores the files of a multipart body one after the other. */
async function eachFile(
  c: Context,
  body: AsyncIterable<Uint8Array>,
  store: Store,
  { maxImages }: UploadLimits,
): Promise<void> {
  let stored = Promise.resolve();
  let count = 0;
  let parser: Busboy;
  const refuse = (message: string) => {
    const faults = [{ path: [], message }];
    parser.destroy(invalid("body", faults));
  };
  try {
    parser = new Busboy({
      headers: { "content-type": c.req.header("content-type")! },
      limits: { fields: 1, fieldSize: 1024 },
    });
  } catch {
    throw unreadable("its content type names no boundary");
  }
  const onField: BusboyEvents["field"] = (name) =>
    refuse(
      name === "image"
        ? "has a field image without a file name"
        : "has an unknown field; it takes image, many times",
    );
  const onFile: BusboyEvents["file"] = (field, stream, name, _, mediaType) => {
    // Whoever reads it meets its errors; one that nobody reads any more must not end the process.
    stream.on("error", () => {});
    if (field !== "image") {
      return refuse("has an unknown field; it takes image, many times");
    }
    if (++count > maxImages) return refuse(`has more than ${maxImages} images`);
    // The parser says text/plain of a part that states no type, and no image is text.
    const declared = mediaType === "text/plain" ? undefined : mediaType;
    stored = stored.then(() => store(stream, declared, name || null));
    stored.catch((error) => parser.destroy(error));
  };
  parser.on("field", onField).on("file", onFile);
  try {
    await pipeline(Readable.from(body), parser);
    await stored;
  } catch (error) {
    if (error instanceof RequestError || error instanceof EdgeError) {
      throw error;
    }
    throw unreadable("it is not whole multipart");
  }
}

/** The body's bytes as they come, up to the limit. */
async function* bounded(c: Context, limits: UploadLimits) {
  let received = 0;
  try {
    for await (const part of c.req.raw.body ?? []) {
      received += part.length;
      if (received > limits.maxSeriesBytes) throw tooManyBytes(limits);
      yield part as Uint8Array<ArrayBuffer>;
    }
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw unreadable("the connection ended before it");
  }
}

function unreadable(why: string): RequestError {
  return new RequestError("malformed-request", `Cannot read the body: ${why}.`);
}

function tooManyBytes({ maxSeriesBytes }: UploadLimits): EdgeError {
  const why = `The series is larger than ${maxSeriesBytes} bytes.`;
  return new EdgeError("too-many-bytes", why);
}
