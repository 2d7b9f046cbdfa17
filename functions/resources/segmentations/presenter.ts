import type { z } from "@hono/zod-openapi";
import type { SegmentationAnswer } from "../../../lib/engine/engine.ts";
import type { CandidateReport } from "../../../lib/engine/report.ts";
import type { Manifest } from "../../../lib/model/package.ts";
import { sayWhy, sayWhyPooled } from "../../../lib/wording/choice.ts";
import type { Receipt } from "../../../lib/receipt/receipt.ts";
import type { Enrolled } from "../../../lib/store/types.ts";
import { describePresence } from "../../contract/presence.ts";
import type { ProfileUsed } from "../../contract/references_used.ts";
import type { SegmentationDocument } from "./schema.ts";

/** Stands for all references together, where one is named; no reference has this name. */
const TOGETHER = "*";

/** What a segmentation was asked for, and how long its image took to encode. */
export interface SegmentationContext {
  patient: string;
  label: string;
  explain: boolean;
  manifest: Manifest;
  /** In the order of the profiles that the engine was given. */
  enrolled: Enrolled[];
  /** Which references they are, and why. */
  profile: z.infer<typeof ProfileUsed>;
  /** Milliseconds. */
  encode: number;
  receipt: Receipt;
}

/** A segmentation as the contract gives it. */
export function describeSegmentation(
  { mask, presence, winner, candidates, timings }: SegmentationAnswer,
  {
    patient,
    label,
    explain,
    manifest,
    enrolled,
    profile: used,
    encode,
    receipt,
  }: SegmentationContext,
): z.infer<typeof SegmentationDocument> {
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
  const isPooled = used.choice !== "nearest" && enrolled.length > 1;
  const say = isPooled ? sayWhyPooled : sayWhy;
  return {
    patient,
    label,
    ...describePresence(presence),
    mask,
    ...describe(winner),
    ...(explain && {
      candidates: candidates.map((candidate) => ({
        ...describe(candidate),
        passes: candidate.passes!,
      })),
      why: say(winner, candidates, referenceOf),
    }),
    profile: used,
    model: { id: manifest.id, digest: manifest.digest },
    timings: { encode, ...timings },
    receipt,
  };
}
