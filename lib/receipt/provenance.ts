import { type Bytes, concat } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import type { Size } from "../core/geometry.ts";
import { READING_RULES } from "../image/reading_rules.ts";
import { PASSES } from "../pipeline/cascade.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import type { Combine } from "../pipeline/segment.ts";
import type { ModelIdentity, Provenance } from "./receipt.ts";

/** The part of a provenance that all answers of a process share. */
export type Environment = Pick<Provenance, "runtime" | "version">;

/** The image file as it was sent; of one with several frames its digest is enough. */
export type Source =
  | { bytes: Bytes; frame?: number | undefined }
  | { sha256: string; frame: number };

/** What one answer is made from. */
export interface AnswerInputs {
  model: ModelIdentity;
  /** Null when an embedding was sent. */
  source: Source | null;
  embedding: { bytes: Bytes; image: Size };
  label: string;
  /** In the order in which the engine is given them. */
  profiles: { reference: string; bytes: Bytes }[];
  /** Revision of the label's references. */
  revision?: number | undefined;
  recipe: RecipeName;
  /** How several references worked together. */
  combine?: Combine | undefined;
  /** 0..1, by which the references were chosen, if they were. */
  position?: number | undefined;
}

/** The provenance of an answer, as its receipt holds it. */
export async function provenanceOf(
  inputs: AnswerInputs,
  environment: Environment,
): Promise<Provenance> {
  const { model, source, embedding, label, revision, profiles } = inputs;
  const { recipe, position = null } = inputs;
  const combine = profiles.length > 1 ? inputs.combine : undefined;
  const [input, digest, ...references] = await Promise.all([
    inputOf(source, embedding),
    hexDigest(concat(profiles.map(({ bytes }) => bytes))),
    ...profiles.map(async ({ reference, bytes }) => ({
      reference,
      sha256: await hexDigest(bytes),
    })),
  ]);
  return {
    format: 1,
    model: { id: model.id, digest: model.digest },
    input,
    profile: { label, ...(revision && { revision }), digest, references },
    parameters: parametersOf(recipe, position, combine),
    ...environment,
  };
}

/** The parameters that a recipe's name stands for in this version. */
export function parametersOf(
  recipe: RecipeName,
  position: number | null,
  combine?: Combine,
): Provenance["parameters"] {
  const { dense, ...rest } = RECIPES[recipe];
  const parameters = {
    recipe,
    ...rest,
    ...(dense && { dense }),
    passes: PASSES,
    position,
  };
  return combine === undefined ? parameters : { ...parameters, combine };
}

async function inputOf(
  source: Source | null,
  { bytes, image: { width, height } }: AnswerInputs["embedding"],
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
  const reading = READING_RULES;
  return { kind: "image", sha256, frame, reading, width, height, embedding };
}
