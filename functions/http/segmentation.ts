import type { z } from "@hono/zod-openapi";
import type { SegmentationAnswer } from "../../lib/engine/engine.ts";
import type { CandidateReport } from "../../lib/engine/report.ts";
import type { Manifest } from "../../lib/model/package.ts";
import { sayWhy } from "../../lib/pipeline/why.ts";
import type { Receipt } from "../../lib/receipt/receipt.ts";
import type { Enrolled } from "../../lib/store/types.ts";
import { describePresence } from "./presence.ts";
import type { SegmentationDocument } from "./schemas.ts";

/** What a segmentation was asked for, and how long its image took to encode. */
export interface SegmentationContext {
  patient: string;
  label: string;
  explain: boolean;
  manifest: Manifest;
  /** In the order of the profiles that the engine was given. */
  enrolled: Enrolled[];
  /** Milliseconds. */
  encode: number;
  receipt: Receipt;
}

/** A segmentation as the contract gives it. */
export function describeSegmentation(
  { mask, presence, winner, candidates, timings }: SegmentationAnswer,
  { patient, label, explain, manifest, enrolled, encode, receipt }:
    SegmentationContext,
): z.infer<typeof SegmentationDocument> {
  const referenceOf = (profile: number) =>
    enrolled[profile].reference.reference;
  const describe = (
    { profile, distance, isBound: _, passes: __, ...candidate }:
      CandidateReport,
  ) => ({
    ...candidate,
    reference: referenceOf(profile),
    distance: Number.isFinite(distance) ? distance : null,
  });
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
      why: sayWhy(winner, candidates, referenceOf),
    }),
    model: { id: manifest.id, digest: manifest.digest },
    timings: { encode, ...timings },
    receipt,
  };
}
