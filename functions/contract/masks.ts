import { z } from "@hono/zod-openapi";
import { compressCounts } from "../../lib/format/mask/rle.ts";

/** A list of fixed length for generators of clients, which understand `items` but not `prefixItems`. */
export const list = (
  type: "integer" | "number",
  length: number,
  description: string,
) => ({
  type: "array" as const,
  items: { type },
  minItems: length,
  maxItems: length,
  description,
});

export const BOX = "Inclusive corners x0, y0, x1, y1 in pixels";
const SIZE = list("integer", 2, "Height and width in pixels");
const COUNTS = "COCO compressed run-length encoding";
/** Characters of a compressed encoding in a request, at most. */
const MAX_TEXT = 4_000_000;

/** A mask in an answer, without its outline. */
export const maskFields = {
  size: z.tuple([z.int(), z.int()]).openapi(SIZE),
  counts: z.string().openapi({ description: COUNTS }),
  area: z.int().describe("Pixels of the structure"),
};

const BOX_OR_NULL = {
  ...list("integer", 4, `${BOX}; null for an empty mask`),
  type: ["array" as const, "null" as const],
};
const RINGS = "Rings to fill by the even-odd rule";

/** A mask in an answer. */
export const MaskBody = z.object({
  ...maskFields,
  box: z.tuple([z.int(), z.int(), z.int(), z.int()]).nullable()
    .openapi(BOX_OR_NULL),
  polygons: z.array(
    z.array(
      z.tuple([z.number(), z.number()]).openapi(list("number", 2, "x, y")),
    ),
  ).describe(RINGS),
}).openapi("MaskBody");

/** Runs of an uncompressed encoding, at most. */
const MAX_RUNS = 2_000_000;

/** Run lengths as COCO writes them, compressed or not; a list is told at its first fault, however long it is. */
const Counts = z.unknown().transform((counts, context): string | number[] => {
  const refuse = (message: string, ...path: number[]) => {
    context.addIssue({ code: "custom", message, path });
    return z.NEVER;
  };
  if (typeof counts === "string") {
    return counts.length <= MAX_TEXT
      ? counts
      : refuse(`must have at most ${MAX_TEXT} characters`);
  }
  if (!Array.isArray(counts)) {
    return refuse("must be text or an array of whole numbers");
  }
  if (counts.length > MAX_RUNS) {
    return refuse(`must have at most ${MAX_RUNS} runs`);
  }
  const wrong = counts.findIndex((run) =>
    !Number.isSafeInteger(run) || run < 0
  );
  return wrong < 0 ? counts : refuse("must be a whole number from 0", wrong);
}).openapi({
  anyOf: [
    { type: "string", maxLength: MAX_TEXT },
    {
      type: "array",
      items: { type: "integer", minimum: 0 },
      maxItems: MAX_RUNS,
    },
  ],
  description:
    `${COUNTS}, or the lengths themselves, column by column, the first outside`,
});

/** What an answer says of a mask besides its pixels; taken, whatever it is, and not used. */
const unused = z.unknown().optional();

/** A mask in a request, which may be that of an answer. */
export const Rle = z.strictObject({
  size: z.tuple([z.int().positive(), z.int().positive()]).openapi(SIZE),
  counts: Counts,
  area: unused.openapi({ type: "integer" }),
  box: unused.openapi(BOX_OR_NULL),
  polygons: unused.openapi({
    type: "array",
    items: { type: "array", items: list("number", 2, "x, y") },
    description: RINGS,
  }),
}).openapi("Rle", {
  description: `${COUNTS}; the \`mask\` of an answer is one`,
}).transform(({ size, counts }, context) => {
  if (typeof counts === "string") return { size, counts };
  const sum = counts.reduce((sum, run) => sum + run, 0);
  if (sum !== size[0] * size[1]) {
    const message = `must add up to ${size[0]} × ${size[1]} pixels, not ${sum}`;
    context.addIssue({ code: "custom", message, path: ["counts"] });
    return z.NEVER;
  }
  return { size, counts: compressCounts(counts) };
});

export const MASK = {
  size: [384, 384],
  counts: "Shf29e;5K5L3L4M3M3M2N2N2",
  area: 2814,
  box: [231, 113, 296, 166],
  polygons: [[[270.5, 166], [275.5, 166], [276.5, 165]]],
};
