import { type Bytes, concat } from "../../lib/core/bytes.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { MAX_JSON_BYTES } from "./json.ts";

/** The bytes of a base64 text of JSON, or why they cannot be read. */
export class InlineBytes {
  constructor(readonly bytes: Bytes | null, readonly why: string) {}
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
/** Of JSON, RFC 8259 §2. */
const SPACES: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
const KEY = "base64";
/** A longer text is not the key. */
const KEPT = KEY.length + 1;

/**
 * Parses JSON (RFC 8259) as it arrives. The texts of members named `base64` (RFC 4648 §4) are decoded chunk by chunk
 * and become {@linkcode InlineBytes}, so that neither they nor the whole body are ever held as text. Parsers of npm
 * that read by chunks hold each text whole until it ends.
 *
 * @param maxBytes of the rest.
 * @throws EdgeError `malformed-request` for what is not JSON; `too-many-bytes` if the rest is longer.
 */
export async function parseInlineFiles(
  body: AsyncIterable<Uint8Array>,
  maxBytes = MAX_JSON_BYTES,
): Promise<unknown> {
  const text = new BoundedText(maxBytes);
  const files = new Map<string, Base64Text>();
  let place: "outside" | "text" | Base64Text = "outside";
  let isEscaped = false;
  /** The text that was read last, as long as it may be a key. */
  let last = "";
  let isKey = false;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      if (place instanceof Base64Text) {
        const end = chunk.indexOf(QUOTE, at);
        place.add(chunk.subarray(at, end < 0 ? chunk.length : end));
        if (end < 0) break;
        place.end();
        at = end;
        place = "text";
        last = "";
        continue;
      }
      const byte = chunk[at++]!;
      text.add(byte);
      if (place === "text") {
        if (byte === QUOTE && !isEscaped) place = "outside";
        else if (last.length < KEPT) last += String.fromCharCode(byte);
        isEscaped = byte === BACKSLASH && !isEscaped;
      } else if (byte === QUOTE) {
        place = "text";
        isEscaped = false;
        last = "";
        if (isKey) {
          place = new Base64Text();
          const name = crypto.randomUUID();
          files.set(name, place);
          for (const unit of name) text.add(unit.charCodeAt(0));
        }
        isKey = false;
      } else if (byte === COLON) {
        isKey = last === KEY;
      } else if (!SPACES.includes(byte)) {
        isKey = false;
        last = "";
      }
    }
  }
  try {
    return JSON.parse(text.read(), (key, value) => {
      const file = key === KEY ? files.get(value) : undefined;
      return file === undefined ? value : file.read();
    });
  } catch {
    throw new EdgeError(
      "malformed-request",
      "Cannot read the body: it is not JSON.",
    );
  }
}

/** JSON without the files in it. */
class BoundedText {
  #bytes = new Uint8Array(1024);
  #length = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(byte: number): void {
    if (this.#length === this.#bytes.length) {
      if (this.#length >= this.#maxBytes) {
        throw new EdgeError(
          "too-many-bytes",
          `The request body is larger than ${this.#maxBytes} bytes, without the files in it.`,
        );
      }
      const most = Math.min(2 * this.#length, this.#maxBytes);
      const larger = new Uint8Array(most);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  read(): string {
    const bytes = this.#bytes.subarray(0, this.#length);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }
}

/** Escapes of JSON that writers use within base64; others stand for characters that base64 does not have. */
const ESCAPE = /\\(?:u00([0-9a-fA-F]{2})|([/nrt]))/g;
/** Characters of the longest escape. */
const ESCAPE_LENGTH = 6;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A base64 text that comes in pieces. */
class Base64Text {
  readonly #parts: Bytes[] = [];
  /** What does not fill a group of four yet. */
  #rest = "";
  #characters = 0;
  #isEnded = false;
  #why = "";

  /** @param bytes of the JSON text, without its quotation marks. */
  add(bytes: Uint8Array): void {
    if (this.#why !== "") return;
    let text = this.#rest + new TextDecoder("latin1").decode(bytes);
    let open = "";
    const cut = text.lastIndexOf("\\");
    if (cut >= 0) {
      if (cut > text.length - ESCAPE_LENGTH && !isWhole(text.slice(cut))) {
        open = text.slice(cut);
        text = text.slice(0, cut);
      }
      text = text.replace(
        ESCAPE,
        (_, code, short) =>
          code !== undefined
            ? String.fromCharCode(parseInt(code, 16))
            : short === "/"
            ? "/"
            : "",
      );
    }
    const whole = text.length - text.length % 4;
    this.#decode(text.slice(0, whole));
    this.#rest = text.slice(whole) + open;
  }

  end(): void {
    this.#decode(this.#rest);
  }

  read(): InlineBytes {
    return this.#why === ""
      ? new InlineBytes(concat(this.#parts), "")
      : new InlineBytes(null, this.#why);
  }

  #decode(text: string): void {
    if (text === "" || this.#why !== "") return;
    if (this.#characters === 0 && text.startsWith("data:")) {
      this.#why =
        'is a data URI: send what follows "base64," in it, and its type as `mediaType`';
      return;
    }
    const before = this.#characters;
    this.#characters += text.length;
    try {
      // The decoder skips spaces, which would shift the groups of four.
      if (this.#isEnded || !BASE64.test(text)) throw new SyntaxError();
      this.#isEnded = text.endsWith("=");
      this.#parts.push(Uint8Array.fromBase64(text));
    } catch {
      const wrong = text.search(/[^A-Za-z0-9+/]/);
      const at = before + (wrong < 0 ? text.length : wrong) + 1;
      this.#why =
        `is not base64 (RFC 4648, section 4; not its URL-safe form) at character ${at}`;
    }
  }
}

/** Whether an escape that ends a piece of text is complete. */
function isWhole(escape: string): boolean {
  return escape[1] === "u"
    ? escape.length >= ESCAPE_LENGTH
    : escape.length >= 2;
}
