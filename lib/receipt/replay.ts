import type { Bytes } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import type { EmbeddingFile, Engine, InputFile } from "../engine/engine.ts";
import type { MaskDocument } from "../format/mask/document.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import {
  type Difference,
  differentEnvironment,
  differentInput,
  differentMask,
  differentModel,
  differentParameters,
  differentProfile,
  differentReading,
  NotReproduced,
} from "./differences.ts";
import { type Environment, provenanceOf } from "./provenance.ts";
import { type ModelIdentity, type Receipt, writeReceipt } from "./receipt.ts";

/** What a receipt is replayed with. */
export interface ReplayInputs {
  /** At least one. */
  models: (ModelIdentity & { engine: Engine })[];
  /** The profile file of each reference that the receipt names, in its order; null for a missing one. */
  profiles: (Bytes | null)[];
  /** The image file, of which the receipt states the frame; or an embedding. */
  input: InputFile & { bytes: Bytes } | { embedding: EmbeddingFile };
  environment: Environment;
}

/** A replay that gave the identical mask. */
export interface Replay {
  mask: MaskDocument;
  /** Differences that did not change the mask: of the runtime, or of an image file with the same content. */
  notes: Difference[];
}

/**
 * Makes an answer again from the provenance that its receipt states. Nothing is read from a cache.
 *
 * @throws NotReproduced with every difference, before the model runs when that is possible; or because the mask is
 * another.
 */
export async function replay(
  receipt: Receipt,
  { models, profiles, input, environment }: ReplayInputs,
): Promise<Replay> {
  const found = await Promise.all(
    profiles.map((bytes) => bytes && hexDigest(bytes)),
  );
  const model = models.find(({ digest }) => digest === receipt.model.digest);
  const changed = [
    ...differentModel(receipt, models),
    ...differentProfile(receipt, found),
    ...differentParameters(receipt),
  ];
  const isFile = "bytes" in input;
  const image = isFile && receipt.input.kind === "image" ? input.bytes : null;
  const otherFile = image &&
    differentInput("sha256", receipt, await hexDigest(image));
  if (changed.length > 0 || model === undefined) {
    throw new NotReproduced([...changed, ...otherFile ?? []]);
  }

  const { digest, id, engine } = model;
  const { frame } = receipt.input;
  const embedding = isFile
    ? await engine.embed({ ...input, frame: frame ?? undefined })
    : input.embedding;
  const { profile: { label, revision, references }, parameters } = receipt;
  const recipe = parameters.recipe as RecipeName;
  // Receipts written before there was a choice state none.
  const { combine = "nearest" } = parameters;
  // None is missing, or the profiles would differ.
  const enrolled = references.flatMap(({ reference }, i) => {
    const bytes = profiles[i];
    return bytes ? [{ reference, bytes }] : [];
  });
  const provenance = await provenanceOf({
    model: { id, digest },
    source: image && { bytes: image, frame: frame ?? undefined },
    embedding,
    label,
    revision,
    profiles: enrolled,
    recipe,
    position: parameters.position ?? undefined,
    combine: parameters.combine,
  }, environment);
  const otherEmbedding = differentInput(
    "embedding",
    receipt,
    provenance.input.embedding,
  );
  // The mask depends on the embedding alone: any image file that gives the same one will do.
  if (otherEmbedding.length > 0 && otherFile?.length !== 0) {
    throw new NotReproduced(otherFile ?? otherEmbedding);
  }

  const { mask } = await engine.segment(
    embedding.bytes,
    enrolled.map(({ bytes }) => bytes),
    { recipe: RECIPES[recipe], combine, every: false },
  );
  const after = await writeReceipt(provenance, mask);
  const otherMask = differentMask(receipt, after);
  const otherReading = otherEmbedding.length > 0
    ? differentReading(receipt)
    : [];
  const rest = [
    ...otherFile ?? [],
    ...otherEmbedding,
    ...differentEnvironment(receipt, environment),
  ];
  if (otherMask.length > 0) {
    throw new NotReproduced([...otherReading, ...otherMask, ...rest]);
  }
  return { mask, notes: [...otherReading, ...rest] };
}
