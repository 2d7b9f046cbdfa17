import { hexDigest } from "../core/digest.ts";
import type { EmbeddingFile, Engine, InputFile } from "../engine/engine.ts";
import type { MaskDocument } from "../format/mask_document.ts";
import { type RecipeName, RECIPES } from "../pipeline/recipe.ts";
import type { Bytes } from "../core/bytes.ts";
import {
  type Difference,
  differentEnvironment,
  differentInput,
  differentMask,
  differentModel,
  differentParameters,
  differentProfile,
  NotReproduced,
} from "./differences.ts";
import { type Environment, provenanceOf } from "./provenance.ts";
import { type Receipt, writeReceipt } from "./receipt.ts";

/** What a receipt is replayed with. */
export interface Given {
  /** At least one. */
  models: { id: string; digest: string; engine: Engine }[];
  /** The profile file of each reference that the receipt names, null where there is none. */
  profiles: (Bytes | null)[];
  /** The image file, whose frame the receipt states; or an embedding. */
  input: InputFile & { bytes: Bytes } | { embedding: EmbeddingFile };
  environment: Environment;
}

/** A replay that gave the identical mask. */
export interface Replayed {
  mask: MaskDocument;
  /** What ran it, where that is not what the receipt states; and an image file of the same content. */
  notes: Difference[];
}

/**
 * Makes an answer again from what its receipt states. Nothing is read from a cache.
 *
 * @throws NotReproduced with every ingredient that changed, before anything is run where that can be told;
 * or because the mask is another.
 */
export async function replay(
  receipt: Receipt,
  { models, profiles, input, environment }: Given,
): Promise<Replayed> {
  const found = await Promise.all(
    profiles.map((bytes) => bytes && hexDigest(bytes)),
  );
  const changed = [
    ...differentModel(receipt, models),
    ...differentProfile(receipt, found),
    ...differentParameters(receipt),
  ];
  const isFile = "bytes" in input;
  const otherFile = isFile && receipt.input.kind === "image"
    ? differentInput("sha256", receipt, await hexDigest(input.bytes))
    : [];
  if (changed.length > 0) throw new NotReproduced([...changed, ...otherFile]);

  const { digest, id, engine } = models.find(({ digest }) =>
    digest === receipt.model.digest
  )!;
  const frame = receipt.input.frame ?? undefined;
  const embedding = isFile
    ? await engine.embed({ ...input, frame })
    : input.embedding;
  const { profile: { label, revision, references }, parameters } = receipt;
  const recipe = parameters.recipe as RecipeName;
  // Receipts from before there was a choice state none.
  const { combine = "nearest" } = parameters;
  const provenance = await provenanceOf({
    model: { id, digest },
    source: isFile && receipt.input.kind === "image"
      ? { bytes: input.bytes, frame }
      : null,
    embedding,
    label,
    revision,
    profiles: references.map(({ reference }, i) => ({
      reference,
      bytes: profiles[i]!,
    })),
    recipe,
    position: parameters.position ?? undefined,
    combine: parameters.combine,
  }, environment);
  const otherEmbedding = differentInput(
    "embedding",
    receipt,
    provenance.input.embedding,
  );
  // The mask is made of the embedding: an image that gives the same one is as good, whatever its file.
  const sameFile = isFile && receipt.input.kind === "image" &&
    otherFile.length === 0;
  if (otherEmbedding.length > 0 && !sameFile) {
    throw new NotReproduced(
      otherFile.length > 0 ? otherFile : otherEmbedding,
    );
  }

  const { mask } = await engine.segment(
    embedding.bytes,
    profiles.map((bytes) => bytes!),
    { recipe: RECIPES[recipe], combine, every: false },
  );
  const otherMask = differentMask(
    receipt,
    await writeReceipt(provenance, mask),
  );
  const notes = [
    ...otherFile,
    ...otherEmbedding,
    ...differentEnvironment(receipt, environment),
  ];
  if (otherMask.length > 0) throw new NotReproduced([...otherMask, ...notes]);
  return { mask, notes };
}
