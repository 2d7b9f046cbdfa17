import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Receipt } from "../../../lib/receipt/receipt.ts";
import { header } from "../../contract/header.ts";

/** Longest header that holds a receipt; more could be refused on the way. */
const MAX_HEADER = 6000;

const digest = (digit: string) => digit.repeat(64);
export const RECEIPT = {
  id: digest("5"),
  format: 1,
  model: { id: "nano", digest: "93".repeat(32) },
  input: {
    kind: "image",
    sha256: digest("1"),
    frame: null,
    width: 384,
    height: 384,
    embedding: digest("2"),
  },
  profile: {
    label: "target",
    digest: digest("3"),
    references: [{ reference: "visit-1", sha256: digest("3") }],
  },
  parameters: {
    recipe: "medical",
    parts: [1, 2, 3, 4, 5],
    negatives: [1],
    guided: false,
    passes: 3,
    position: null,
  },
  runtime: {
    name: "wasm",
    onnxruntime: "1.30.0",
    threads: 2,
    encoder: "local",
    deno: "2.9.6",
    v8: "14.9.207.2-rusty",
    platform: "x86_64-unknown-linux-gnu",
  },
  version: "0.1.0",
  mask: { sha256: digest("4"), area: 2814 },
};

// A schema that was made before OpenAPI was taught to zod, as this may have been, knows nothing of it.
export const ReceiptDocument = z.strictObject(Receipt.shape).openapi(
  "Receipt",
  {
    description:
      "What an answer was made of, to be replayed. `id` is the sha256 of the rest as canonical JSON (RFC 8785), " +
      'which finds mistakes and is no signature; `mask.sha256` that of `{"counts","size"}`. It names no patient.',
    example: RECEIPT,
  },
);

/** Headers of an answer whose body is a mask alone. */
export const receiptHeaders = {
  "x-receipt": header(
    `Of an answer other than JSON: its receipt's JSON in base64url; left out above ${MAX_HEADER} characters`,
  ),
  "x-receipt-id": header("Of an answer other than JSON: its receipt's id"),
};

/** Puts a receipt into the headers. */
export function sendReceipt(c: Context, receipt: Receipt): void {
  c.header("x-receipt-id", receipt.id);
  const text = new TextEncoder().encode(JSON.stringify(receipt))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  if (text.length <= MAX_HEADER) c.header("x-receipt", text);
}
