import { z } from "@hono/zod-openapi";
import { defineForm, file, json, optional, text } from "../../body/form.ts";
import {
  EmbeddingId,
  FrameNumber,
  Label,
  Position,
} from "../../contract/parameters.ts";
import { Prompts } from "../../contract/points.ts";
import { Accepted } from "./schema.ts";

/** An annotated image. */
export const ReferenceForm = defineForm({
  image: optional(file("The image; or give `embedding`")),
  embedding: text(EmbeddingId.optional(), {
    type: "string",
    description: "Id of a cached embedding",
  }),
  mask: optional(file(
    "Non-zero is the structure; of a DICOM segmentation, the frame that refers to the image; or give `prompts`",
  )),
  prompts: optional(json("Prompts", Prompts)),
  label: text(Label.default("target"), { type: "string", default: "target" }),
  position: text(Position.nullable().default(null), {
    type: "number",
    minimum: 0,
    maximum: 1,
  }),
  frame: text(FrameNumber, {
    type: "integer",
    minimum: 0,
    description:
      "Frame of a DICOM image or slice of a NIfTI volume, from 0; of the mask too, where it is a volume",
  }),
  segment: text(
    z.string().regex(/^[1-9]\d{0,4}$/, "must be a whole number from 1")
      .transform(Number).optional(),
    {
      type: "integer",
      minimum: 1,
      description:
        "Number of the segment, where the mask is a DICOM segmentation of several",
    },
  ),
  accepted: optional(json("Accepted", Accepted, {
    note:
      ": the mask is a result that somebody accepted, perhaps after a correction",
  })),
}, { either: [["image", "embedding"], ["mask", "prompts"]] });
