import { encodeRle, type Rle } from "../format/mask/rle.ts";
import type { MatchMaps } from "../pipeline/match_maps.ts";
import type { Candidate } from "../pipeline/segment.ts";
import type { Target } from "../pipeline/target.ts";
import type { DecoderOutput } from "../pipeline/types.ts";

/** The mask after one pass of the cascade, in image space. */
export interface PassReport {
  mask: Rle & { area: number };
  /** The decoder's own estimate of its IoU. */
  predictedIou: number;
}

/** A candidate as it is reported: all but its logits, and its masks where they were traced. */
export type CandidateReport = Omit<Candidate, "logits" | "trace"> & {
  /** In the order of the passes. */
  passes?: PassReport[];
};

/** What the references say of every patch of the image: `columns` × `rows` values, row-major. */
export interface MatchReport {
  columns: number;
  rows: number;
  /** −1 surely outside the structure, 1 surely inside. */
  evidence: number[];
}

/** The evidence of dense matching for the patches that show the image. */
export function reportMaps(
  { coordinates }: Target,
  { evidence }: MatchMaps,
): MatchReport {
  const { columns, rows } = coordinates.shown;
  const shown = evidence.filter((_, patch) => coordinates.shows(patch));
  return {
    columns,
    rows,
    evidence: Array.from(shown, (value) => Number(value.toFixed(3))),
  };
}

/** Gives the function that reports the candidates of one image. */
export function createReporter(target: Target) {
  const known = new Map<DecoderOutput[], PassReport[]>();
  const reportPass = ({ logits, predictedIou }: DecoderOutput): PassReport => {
    const mask = target.toMask(logits);
    const rle = encodeRle(mask);
    let area = 0;
    for (const value of mask.data) if (value !== 0) area++;
    return { mask: { ...rle, area }, predictedIou };
  };
  return ({ logits: _, trace, ...candidate }: Candidate): CandidateReport => {
    if (trace === undefined) return candidate;
    const passes = known.get(trace) ?? trace.map(reportPass);
    known.set(trace, passes);
    return { ...candidate, passes };
  };
}
