import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { InstanceReference } from "../../../lib/archive/archive.ts";
import type {
  PresenceAnswer,
  SegmentationAnswer,
} from "../../../lib/engine/engine.ts";
import type { CandidateReport } from "../../../lib/engine/report.ts";
import type { Receipt } from "../../../lib/receipt/receipt.ts";
import {
  explainChoice,
  explainDenseChoice,
  explainPooledChoice,
} from "../../../lib/wording/choice.ts";
import { header } from "../../contract/answers.ts";
import type { Asked } from "../../patients/segment_with_receipt.ts";
import type { SegmentationDocument } from "./schema.ts";

/** Stands for all references together, where one is named; no reference has this name. */
const TOGETHER = "*";

/** What a segmentation was made with, and how long its image took to encode. */
export interface SegmentationContext
  extends
    Pick<Asked, "embedding" | "label" | "revision" | "chosen" | "explain"> {
  patient: string;
  /** Milliseconds. */
  encode: number;
  receipt: Receipt;
  /** What the archive has stored; null where the structure is absent, left out where nothing was to be stored. */
  stored?: InstanceReference | null;
}

/** A segmentation as the contract gives it. */
export function describeSegmentation(
  { mask, presence, winner, candidates, chosenBy, match, timings }:
    SegmentationAnswer,
  context: SegmentationContext,
): z.infer<typeof SegmentationDocument> {
  const { patient, label, revision, chosen, explain, receipt } = context;
  const { enrolled, choice, why } = chosen;
  const { present, reason, confidence, score, threshold, relative } = presence;
  const referenceOf = (profile: number) =>
    enrolled.at(profile)?.reference.reference ?? TOGETHER;
  const describe = (
    { profile, distance, isBound: _, passes: __, ...candidate }:
      CandidateReport,
  ) => ({
    ...candidate,
    reference: referenceOf(profile),
    distance: Number.isFinite(distance) ? distance : null,
  });
  const isPooled = choice !== "nearest" && enrolled.length > 1;
  const say = isPooled ? explainPooledChoice : explainChoice;
  return {
    patient,
    label,
    present,
    reason,
    confidence,
    presence: {
      score,
      threshold,
      structure: relative?.structure ?? null,
      surroundings: relative?.surroundings ?? null,
    },
    mask,
    ...describe(winner),
    ...(explain && {
      candidates: candidates.map((candidate) => ({
        ...describe(candidate),
        // The engine was asked to trace them.
        passes: candidate.passes!,
      })),
      why: chosenBy === "distance"
        ? say(winner, candidates, referenceOf)
        : explainDenseChoice(winner, candidates, referenceOf),
      ...(match && { match }),
    }),
    profile: {
      revision,
      choice,
      references: enrolled.map(({ reference }) => reference.reference),
      why,
    },
    warnings: context.embedding.warnings ?? [],
    ...(context.stored !== undefined && { stored: context.stored }),
    model: receipt.model,
    timings: { encode: context.encode, ...timings },
    receipt,
  };
}

/** The headers that state it where the answer is a file, for the OpenAPI document. */
export const presenceHeaders = {
  "x-structure-present": header(
    "Of an answer that is a file: false where the structure is not in the image and the mask is empty",
  ),
  "x-confidence": header("Of an answer that is a file: its confidence"),
};

/** States a presence in the headers of an answer that is a file. */
export function sendPresence(
  c: Context,
  { present, confidence }: PresenceAnswer,
): void {
  c.header("x-structure-present", String(present));
  if (confidence !== null) c.header("x-confidence", confidence.toFixed(4));
}
