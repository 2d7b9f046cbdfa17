import { z } from "@hono/zod-openapi";
import { NAME } from "../../lib/model/name.ts";
import { RECIPE_NAMES } from "../../lib/pipeline/recipe.ts";
import { PROBLEMS } from "./problem.ts";

/** Ids that appear in URLs: letters, digits and `._~-`, at most 128. */
const id = (name: string, example: string) =>
  z.string()
    .regex(
      /^[A-Za-z0-9._~-]{1,128}$/,
      "must be 1 to 128 letters, digits, or . _ ~ -",
    )
    .refine((text) => text !== "." && text !== "..", "must not be . or ..")
    .openapi({ param: { name, in: "path" }, example });

export const PatientParams = z.object({ patient: id("patient", "p-17") });
export const ReferenceParams = PatientParams.extend({
  reference: id("reference", "visit-1"),
});

export const EmbeddingId = z.string()
  .regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits")
  .openapi({ example: "9f".repeat(32) });

export const Label = z.string()
  .transform((text) => text.normalize("NFC").trim())
  .pipe(
    z.string().min(1).max(64).refine(
      (text) => /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._-]*$/u.test(text),
      "must be letters, digits, spaces, or . _ -, the first a letter or digit",
    ),
  )
  .openapi({ type: "string", example: "target" });

const coordinate = z.number().min(0);
export const PointPrompt = z.strictObject({
  x: coordinate,
  y: coordinate,
  label: z.union([z.literal(0), z.literal(1)]),
});
const corners = z.tuple([coordinate, coordinate, coordinate, coordinate])
  .refine(
    ([x0, y0, x1, y1]) => x0 <= x1 && y0 <= y1,
    "must be x0 ≤ x1 and y0 ≤ y1",
  );
const Points = z.array(PointPrompt).max(64);

/** Points and a box that are decoded to a mask. */
export const Prompts = z.strictObject({
  points: Points.default([]),
  box: corners.optional(),
})
  .refine(({ points, box }) => points.length > 0 || box !== undefined, {
    message: "needs at least one point or a box",
  })
  .openapi("Prompts");

export const Rle = z.strictObject({
  size: z.tuple([z.int().positive(), z.int().positive()]),
  counts: z.string().max(4_000_000),
}).openapi("Rle");

export const MaskRequest = z.strictObject({
  embedding: EmbeddingId,
  points: Points.default([]),
  box: corners.optional(),
  mask: Rle.optional(),
}).refine(
  ({ points, box, mask }) =>
    points.length > 0 || box !== undefined || mask !== undefined,
  {
    message: "needs at least one point, a box or a mask",
  },
).openapi("MaskRequest");

const RecipeName = z.enum(RECIPE_NAMES).default("medical");

export const PromptsRequest = z.strictObject({
  embedding: EmbeddingId,
  label: Label.default("target"),
  recipe: RecipeName,
}).openapi("PromptsRequest");

export const EmbeddingReference = z.strictObject({ embedding: EmbeddingId });

/** Which of the served models; the default one where it is not said. */
export const ModelQuery = z.strictObject({
  model: z.string().regex(
    NAME,
    "must be 1 to 128 letters, digits, or . _ -, the first no . or -",
  ).optional().openapi({ description: "Id of a served model" }),
});

export const SegmentQuery = ModelQuery.extend({
  label: Label.default("target"),
  explain: z.enum(["true", "false"]).default("false").transform((text) =>
    text === "true"
  ),
  recipe: RecipeName,
});

/** Long side of a preview at most, pixels. */
export const PreviewQuery = z.strictObject({
  side: z.string().regex(/^\d{1,5}$/, "must be a whole number")
    .transform(Number)
    .refine((side) => side >= 16 && side <= 8192, "must be from 16 to 8192")
    .default(2048)
    .openapi({ type: "integer", description: "Long side at most, pixels" }),
});

const Size = z.object({ width: z.int(), height: z.int() });
const Model = z.object({ id: z.string(), digest: z.string() });

export const EmbeddingDocument = z.object({
  id: EmbeddingId,
  model: Model,
  image: Size,
  expiresAt: z.string(),
}).openapi("Embedding");

export const ReferenceDocument = z.object({
  patient: z.string(),
  reference: z.string(),
  label: z.string(),
  position: z.number().nullable(),
  model: z.string(),
  image: Size,
  patches: z.int(),
  createdAt: z.string(),
}).openapi("Reference");

export const PatientDocument = z.object({
  patient: z.string(),
  references: z.array(ReferenceDocument),
}).openapi("Patient");

const ScoredPoint = z.object({
  x: z.number(),
  y: z.number(),
  label: z.union([z.literal(0), z.literal(1)]),
  similarity: z.number(),
});
const CandidatePrompt = z.object({
  parts: z.int(),
  negatives: z.int(),
  points: z.array(ScoredPoint),
});

export const PromptsDocument = z.object({
  patient: z.string(),
  label: z.string(),
  candidates: z.array(CandidatePrompt.extend({ reference: z.string() })),
}).openapi("CandidatePrompts");

const MaskBody = z.object({
  size: z.tuple([z.int(), z.int()]),
  counts: z.string(),
  area: z.int(),
  box: z.tuple([z.int(), z.int(), z.int(), z.int()]).nullable(),
  polygons: z.array(z.array(z.tuple([z.number(), z.number()]))),
});

export const MaskAnswerDocument = z.object({
  mask: MaskBody,
  predictedIou: z.number(),
  model: Model,
}).openapi("Mask");

const CandidateDocument = CandidatePrompt.extend({
  reference: z.string(),
  distance: z.number().nullable(),
  predictedIou: z.number(),
});

export const SegmentationDocument = z.object({
  patient: z.string(),
  label: z.string(),
  present: z.boolean(),
  mask: MaskBody,
  reference: z.string(),
  parts: z.int(),
  negatives: z.int(),
  points: z.array(ScoredPoint),
  distance: z.number().nullable(),
  predictedIou: z.number(),
  candidates: z.array(CandidateDocument).optional(),
  model: Model,
  timings: z.object({
    encode: z.number(),
    prompt: z.number(),
    decode: z.number(),
    retrieve: z.number(),
  }),
}).openapi("Segmentation");

export const ModelsDocument = z.object({
  models: z.array(Model.extend({
    family: z.string(),
    licence: z.string(),
    source: z.string(),
    trainedOn: z.array(z.string()),
    default: z.boolean(),
  })),
}).openapi("Models");

export const StatusDocument = z.object({
  status: z.string(),
  encode: z.enum(["available", "unavailable"]).optional(),
}).openapi("Status");

export const ProblemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() }))
    .optional(),
}).openapi("Problem");

/** An answer with a JSON body. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** The problem answers a route may give, by status. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries([...new Set([...statuses, 500])].map((status) => [status, {
    description: Object.values(PROBLEMS)
      .filter((problem) => problem.status === status)
      .map(({ title }) => title)
      .join("; "),
    content: { "application/problem+json": { schema: ProblemDocument } },
  }]));

/** Bytes in a body, for the OpenAPI document only. */
export const binary = { schema: { type: "string" as const, format: "binary" } };

/** An image as a request body, for the OpenAPI document: the bytes alone, or the field `image`. */
export const imageBody = {
  "image/png": binary,
  "image/jpeg": binary,
  "image/webp": binary,
  "image/tiff": binary,
  "application/x-safetensors": binary,
  "multipart/form-data": {
    schema: {
      type: "object" as const,
      properties: { image: binary.schema },
      required: ["image"],
    },
  },
};
