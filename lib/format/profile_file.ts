import { invalidInput } from "../errors.ts";
import type { Profile, PrototypeSet } from "../pipeline/profile.ts";
import type { Tensor } from "../pipeline/types.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** The tensors whose rows are patches or prototypes. */
const PROTOTYPES = /^(patches$|background$|parts\.|negatives\.)/;

/** A profile as a safetensors file: `patches` float16 (exact, as embeddings are), prototypes float32, `cells` as float32. */
export function writeProfile(profile: Profile): Uint8Array<ArrayBuffer> {
  const { channels, model, patches, cells, background } = profile;
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
    ...named("parts", profile.parts),
    ...named("negatives", profile.negatives),
  ]);
  return writeSafetensors(
    { metadata: { model }, tensors },
    (name) => name === "patches" || name === "background" ? "F16" : "F32",
  );
}

/**
 * Reads what `writeProfile` wrote.
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
    throw invalidInput("Cannot read the profile: it lacks what a profile has.");
  }
  return {
    model: metadata.model,
    channels,
    parts,
    negatives: sets("negatives"),
    patches: tensors.patches.data,
    ...(tensors.background && { background: tensors.background.data }),
    ...(tensors.cells && { cells: Int32Array.from(tensors.cells.data) }),
  };
}
