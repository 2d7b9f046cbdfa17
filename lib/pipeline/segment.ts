import { toPatches } from "../numerics/patches.ts";
import { cascade } from "./cascade.ts";
import { Frame } from "./frame.ts";
import type { Profile } from "./profile.ts";
import {
  type CandidatePrompt,
  type CandidateRange,
  MEDICAL,
  proposePrompts,
} from "./prompt.ts";
import { distances, maskedPatches } from "./retrieve.ts";
import type {
  Decoder,
  DecoderOutput,
  Embedding,
  ModelGeometry,
} from "./types.ts";

/** A candidate with its mask and its distance to the reference. */
export interface Candidate extends CandidatePrompt, DecoderOutput {
  /** Index of the profile whose prototypes made it. */
  profile: number;
  /** Earth mover's distance to the reference patches; Infinity for an empty mask. */
  distance: number;
}

/** Milliseconds spent in each stage. */
export interface StageTimings {
  prompt: number;
  decode: number;
  retrieve: number;
}

export interface SegmentOptions {
  range?: CandidateRange;
  passes?: number;
  /** Monotonic clock in milliseconds. */
  now?: () => number;
}

/**
 * Segments a target image: prompts, masks and distances for every candidate of every profile; the
 * answer is the one of smallest distance, the earliest among equals (paper, section 3).
 *
 * @param profiles at least one, all made by the embedding's model.
 */
export async function segment(
  decoder: Decoder,
  embedding: Embedding,
  profiles: Profile[],
  model: ModelGeometry,
  { range = MEDICAL, passes = 3, now = () => performance.now() }:
    SegmentOptions = {},
): Promise<
  { winner: Candidate; candidates: Candidate[]; timings: StageTimings }
> {
  const frame = new Frame(embedding.image, model.size);
  const started = now();
  const prompts = profiles.map((profile) =>
    proposePrompts(embedding, profile, model, range)
  );

  const prompted = now();
  const decoded: DecoderOutput[][] = [];
  for (const proposed of prompts) {
    const outputs: DecoderOutput[] = [];
    for (const { points } of proposed) {
      outputs.push(
        await cascade(decoder, embedding, frame, model, points, passes),
      );
    }
    decoded.push(outputs);
  }

  const retrieving = now();
  const target = toPatches(
    embedding.tensors.image_embeddings.data,
    model.channels,
  );
  const candidates = profiles.flatMap((profile, p) => {
    const masks = decoded[p].map(({ logits }) => maskedPatches(logits, model));
    const scores = distances(profile.patches, target, model.channels, masks);
    return prompts[p].map((prompt, i) => ({
      ...prompt,
      ...decoded[p][i],
      profile: p,
      distance: scores[i],
    }));
  });
  const winner = candidates.reduce((best, next) =>
    next.distance < best.distance ? next : best
  );
  const done = now();
  return {
    winner,
    candidates,
    timings: {
      prompt: prompted - started,
      decode: retrieving - prompted,
      retrieve: done - retrieving,
    },
  };
}
