import { concat } from "../bytes.ts";
import { hexDigest } from "../digest.ts";
import { PASSES } from "../pipeline/cascade.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import type { Size } from "../pipeline/types.ts";
import type { Ingredients } from "./receipt.ts";

/** What all answers of a process have in common. */
export type Circumstances = Pick<Ingredients, "runtime" | "version">;

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
  recipe: RecipeName;
  /** 0..1, by which the references were chosen, if they were. */
  position?: number;
}

/** States what an answer is made of, as its receipt holds it. */
export async function ingredientsOf(
  { model, source, embedding, label, profiles, recipe, position }: Answering,
  circumstances: Circumstances,
): Promise<Ingredients> {
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
      digest,
      references: profiles.map(({ reference }, i) => ({
        reference,
        sha256: files[i],
      })),
    },
    parameters: parametersOf(recipe, position ?? null),
    ...circumstances,
  };
}

/** What a recipe's name stands for in this version. */
export function parametersOf(
  recipe: RecipeName,
  position: number | null,
): Ingredients["parameters"] {
  return { recipe, ...RECIPES[recipe], passes: PASSES, position };
}

/** States what was sent. */
export async function inputOf(
  source: Source | null,
  { bytes, image: { width, height } }: Answering["embedding"],
): Promise<Ingredients["input"]> {
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
