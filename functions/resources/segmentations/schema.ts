import { z } from "@hono/zod-openapi";
import { type Code, parseCode } from "../../../lib/dicom/segmentation/write.ts";
import { NAME } from "../../../lib/model/name.ts";
import { RECIPE_NAMES } from "../../../lib/pipeline/recipe.ts";
import { Accepted, DriftDocument } from "../../contract/accepted.ts";
import { passes, why } from "../../contract/passes.ts";
import { PROBLEMS } from "../../contract/problems.ts";
import { RECEIPT, ReceiptDocument } from "../receipts/schema.ts";
import {
  ChoiceQuery,
  PositionQuery,
  PROFILE_USED,
  ProfileUsed,
} from "../../contract/references_used.ts";
import {
  EnrolmentReportDocument,
  PRESENCE,
  presenceFields,
  REPORT,
} from "../references/schema.ts";

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
const LabelOrTarget = Label.default("target").openapi({
  type: "string",
  default: "target",
  description: "Name of the structure",
});

/** A list of fixed length as generators of clients understand it: they know `items`, not `prefixItems`. */
const list = (type: "integer" | "number", length: number, what: string) => ({
  type: "array" as const,
  items: { type },
  minItems: length,
  maxItems: length,
  description: what,
});
const BOX = "Inclusive corners x0, y0, x1, y1 in pixels";
const PointLabel = z.union([z.literal(0), z.literal(1)]).openapi({
  type: "integer",
  anyOf: undefined,
  enum: [0, 1],
  description: "1 is inside the structure, 0 outside",
});

const coordinate = z.number().min(0);
export const PointPrompt = z.strictObject({
  x: coordinate,
  y: coordinate,
  label: PointLabel,
}).openapi("PointPrompt", { example: { x: 242, y: 138, label: 1 } });
const corners = z.tuple([coordinate, coordinate, coordinate, coordinate])
  .refine(
    ([x0, y0, x1, y1]) => x0 <= x1 && y0 <= y1,
    "must be x0 ≤ x1 and y0 ≤ y1",
  )
  .openapi({ ...list("number", 4, BOX), example: [212, 114, 270, 162] });
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
  size: z.tuple([z.int().positive(), z.int().positive()])
    .openapi(list("integer", 2, "Height and width in pixels")),
  counts: z.string().max(4_000_000),
}).openapi("Rle", { description: "COCO compressed run-length encoding" });

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
  label: LabelOrTarget,
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

/** A whole number from 0 as text. */
export const FrameNumber = z.string().regex(
  /^\d{1,6}$/,
  "must be a whole number from 0",
).transform(Number).optional().openapi({
  type: "integer",
  description:
    "Frame of a DICOM image or slice of a NIfTI volume, from 0; the first of a DICOM image",
});

/** Which model, and which frame of the image. */
export const EmbedQuery = ModelQuery.extend({ frame: FrameNumber });

/** A coded concept as `value:scheme:meaning`. */
const CodedConcept = z.string().transform((text, context): Code => {
  const code = parseCode(text);
  if (code !== null) return code;
  context.addIssue({
    code: "custom",
    message: "must be value:scheme:meaning, as 10200004:SCT:Liver",
  });
  return z.NEVER;
});
const concept = (description: string) =>
  CodedConcept.optional().openapi({
    type: "string",
    example: "10200004:SCT:Liver",
    description: `Of a DICOM answer: ${description}, as value:scheme:meaning`,
  });

/** A number of a revision as text. */
export const RevisionNumber = z.string()
  .regex(/^[1-9]\d{0,8}$/, "must be a whole number from 1")
  .transform(Number)
  .openapi({ type: "integer", description: "Number of a revision" });

/** What is segmented, and how it is answered. */
const segmentOptions = {
  label: LabelOrTarget,
  explain: z.enum(["true", "false"]).default("false")
    .transform((text) => text === "true")
    .openapi({
      type: "boolean",
      enum: undefined,
      default: false,
      description:
        "Whether every candidate is told, its mask after every pass, and why the winner won",
    }),
  recipe: RecipeName,
};

/** What a DICOM segmentation says of its segment. */
const segmentCodes = {
  category: concept("segmented property category; Tissue where left out"),
  property: concept("segmented property type; Tissue where left out"),
  region: concept("anatomic region"),
};

export const SegmentQuery = EmbedQuery.extend({
  ...segmentOptions,
  references: ChoiceQuery,
  position: PositionQuery,
  revision: RevisionNumber.optional().openapi({
    type: "integer",
    description: "Of the label's references; the newest where left out",
  }),
  ...segmentCodes,
});

/** Of which frame a mask is, and what to call its segment. */
export const ExportQuery = z.strictObject({
  label: LabelOrTarget,
  frame: FrameNumber,
  ...segmentCodes,
});

export const SeriesQuery = ModelQuery.extend({
  ...segmentOptions,
  cursor: z.string().max(64).optional().openapi({
    description: "The cursor of the last line that came whole",
  }),
});

/** How large a preview is at most, and of which frame. */
export const PreviewQuery = z.strictObject({
  side: z.string().regex(/^\d{1,5}$/, "must be a whole number")
    .transform(Number)
    .refine((side) => side >= 16 && side <= 8192, "must be from 16 to 8192")
    .default(2048)
    .openapi({ type: "integer", description: "Long side at most, pixels" }),
  frame: FrameNumber,
});

const Size = z.object({ width: z.int(), height: z.int() })
  .openapi("ImageSize", { example: { width: 384, height: 384 } });
const Model = z.object({ id: z.string(), digest: z.string() })
  .openapi("ModelName", { example: { id: "nano", digest: "93".repeat(32) } });

export const EmbeddingDocument = z.object({
  id: EmbeddingId,
  model: Model,
  image: Size,
  expiresAt: z.iso.datetime(),
}).openapi("Embedding", {
  example: {
    id: "9f".repeat(32),
    model: { id: "nano", digest: "93".repeat(32) },
    image: { width: 384, height: 384 },
    expiresAt: "2026-11-25T09:44:35.362Z",
  },
});

/** An example. */
export const REFERENCE = {
  patient: "p-17",
  reference: "visit-1",
  label: "target",
  position: null,
  model: "93".repeat(32),
  image: { width: 384, height: 384 },
  patches: 47,
  report: REPORT,
  createdAt: "2026-11-24T09:44:35.362Z",
};

export const ReferenceDocument = z.object({
  patient: z.string(),
  reference: z.string(),
  label: z.string(),
  position: z.number().nullable().openapi({
    description: "Position along a volume, 0 to 1",
  }),
  model: z.string().openapi({ description: "Digest of the model" }),
  image: Size,
  patches: z.int().openapi({ description: "Annotated patches" }),
  report: EnrolmentReportDocument.nullable().openapi({
    description:
      "How far the reference finds itself again; null for one that was enrolled before reports",
  }),
  createdAt: z.iso.datetime(),
  accepted: Accepted.optional().openapi({
    description: "Of an accepted result alone",
  }),
  drift: DriftDocument.optional().openapi({
    description: "Of an accepted result alone",
  }),
}).openapi("Reference", { example: REFERENCE });

const ScoredPoint = z.object({
  x: z.number(),
  y: z.number(),
  label: PointLabel,
  similarity: z.number(),
}).openapi("ScoredPoint");
const candidatePrompt = {
  parts: z.int(),
  negatives: z.int(),
  points: z.array(ScoredPoint),
};
const POINTS = [
  { x: 266, y: 157, label: 1, similarity: 0.8989014529726027 },
  { x: 351, y: 49, label: 0, similarity: 0.6786726254990478 },
];

export const PromptsDocument = z.object({
  patient: z.string(),
  label: z.string(),
  candidates: z.array(
    z.object({ ...candidatePrompt, reference: z.string() })
      .openapi("CandidatePrompt"),
  ),
}).openapi("CandidatePrompts", {
  example: {
    patient: "p-17",
    label: "target",
    candidates: [{
      parts: 1,
      negatives: 1,
      points: POINTS,
      reference: "visit-1",
    }],
  },
});

export const MaskBody = z.object({
  size: z.tuple([z.int(), z.int()])
    .openapi(list("integer", 2, "Height and width in pixels")),
  counts: z.string().openapi({
    description: "COCO compressed run-length encoding",
  }),
  area: z.int().openapi({ description: "Pixels of the structure" }),
  box: z.tuple([z.int(), z.int(), z.int(), z.int()]).nullable().openapi({
    ...list("integer", 4, `${BOX}; null for an empty mask`),
    type: ["array", "null"],
  }),
  polygons: z.array(
    z.array(
      z.tuple([z.number(), z.number()]).openapi(list("number", 2, "x, y")),
    ),
  ).openapi({ description: "Rings to fill by the even-odd rule" }),
}).openapi("MaskBody");
export const MASK = {
  size: [384, 384],
  counts: "Shf29e;5K5L3L4M3M3M2N2N2",
  area: 2814,
  box: [231, 113, 296, 166],
  polygons: [[[270.5, 166], [275.5, 166], [276.5, 165]]],
};
const MODEL = { id: "nano", digest: "93".repeat(32) };

export const MaskAnswerDocument = z.object({
  mask: MaskBody,
  predictedIou: z.number(),
  model: Model,
}).openapi("Mask", {
  example: { mask: MASK, predictedIou: 0.917, model: MODEL },
});

const CandidateDocument = z.object({
  ...candidatePrompt,
  reference: z.string(),
  distance: z.number().nullable().openapi({
    description:
      "Solved for every candidate, none ruled out by a bound; null for an empty mask",
  }),
  predictedIou: z.number(),
  passes,
}).openapi("Candidate");

const SEGMENTATION = {
  patient: "p-17",
  label: "target",
  ...PRESENCE,
  mask: MASK,
  reference: "visit-1",
  parts: 1,
  negatives: 1,
  points: POINTS,
  distance: 21.5337368154352,
  predictedIou: 0.9173192381858826,
  profile: PROFILE_USED,
  model: MODEL,
  timings: {
    encode: 450.8,
    prompt: 127.1,
    decode: 1123.1,
    retrieve: 26.1,
    judge: 6.2,
  },
  receipt: RECEIPT,
};

export const SegmentationDocument = z.object({
  patient: z.string(),
  label: z.string(),
  ...presenceFields,
  mask: MaskBody,
  reference: z.string().openapi({
    description:
      "The one whose prototypes won; * where they are those of all together",
  }),
  parts: z.int(),
  negatives: z.int(),
  points: z.array(ScoredPoint),
  distance: z.number().nullable().openapi({
    description:
      "Earth mover's distance to the annotated patches, of pooled references one that they have in common; null for an empty mask",
  }),
  predictedIou: z.number(),
  candidates: z.array(CandidateDocument).optional().openapi({
    description: "With explain alone",
  }),
  why,
  profile: ProfileUsed,
  model: Model,
  timings: z.object({
    encode: z.number(),
    prompt: z.number(),
    decode: z.number(),
    retrieve: z.number(),
    judge: z.number(),
  }).openapi("Timings", { description: "Milliseconds" }),
  receipt: ReceiptDocument,
}).openapi("Segmentation", { example: SEGMENTATION });

export const ModelsDocument = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      digest: z.string(),
      family: z.string(),
      licence: z.string(),
      source: z.string(),
      trainedOn: z.array(z.string()),
      default: z.boolean(),
    }).openapi("Model"),
  ),
}).openapi("Models", {
  example: {
    models: [{
      ...MODEL,
      family: "nano",
      licence: "MIT",
      source: "models/nano",
      trainedOn: ["generated images"],
      default: true,
    }],
  },
});

export const StatusDocument = z.object({
  status: z.string(),
  encode: z.enum(["available", "unavailable"]).optional(),
}).openapi("Status", { example: { status: "ok" } });

const PROBLEM = {
  type: "/problems/not-found",
  title: "Not found",
  status: 404,
  detail: 'There is no patient "p-18"; enrol a reference first.',
  instance: "9ab6d1fc-06fa-4d14-90d8-1c84b6ed0283",
};

/** What is wrong in one place, or differs from a receipt. */
export const FaultDocument = z.object({
  path: z.string(),
  message: z.string(),
  expected: z.string().optional().openapi({
    description: "What a receipt states",
  }),
  actual: z.string().optional().openapi({
    description: "What was found instead",
  }),
}).openapi("Fault");

export const ProblemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string().openapi({ description: "The request's id" }),
  errors: z.array(
    FaultDocument,
  ).optional(),
}).openapi("Problem", { description: "RFC 9457", example: PROBLEM });

/** What every line of a series says of its image, and either `segmentation` or `problem`. */
export const SeriesLine = z.object({
  index: z.int().min(0).openapi({ description: "From 0" }),
  total: z.int().min(1),
  position: z.number().min(0).max(1).openapi({
    description: "Along the series, or along the volume where its files say",
  }),
  name: z.string().nullable().openapi({
    description: "What the sender called the file",
  }),
  cursor: z.string().openapi({ description: "Goes on behind this line" }),
  secondsLeft: z.number().min(0).openapi({ description: "Estimated" }),
  references: z.array(z.string()).optional().openapi({
    description: "Those that the image was compared with",
  }),
  segmentation: SegmentationDocument.optional(),
  problem: ProblemDocument.optional(),
}).openapi("SeriesLine", {
  example: {
    index: 0,
    total: 100,
    position: 0,
    name: "slice-1.png",
    cursor: `1-${"0a".repeat(16)}`,
    secondsLeft: 61.2,
    references: ["visit-1"],
    segmentation: SEGMENTATION,
  },
});
export type SeriesLine = z.infer<typeof SeriesLine>;

/** An answer with a JSON body. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** The problem answers a route may give, by status, with an example of each kind. */
export const problems = (...statuses: number[]) =>
  Object.fromEntries([...new Set([...statuses, 500])].map((status) => {
    const kinds = Object.entries(PROBLEMS)
      .filter(([, problem]) => problem.status === status);
    const examples = Object.fromEntries(kinds.map(([code, { title }]) => {
      const type = `/problems/${code}`;
      const detail = "What was attempted, what was wanted and what came.";
      const { instance } = PROBLEM;
      return [code, { value: { type, title, status, detail, instance } }];
    }));
    return [status, {
      description: kinds.map(([, { title }]) => title).join("; "),
      content: {
        "application/problem+json": { schema: ProblemDocument, examples },
      },
    }];
  }));

/** Bytes in a body, for the OpenAPI document only. */
export const binary = { schema: { type: "string" as const, format: "binary" } };

/**
 * An image as a request body, for the OpenAPI document: the bytes alone, or the field `image`. Generators of
 * clients take the first type, which fits every image.
 */
export const imageBody = {
  "application/octet-stream": binary,
  "image/png": binary,
  "image/jpeg": binary,
  "image/webp": binary,
  "image/tiff": binary,
  "application/dicom": binary,
  "application/x-nifti": binary,
  "application/x-safetensors": binary,
  "multipart/form-data": {
    schema: {
      type: "object" as const,
      properties: { image: binary.schema },
      required: ["image"],
    },
  },
};

/** Many images as a request body, for the OpenAPI document. */
export const seriesBody = {
  "multipart/form-data": {
    schema: {
      type: "object" as const,
      properties: {
        image: { type: "array" as const, items: binary.schema },
      },
      required: ["image"],
    },
  },
  "application/zip": binary,
  "application/dicom": binary,
  "application/x-nifti": binary,
};
