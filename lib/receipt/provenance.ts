import { concat } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import { PASSES } from "../pipeline/cascade.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import type { Combine } from "../pipeline/segment.ts";
import type { Size } from "../core/geometry.ts";
import type { Provenance } from "./receipt.ts";

/** What all answers of a process have in common. */
export type Environment = Pick<Provenance, "runtime" | "version">;

/** An image as it was sent, or the file of several frames that it was taken out of. */
export type Source =
  | { bytes: Uint8Array<ArrayBuffer>; frame?: number }
  | { sha256: string; frame: number };

/** What one answer is made of. */
export interface Answering {
  model: { id: string; digest: string };
  /** Null where an embedding was sent. */
  source: Source | null;
  embedding: { bytes: Uint8Array<ArrayBuffer>; image: Size };
  label: string;
  /** In the order in which the engine is given them. */
  profiles: { reference: string; bytes: Uint8Array<ArrayBuffer> }[];
  /** Of the label's references. */
  revision?: number;
  recipe: RecipeName;
  /** How several references worked together. */
  combine?: Combine;
  /** 0..1, by which the references were chosen, if they were. */
  position?: number;
}

/** States what an answer is made of, as its receipt holds it. */
export async function provenanceOf(
  answering: Answering,
  environment: Environment,
): Promise<Provenance> {
  const { model, source, embedding, label, revision, profiles } = answering;
  const { recipe, position = null } = answering;
  const combine = profiles.length > 1 ? answering.combine : undefined;
  const [input, digest, ...files] = await Promise.all([
    inputOf(source, embedding),
    hexDigest(concat(profiles.map(({ bytes }) => bytes))),
    ...profiles.map(({ bytes }) => hexDigest(bytes)),
  ]);
  return {
    format: 1,
    model: { id: model.id, digest: model.digest },
    input,
    profile: {
      label,
      ...(revision && { revision }),
      digest,
      references: profiles.map(({ reference }, i) => ({
        reference,
        sha256: files[i],
      })),
    },
    parameters: parametersOf(recipe, position, combine),
    ...environment,
  };
}

/** What a recipe's name stands for in this version. */
export function parametersOf(
  recipe: RecipeName,
  position: number | null,
  combine?: Combine,
): Provenance["parameters"] {
  const parameters = { recipe, ...RECIPES[recipe], passes: PASSES, position };
  return combine === undefined ? parameters : { ...parameters, combine };
}

/** States what was sent. */
export async function inputOf(
  source: Source | null,
  { bytes, image: { width, height } }: Answering["embedding"],
): Promise<Provenance["input"]> {
  const embedding = await hexDigest(bytes);
  if (source === null) {
    const kind = "embedding";
    return { kind, sha256: embedding, frame: null, width, height, embedding };
  }
  const sha256 = "sha256" in source
    ? source.sha256
    : await hexDigest(source.bytes);
  const { frame = null } = source;
  return { kind: "image", sha256, frame, width, height, embedding };
}
