import { EdgeError } from "../core/errors.ts";
import { isMatched, type Manifest } from "../model/package.ts";
import { defaultRecipe, type RecipeName } from "../pipeline/recipe.ts";
import type { AddressedEmbedding, Embedder } from "./embedder.ts";
import type { EngineFor } from "./work.ts";

/** A model that requests can choose, with its engines and its embeddings. */
export interface ServedModel {
  manifest: Manifest;
  engineFor: EngineFor;
  embedder: Embedder;
}

/** The recipe that was asked for, or else the model's own. */
export function recipeOf(
  { manifest }: Pick<ServedModel, "manifest">,
  asked: RecipeName | undefined,
): RecipeName {
  return asked ?? defaultRecipe(isMatched(manifest));
}

/** The models served. */
export interface ModelCatalogue {
  /** In the order in which they were named; the first is the default. */
  readonly all: readonly ServedModel[];
  readonly default: ServedModel;
  /** The model with this id, or the default. @throws EdgeError `invalid-input` for an unknown id. */
  choose(id?: string): ServedModel;
  /** The id of a served model; null for one that is not served. */
  idOf(digest: string): string | null;
  /** The maker of a stored thing in words: the id of a served model, or that it is not served. */
  nameOf(digest: string): string;
  /**
   * A tenant's cached embedding of the chosen model.
   *
   * @throws EdgeError `not-found`; `model-mismatch` for another model's embedding.
   */
  recall(
    tenant: string,
    chosen: ServedModel,
    id: string,
  ): Promise<AddressedEmbedding>;
}

/** @param all at least one model, their ids distinct. */
export function createCatalogue(all: ServedModel[]): ModelCatalogue {
  const idOf = (digest: string) =>
    all.find(({ manifest }) => manifest.digest === digest)?.manifest.id ?? null;
  const nameOf = (digest: string) => {
    const id = idOf(digest);
    return id === null ? "a model that is not served" : `the model "${id}"`;
  };
  const first = all[0]!;
  return {
    all,
    default: first,
    choose(id = first.manifest.id) {
      const chosen = all.find(({ manifest }) => manifest.id === id);
      if (chosen !== undefined) return chosen;
      const served = all.map(({ manifest }) => manifest.id).join(", ");
      throw new EdgeError(
        "invalid-input",
        `There is no model "${id}" here; served: ${served}.`,
      );
    },
    idOf,
    nameOf,
    async recall(tenant, { manifest, embedder }, id) {
      const found = await embedder.recall(tenant, id);
      if (found.model === manifest.digest) return found;
      throw new EdgeError(
        "model-mismatch",
        `The embedding "${id}" was made by ${nameOf(found.model)}, not by ` +
          `"${manifest.id}", which was asked; choose its model, or send the image again.`,
      );
    },
  };
}
