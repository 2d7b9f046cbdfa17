import type { z } from "@hono/zod-openapi";
import type { SegmentationAnswer } from "../../../lib/engine/engine.ts";
import type { CandidateReport } from "../../../lib/engine/report.ts";
import type { Manifest } from "../../../lib/model/package.ts";
import type { Receipt } from "../../../lib/receipt/receipt.ts";
import {
  explainChoice,
  explainPooledChoice,
} from "../../../lib/wording/choice.ts";
import type { Chosen } from "../../patients/choose_references.ts";
import { describePresence } from "./presence.ts";
import { describeChoice } from "./profile_used.ts";
import type { SegmentationDocument } from "./schema.ts";

/** Stands for all references together, where one is named; no reference has this name. */
const TOGETHER = "*";

/** What a segmentation was made with, and how long its image took to encode. */
export interface SegmentationContext {
  patient: string;
  label: string;
  /** Of the label's references. */
  revision: number;
  /** The references, in the order of the profiles that the engine was given. */
  chosen: Chosen;
  explain: boolean;
  manifest: Manifest;
  /** Milliseconds. */
  encode: number;
  receipt: Receipt;
}

/** A segmentation as the contract gives it. */
export function describeSegmentation(
  { mask, presence, winner, candidates, timings }: SegmentationAnswer,
  context: SegmentationContext,
): z.infer<typeof SegmentationDocument> {
  const { patient, label, revision, chosen, explain, manifest } = context;
  const { enrolled, choice } = chosen;
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
    ...describePresence(presence),
    mask,
    ...describe(winner),
    ...(explain && {
      candidates: candidates.map((candidate) => ({
        ...describe(candidate),
        // The engine was asked to trace them.
        passes: candidate.passes!,
      })),
      why: say(winner, candidates, referenceOf),
    }),
    profile: describeChoice(chosen, revision),
    model: { id: manifest.id, digest: manifest.digest },
    timings: { encode: context.encode, ...timings },
    receipt: context.receipt,
  };
}
