import { z } from "@hono/zod-openapi";
import { Receipt } from "../../../lib/receipt/receipt.ts";
import { MODEL } from "../../contract/answers.ts";
import { MASK, MaskBody } from "../../contract/masks.ts";
import { FaultDocument } from "../../contract/problems.ts";

const digest = (digit: string) => digit.repeat(64);
export const RECEIPT = {
  id: digest("5"),
  format: 1,
  model: MODEL,
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

// Made anew: zod may have made the schema of `lib` before it was extended with OpenAPI.
export const ReceiptDocument = z.strictObject(Receipt.shape).openapi(
  "Receipt",
  {
    description:
      "What an answer was made of, to be replayed. `id` is the sha256 of the rest as canonical JSON (RFC 8785), " +
      'which finds mistakes but is not a signature; `mask.sha256` is that of `{"counts","size"}`. It names no patient.',
    example: RECEIPT,
  },
);

/** A replay that gave the identical mask. */
export const ReplayDocument = z.object({
  identical: z.literal(true),
  mask: MaskBody,
  notes: z.array(FaultDocument).describe(
    "What differs from the receipt and made no difference: runtime, versions, another file of the same pixels",
  ),
}).openapi("Replay", {
  example: {
    identical: true,
    mask: MASK,
    notes: [{
      path: "receipt.runtime.threads",
      message: "runtime.threads is 1, was 2",
      expected: "2",
      actual: "1",
    }],
  },
});
