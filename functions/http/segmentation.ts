import type { z } from "@hono/zod-openapi";
import type {
  CandidateReport,
  SegmentationAnswer,
} from "../../lib/engine/engine.ts";
import type { Manifest } from "../../lib/model/package.ts";
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
}

/** A segmentation as the contract gives it. */
export function describeSegmentation(
  { mask, presence, winner, candidates, timings }: SegmentationAnswer,
  { patient, label, explain, manifest, enrolled, encode }: SegmentationContext,
): z.infer<typeof SegmentationDocument> {
  const describe = (
    { profile, distance, isBound: _, ...candidate }: CandidateReport,
  ) => ({
    ...candidate,
    reference: enrolled[profile].reference.reference,
    distance: Number.isFinite(distance) ? distance : null,
  });
  return {
    patient,
    label,
    ...describePresence(presence),
    mask,
    ...describe(winner),
    ...(explain && { candidates: candidates.map(describe) }),
    model: { id: manifest.id, digest: manifest.digest },
    timings: { encode, ...timings },
  };
}
