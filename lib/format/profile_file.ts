import { invalidInput } from "../core/errors.ts";
import type { CalibrationRange } from "../pipeline/calibration_range.ts";
import type { Profile, PrototypeSet } from "../pipeline/profile.ts";
import type { Tensor } from "../core/tensor.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** The tensors whose rows are patches or prototypes. */
const PROTOTYPES = /^(patches$|surroundings$|background$|parts\.|negatives\.)/;

/** Tensors of patches, which float16 holds exactly, as embeddings do. */
const PATCHES = ["patches", "surroundings", "background"];

/**
 * A profile as a safetensors file: `patches`, `surroundings` and `background` float16, prototypes and `cells` float32;
 * metadata `model` and, as JSON under its first name `yardstick`, the calibration range.
 */
export function writeProfile(profile: Profile): Uint8Array<ArrayBuffer> {
  const { channels, model, patches, surroundings, calibrationRange } = profile;
  const { cells, background } = profile;
  const rows = (data: Float32Array): Tensor => ({
    dims: [data.length / channels, channels],
    data,
  });
  const named = (kind: string, sets: PrototypeSet[]) =>
    sets.map((set) => [`${kind}.${set.count}`, rows(set.prototypes)]);
  const tensors: Record<string, Tensor> = Object.fromEntries([
    ["patches", rows(patches)],
    ...(background?.length ? [["background", rows(background)]] : []),
    ...(cells
      ? [["cells", { dims: [cells.length], data: Float32Array.from(cells) }]]
      : []),
    ...surroundings === null ? [] : [["surroundings", rows(surroundings)]],
    ...named("parts", profile.parts),
    ...named("negatives", profile.negatives),
  ]);
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
 * @throws EdgeError `invalid-input` for a file that is no profile.
 */
export function readProfile(bytes: Uint8Array): Profile {
  const { metadata, tensors } = readSafetensors(bytes);
  const channels = tensors.patches?.dims[1] ?? 0;
  const sets = (kind: string): PrototypeSet[] =>
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(`${kind}.`))
      .map(([, { dims, data }]) => ({ count: dims[0], prototypes: data }))
      .sort((a, b) => a.count - b.count);
  const whole = metadata.model !== undefined && channels > 0 &&
    Object.entries(tensors).every(([name, { dims }]) =>
      !PROTOTYPES.test(name) ||
      dims.length === 2 && dims[0] > 0 && dims[1] === channels
    );
  const parts = sets("parts");
  if (!whole || parts.length === 0) {
    throw noProfile();
  }
  return {
    model: metadata.model,
    channels,
    parts,
    negatives: sets("negatives"),
    patches: tensors.patches.data,
    ...(tensors.background && { background: tensors.background.data }),
    ...(tensors.cells && { cells: Int32Array.from(tensors.cells.data) }),
    surroundings: tensors.surroundings?.data ?? null,
    calibrationRange: readCalibrationRange(metadata.yardstick),
  };
}

/** A calibration range as files have held it since presence scoring began. */
function stored({ absent, present, augmentations, dice }: CalibrationRange) {
  return { absent, present, copies: augmentations, dice };
}

function readCalibrationRange(
  text: string | undefined,
): CalibrationRange | null {
  if (text === undefined) return null;
  try {
    const { absent, present, copies, dice } = JSON.parse(text);
    const [none, all] = [absent, present].map((similarity) => ({
      structure: numberOf(similarity.structure),
      surroundings: numberOf(similarity.surroundings),
    }));
    return {
      absent: none,
      present: all,
      augmentations: numberOf(copies),
      dice: numberOf(dice),
    };
  } catch {
    throw noProfile();
  }
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  throw noProfile();
}

const noProfile = () =>
  invalidInput("Cannot read the profile: it lacks what a profile has.");
