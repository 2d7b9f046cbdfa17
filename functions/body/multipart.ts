import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as turn } from "node:timers/promises";
// @ts-types="./busboy.d.ts"
import { Busboy, type BusboyEvents } from "@fastify/busboy";
import type { Context } from "hono";
import { EdgeError } from "../../lib/core/errors.ts";
import { invalid } from "../contract/problems.ts";

/** Takes the parts of a body in their order; either function may throw to refuse the body. */
export interface PartReader {
  /** The next part waits until this one is taken. */
  file(
    field: string | undefined,
    bytes: AsyncIterable<Uint8Array>,
    mediaType: string | undefined,
    name: string | null,
  ): Promise<void>;
  field(name: string | undefined, value: string): void;
  /** Most parts of a body; one more is refused unread. */
  maxParts: number;
  /** Most bytes of a part that is not a file. */
  maxFieldBytes: number;
}

/** Bytes that are parsed between two turns of the event loop. */
const CHUNK = 65_536;

/**
 * How often the event loop may turn, so many milliseconds apart, while the parser is silent although nobody keeps it
 * waiting: on some broken bodies it waits for ever. A busy machine turns less often, and so has more time.
 */
const [STALL_TURNS, TURN_MS] = [30, 50];

/** Most bytes and lines of the headers of a part: its name, its file's name, its type. */
const HEAD = { headerSize: 4096, headerPairs: 16 };

/**
 * Parses a multipart body as it arrives (RFC 7578). No byte is parsed twice, and the event loop turns between any two
 * chunks, whatever they hold.
 *
 * @throws EdgeError for a body that is cut short or has too many parts, and what `parts` throws.
 */
export async function readMultipart(
  c: Context,
  body: AsyncIterable<Uint8Array>,
  parts: PartReader,
): Promise<void> {
  let taken = Promise.resolve();
  let parser: Busboy;
  const { maxParts, maxFieldBytes } = parts;
  try {
    parser = new Busboy({
      headers: { "content-type": c.req.header("content-type")! },
      limits: { parts: maxParts, fieldSize: maxFieldBytes, ...HEAD },
    });
  } catch {
    throw unreadable("its content type has no boundary");
  }
  let open: Readable | undefined;
  const refuse = (error: unknown) => {
    open?.destroy();
    parser.destroy(error as Error);
  };
  const stall = watchStall(() => refuse(new Error("The parser stalled.")));
  async function* given() {
    for await (const chunk of body) {
      stall.begin();
      yield chunk;
      stall.end();
    }
    stall.begin();
  }
  async function* read(stream: Readable) {
    stall.resume();
    try {
      for await (const chunk of stream) {
        stall.pause();
        yield chunk;
        stall.resume();
      }
    } finally {
      stall.pause();
    }
  }
  const onField: BusboyEvents["field"] = (name, value, _, isCut) => {
    try {
      if (isCut) {
        const why = `a field is larger than ${maxFieldBytes} bytes`;
        throw new EdgeError("too-many-bytes", `Cannot read the body: ${why}.`);
      }
      parts.field(name, value);
    } catch (error) {
      refuse(error);
    }
  };
  const onFile: BusboyEvents["file"] = (field, stream, name, _, mediaType) => {
    // Its reader gets its errors; those of a stream that is no longer read must not end the process.
    stream.on("error", () => {});
    // The parser gives text/plain for a part that states no type, and no image is text.
    const declared = mediaType === "text/plain" ? undefined : mediaType;
    taken = taken.then(() => {
      open = stream;
      // What is done with a part, but for the wait for its bytes, is not the parser's time.
      stall.pause();
      return parts.file(field, read(stream), declared, name || null)
        .finally(stall.resume);
    });
    taken.catch(refuse);
  };
  const onTooMany = () => {
    const message = `has more than ${maxParts} parts`;
    refuse(invalid("body", [{ path: [], message }]));
  };
  parser.on("field", onField).on("file", onFile).on("partsLimit", onTooMany);
  try {
    await pipeline(Readable.from(given()), parser);
    await taken;
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw unreadable("it is not a complete multipart body");
  } finally {
    stall.stop();
  }
}

/** Calls back when the parser was silent for too long between `begin` and `end`, but for pauses. */
function watchStall(onStall: () => void) {
  let [isBegun, isPaused, silent] = [false, false, 0];
  const timer = setInterval(() => {
    silent = isBegun && !isPaused ? silent + 1 : 0;
    if (silent === STALL_TURNS) onStall();
  }, TURN_MS);
  return {
    begin: () => (isBegun = true, silent = 0),
    end: () => isBegun = false,
    pause: () => isPaused = true,
    resume: () => (isPaused = false, silent = 0),
    stop: () => clearInterval(timer),
  };
}

/** The bytes of a body as they arrive. @throws EdgeError `malformed-request` when the connection ends early. */
export async function* bytesOf(c: Context): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      for (let at = 0; at < chunk.length; at += CHUNK) {
        yield chunk.subarray(at, at + CHUNK);
        await turn();
      }
    }
  } catch {
    throw unreadable("the connection ended too early");
  }
}

function unreadable(why: string): EdgeError {
  return new EdgeError("malformed-request", `Cannot read the body: ${why}.`);
}
