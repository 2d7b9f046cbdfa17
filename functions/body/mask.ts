import type { z } from "@hono/zod-openapi";
import type { Bytes } from "../../lib/core/bytes.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import { Rle } from "../contract/masks.ts";
import { type Field, file, jsonField } from "./form.ts";

type MaskFile = InputFile & { bytes: Bytes };
export type RunLengths = z.output<typeof Rle>;

/** A mask of a form: an image file, or the run lengths of an answer's `mask`, as text or as a file. */
export function maskField(description: string): Field<MaskFile | RunLengths> {
  const image = file(description);
  const lengths = jsonField("Rle", Rle);
  return {
    ...image,
    read(value, name) {
      const bytes = typeof value === "string"
        ? new TextEncoder().encode(value)
        : value?.bytes ?? [];
      const first = bytes.find((byte) => !SPACES.includes(byte));
      return (first === BRACE ? lengths : image).read(value, name);
    },
  };
}

/** Of JSON, RFC 8259 §2. No image file begins with them and a brace. */
const SPACES: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];
const BRACE = 0x7b;

/** Whether a mask of a form is one of run lengths. */
export function isRunLengths(
  mask: InputFile | RunLengths | undefined,
): mask is RunLengths {
  return mask !== undefined && "counts" in mask;
}
