import { Buffer } from "node:buffer";
import { failed } from "./faults.ts";

/** Longest headers of a part, bytes. */
const MAX_HEAD = 16_384;
/** Characters of a boundary (RFC 2046 §5.1.1). */
const BOUNDARY = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/;

/** The boundary that a content type of `multipart/related` states (RFC 2387); null for any other type. */
export function relatedBoundary(contentType: string): string | null {
  if (!/^multipart\/related\s*;/i.test(contentType)) return null;
  const [, quoted, plain] =
    /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? "";
  return BOUNDARY.test(boundary) ? boundary : null;
}

/**
 * The content of the only part of a multipart body (RFC 2046 §5.1), passed on as it arrives; no more than a delimiter
 * is held back. What stands before the first delimiter and behind the last is skipped.
 *
 * Of the libraries, `@remix-run/multipart-parser` 0.16 refuses a line break before the first delimiter and one behind
 * the last that arrives by itself, `dicer` 3.2 cuts long headers unsaid, and `dicomweb-client` 0.11 takes a body that
 * is cut short.
 *
 * @throws EdgeError `archive-failed` for a body that is cut short, has another number of parts, or endless headers.
 */
export async function* onlyPart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Uint8Array> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  const input = new Input(body);
  try {
    await skip(input.until(delimiter), Infinity);
    if (await input.startsWith(CLOSE)) throw damaged("has no part");
    await skip(input.until(HEAD_END), MAX_HEAD);
    yield* input.until(delimiter);
    if (!await input.startsWith(CLOSE)) throw damaged("has several parts");
    await input.drain();
  } finally {
    await input.close();
  }
}

/** Behind a delimiter: no part follows. */
const CLOSE = Buffer.from("--");
const HEAD_END = Buffer.from("\r\n\r\n");

async function skip(bytes: AsyncIterable<Uint8Array>, most: number) {
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > most) throw damaged("has endless headers");
  }
}

/** A body that is taken mark by mark. */
class Input {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What has arrived and is not taken. The first delimiter may stand at the very start, without its line break. */
  #held = Buffer.from("\r\n");

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  async #receive(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw damaged("is cut short");
    this.#held = Buffer.concat([this.#held, value]);
  }

  /** Takes the bytes up to a mark, as they arrive, and the mark. */
  async *until(mark: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      const isFound = at >= 0;
      const end = isFound
        ? at
        : Math.max(0, this.#held.length - mark.length + 1);
      if (end > 0) yield this.#held.subarray(0, end);
      this.#held = this.#held.subarray(isFound ? end + mark.length : end);
      if (isFound) return;
      await this.#receive();
    }
  }

  async startsWith(mark: Buffer): Promise<boolean> {
    while (this.#held.length < mark.length) await this.#receive();
    return this.#held.subarray(0, mark.length).equals(mark);
  }

  async drain(): Promise<void> {
    while (!(await this.#chunks.next()).done);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

const damaged = (how: string) => failed(`its multipart answer ${how}`);
