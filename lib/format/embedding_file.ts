import { EdgeError } from "../errors.ts";
import type { Embedding, ModelGeometry } from "../pipeline/types.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** An embedding as a safetensors file: float16 tensors; metadata `model`, `width`, `height`. */
export function writeEmbedding(embedding: Embedding): Uint8Array<ArrayBuffer> {
  const { model, image: { width, height }, tensors } = embedding;
  const metadata = { model, width: String(width), height: String(height) };
  return writeSafetensors({ metadata, tensors }, () => "F16");
}

/**
 * Reads and checks an embedding made by `writeEmbedding` or by a client.
 *
 * @throws EdgeError `invalid-input` for a wrong shape, size or a value that is not finite;
 * `model-mismatch` for another model's embedding.
 */
export function readEmbedding(
  bytes: Uint8Array,
  model: ModelGeometry,
  maxPixels: number,
): Embedding {
  const { metadata, tensors } = readSafetensors(bytes);
  const wrong = (why: string) =>
    new EdgeError("invalid-input", `Cannot use the embedding: ${why}.`);
  if (metadata.model === undefined) {
    throw wrong("its metadata lacks `model`, the model's digest");
  }
  if (metadata.model !== model.digest) {
    throw new EdgeError(
      "model-mismatch",
      "The embedding was made by another model than the one served; encode the image again.",
    );
  }
  const [width, height] = [metadata.width, metadata.height].map((text) =>
    /^[1-9]\d{0,5}$/.test(text ?? "") ? Number(text) : NaN
  );
  if (!(width * height <= maxPixels)) {
    throw wrong(
      `its metadata needs \`width\` and \`height\` of the image, at most ${maxPixels} pixels`,
    );
  }
  const main = tensors.image_embeddings;
  const wanted = [1, model.channels, model.grid, model.grid];
  if (main === undefined || main.dims.join() !== wanted.join()) {
    throw wrong(
      `it needs a tensor \`image_embeddings\` of shape [${wanted}], ` +
        (main === undefined ? "and has none" : `not [${main.dims}]`),
    );
  }
  for (const { data } of Object.values(tensors)) {
    if (!data.every(Number.isFinite)) {
      throw wrong("it holds a value that is not a finite number");
    }
  }
  return roundEmbedding({
    model: model.digest,
    image: { width, height },
    tensors,
  });
}

/** The embedding with every value rounded to the nearest float16: what storing it would give back. */
export function roundEmbedding(embedding: Embedding): Embedding {
  for (const { data } of Object.values(embedding.tensors)) {
    for (let i = 0; i < data.length; i++) data[i] = Math.f16round(data[i]);
  }
  return embedding;
}
