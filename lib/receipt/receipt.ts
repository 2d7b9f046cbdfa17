import canonicalize from "canonicalize";
import { z } from "zod";
import { hexDigest } from "../core/digest.ts";
import { invalidInput } from "../core/errors.ts";
import type { Rle } from "../format/mask/rle.ts";
import { COMBINE } from "../pipeline/segment.ts";
import { RUNTIMES } from "../runtime/runtime.ts";

const sha256 = z.string().regex(
  /^[0-9a-f]{64}$/,
  "must be 64 lower-case hexadecimal digits",
);
/** A name or version: short, and well-formed, because canonical JSON can hold no other text. */
const word = z.string().min(1).max(128)
  .refine((text) => text.isWellFormed(), "must be well-formed text");
const count = z.int().min(0).max(1_000_000_000);

/** The parameters of the request, and those that its recipe stood for. */
const Parameters = z.strictObject({
  recipe: word,
  /** `parts`, `negatives`, `guided` and `dense` are what the recipe stood for. */
  parts: z.array(count).max(64),
  negatives: z.union([z.array(count).max(64), z.literal("least")]),
  guided: z.boolean(),
  /** Absent where it is false. */
  dense: z.boolean().optional(),
  passes: count,
  /** 0..1 along a series, by which references were chosen; null when none were. */
  position: z.number().min(0).max(1).nullable(),
  /** How several references worked together; absent for one. */
  combine: z.enum(COMBINE).optional(),
});

/** What ran the model. */
const Runtime = z.strictObject({
  name: z.enum(RUNTIMES),
  onnxruntime: word,
  threads: count,
  /** Whether other hosts encoded the image. */
  encoder: z.enum(["local", "remote"]),
  deno: word,
  v8: word,
  /** Processor, vendor and system, as Rust names them. */
  platform: word,
});

/**
 * What an answer was made from, and its mask. Equal provenance gives equal masks. A receipt names no patient: the
 * caller who replays it says whose profile it was.
 */
export const Receipt = z.strictObject({
  /** sha256 over the rest as canonical JSON (RFC 8785), hex. It detects mistakes; it is not a signature. */
  id: sha256,
  format: z.literal(1),
  model: z.strictObject({ id: word, digest: sha256 }),
  input: z.strictObject({
    kind: z.enum(["image", "embedding"]),
    /** Of the image file as it was sent, or of the embedding's safetensors file. */
    sha256,
    /** Of a DICOM image, TIFF file or volume, from 0; null when none was named. */
    frame: count.nullable(),
    /** sha256 of the rules by which the image file was read; absent from older receipts. */
    reading: sha256.optional(),
    /** Size of the image in pixels, in image space. */
    width: count,
    height: count,
    /** sha256 of the embedding's safetensors file. */
    embedding: sha256,
  }),
  profile: z.strictObject({
    label: word,
    /** Revision of the label's references. */
    revision: count.optional(),
    /** sha256 over the profile files, one after the other. */
    digest: sha256,
    /** In the order in which they proposed candidates; `sha256` is of the profile file. */
    references: z.array(z.strictObject({ reference: word, sha256 }))
      .min(1).max(1000),
  }),
  parameters: Parameters,
  runtime: Runtime,
  /** Version of the product. */
  version: word,
  mask: z.strictObject({
    /** Of the canonical JSON of `{"counts","size"}`, COCO's run-length encoding. */
    sha256,
    /** Pixels of the structure. */
    area: count,
  }),
});
export type Receipt = z.infer<typeof Receipt>;
export type Provenance = Omit<Receipt, "id" | "mask">;
/** Id and digest of a model. */
export type ModelIdentity = Receipt["model"];

/**
 * The receipt of an answer.
 *
 * @example
 * ```ts
 * import { rejects } from "node:assert/strict";
 *
 * async function demonstrate(provenance: Provenance) {
 *   const mask = { size: [2, 3] as [number, number], counts: "221O", area: 3 };
 *   const receipt = await writeReceipt(provenance, mask);
 *   await requireUnchanged(receipt);
 *   await rejects(requireUnchanged({ ...receipt, version: "0.2.0" }));
 * }
 * ```
 */
export async function writeReceipt(
  provenance: Provenance,
  { size, counts, area }: Rle & { area: number },
): Promise<Receipt> {
  const mask = { sha256: await digestOf({ size, counts }), area };
  const rest = { ...provenance, mask };
  return { id: await digestOf(rest), ...rest };
}

/** @throws EdgeError `invalid-input` when a receipt was changed after it was written. */
export async function requireUnchanged(
  { id, ...rest }: Receipt,
): Promise<void> {
  const found = await digestOf(rest);
  if (found === id) return;
  throw invalidInput(
    `The receipt was changed after it was written: its id is ${id}, its contents give ${found}.`,
  );
}

/** @throws EdgeError `invalid-input` for a mask that is not the one that the receipt came with. */
export async function requireMaskOf(
  receipt: Receipt,
  { size, counts }: Rle,
): Promise<void> {
  if (await digestOf({ size, counts }) === receipt.mask.sha256) return;
  throw invalidInput(
    "The receipt is of another mask; leave it out for a mask that was corrected.",
  );
}

/** sha256 of a value's canonical JSON (RFC 8785), hex. */
function digestOf(value: unknown): Promise<string> {
  return hexDigest(new TextEncoder().encode(canonicalize(value)));
}
