import { z } from "zod";
import type { Bytes } from "../core/bytes.ts";
import { invalidInput } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";
import type { CalibrationRange } from "../pipeline/calibration_range.ts";
import type { Profile, PrototypeSet } from "../pipeline/profile.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** The tensors whose rows are patches or prototypes. */
const ROWS = /^(patches$|surroundings$|background$|parts\.|negatives\.)/;

/** Tensors of patches, which float16 holds exactly, as it does those of embeddings. */
const PATCHES = ["patches", "surroundings", "background"];

const Similarity = z.object({
  structure: z.number(),
  surroundings: z.number(),
});
const StoredRange = z.object({
  absent: Similarity,
  present: Similarity,
  copies: z.number(),
  dice: z.number(),
});

/**
 * Writes a profile as a safetensors file: `patches`, `surroundings` and `background` float16, prototypes and `cells`
 * float32; metadata `model` and, as JSON under its first name `yardstick`, the calibration range.
 */
export function writeProfile(profile: Profile): Bytes {
  const { channels, model, patches, surroundings, calibrationRange } = profile;
  const { cells, background } = profile;
  const rows = (data: Float32Array): Tensor => ({
    dims: [data.length / channels, channels],
    data,
  });
  const named = (kind: string, sets: PrototypeSet[]) =>
    Object.fromEntries(
      sets.map((set) => [`${kind}.${set.count}`, rows(set.prototypes)]),
    );
  const tensors: Record<string, Tensor> = {
    patches: rows(patches),
    ...(background?.length && { background: rows(background) }),
    ...(cells &&
      { cells: { dims: [cells.length], data: Float32Array.from(cells) } }),
    ...(surroundings && { surroundings: rows(surroundings) }),
    ...named("parts", profile.parts),
    ...named("negatives", profile.negatives),
  };
  const metadata = {
    model,
    ...(calibrationRange &&
      { yardstick: JSON.stringify(stored(calibrationRange)) }),
  };
  return writeSafetensors(
    { metadata, tensors },
    (name) => PATCHES.includes(name) ? "F16" : "F32",
  );
}

/**
 * Reads what `writeProfile` wrote, now or before there were surroundings and calibration ranges.
 *
 * @throws {EdgeError} `invalid-input` for a file that is no profile.
 */
export function readProfile(bytes: Uint8Array): Profile {
  const { metadata: { model, yardstick }, tensors } = readSafetensors(bytes);
  const { patches, background, cells, surroundings } = tensors;
  const channels = patches?.dims[1] ?? 0;
  const haveRows = Object.entries(tensors)
    .filter(([name]) => ROWS.test(name))
    .every(([, { dims: [rows = 0, columns, ...rest] }]) =>
      rows > 0 && columns === channels && rest.length === 0
    );
  const sets = (kind: string): PrototypeSet[] =>
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(`${kind}.`))
      .map(([, { dims: [count = 0], data }]) => ({ count, prototypes: data }))
      .sort((a, b) => a.count - b.count);
  const parts = sets("parts");
  if (
    model === undefined || patches === undefined || channels === 0 ||
    !haveRows || parts.length === 0
  ) {
    throw noProfile();
  }
  return {
    model,
    channels,
    parts,
    negatives: sets("negatives"),
    patches: patches.data,
    ...(background && { background: background.data }),
    ...(cells && { cells: Int32Array.from(cells.data) }),
    surroundings: surroundings?.data ?? null,
    calibrationRange: yardstick === undefined
      ? null
      : readCalibrationRange(yardstick),
  };
}

/** A calibration range under the names that files have always had for it. */
function stored(
  { absent, present, augmentations, dice }: CalibrationRange,
): z.infer<typeof StoredRange> {
  return { absent, present, copies: augmentations, dice };
}

function readCalibrationRange(text: string): CalibrationRange {
  try {
    const { copies, ...range } = StoredRange.parse(JSON.parse(text));
    return { ...range, augmentations: copies };
  } catch {
    throw noProfile();
  }
}

function noProfile() {
  return invalidInput("Cannot read the profile: it lacks what a profile has.");
}
