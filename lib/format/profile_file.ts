import type { Yardstick } from "../pipeline/presence.ts";
import type { Profile, PrototypeSet } from "../pipeline/profile.ts";
import type { Tensor } from "../pipeline/types.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** Tensors of patches, which float16 holds exactly, as embeddings do. */
const PATCHES = ["patches", "surroundings"];

/**
 * A profile as a safetensors file: `patches` and `surroundings` float16, prototypes float32; metadata `model` and, as
 * JSON, `yardstick`.
 */
export function writeProfile(profile: Profile): Uint8Array<ArrayBuffer> {
  const { channels, model, patches, surroundings, yardstick } = profile;
  const rows = (data: Float32Array): Tensor => ({
    dims: [data.length / channels, channels],
    data,
  });
  const named = (kind: string, sets: PrototypeSet[]) =>
    sets.map((set) => [`${kind}.${set.count}`, rows(set.prototypes)]);
  const tensors: Record<string, Tensor> = Object.fromEntries([
    ["patches", rows(patches)],
    ...surroundings === null ? [] : [["surroundings", rows(surroundings)]],
    ...named("parts", profile.parts),
    ...named("negatives", profile.negatives),
  ]);
  const metadata = {
    model,
    ...(yardstick && { yardstick: JSON.stringify(yardstick) }),
  };
  return writeSafetensors(
    { metadata, tensors },
    (name) => PATCHES.includes(name) ? "F16" : "F32",
  );
}

/** Reads what `writeProfile` wrote, now or before there were surroundings and yardsticks. */
export function readProfile(bytes: Uint8Array): Profile {
  const { metadata, tensors } = readSafetensors(bytes);
  const sets = (kind: string): PrototypeSet[] =>
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(`${kind}.`))
      .map(([, { dims, data }]) => ({ count: dims[0], prototypes: data }))
      .sort((a, b) => a.count - b.count);
  return {
    model: metadata.model,
    channels: tensors.patches.dims[1],
    parts: sets("parts"),
    negatives: sets("negatives"),
    patches: tensors.patches.data,
    surroundings: tensors.surroundings?.data ?? null,
    yardstick: metadata.yardstick === undefined
      ? null
      : JSON.parse(metadata.yardstick) as Yardstick,
  };
}
