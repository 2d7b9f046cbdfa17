import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Context } from "hono";

/** Of a multipart body (RFC 2046 §5.1.1). */
const BOUNDARY = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i;

/**
 * Identifies a request by its method, address, media types and body. The boundary of a multipart body counts for
 * nothing: a client that sends the same form again makes a new one.
 */
export class Fingerprint {
  readonly #hash = createHash("sha256");
  readonly #needle: Buffer | null;
  #rest: Uint8Array = new Uint8Array();

  constructor({ req }: Context) {
    const type = req.header("content-type") ?? "";
    const [, quoted, plain] = BOUNDARY.exec(type) ?? [];
    const boundary = quoted ?? plain;
    this.#needle = boundary === undefined ? null : Buffer.from(boundary);
    const { search } = new URL(req.url);
    const head = [
      ...[req.method, req.path, search, req.header("accept") ?? ""],
      type.replace(BOUNDARY, ""),
    ];
    this.#hash.update(JSON.stringify(head));
  }

  update(bytes: Uint8Array): void {
    if (this.#needle === null) {
      this.#hash.update(bytes);
      return;
    }
    const needle = this.#needle;
    let data = Buffer.concat([this.#rest, bytes]);
    for (let at; (at = data.indexOf(needle)) >= 0;) {
      this.#hash.update(data.subarray(0, at)).update("-");
      data = data.subarray(at + needle.length);
    }
    // The boundary may begin at the end of this piece.
    const known = Math.max(0, data.length - needle.length + 1);
    this.#hash.update(data.subarray(0, known));
    this.#rest = data.subarray(known);
  }

  /** SHA-256, hex. */
  digest(): string {
    return this.#hash.update(this.#rest).digest("hex");
  }
}
