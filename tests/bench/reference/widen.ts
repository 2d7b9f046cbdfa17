import { roundEmbedding } from "../../../lib/format/embedding_file.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import type { Embedding, ModelGeometry } from "../../../lib/pipeline/types.ts";

/**
 * Converts a trained model's embedding to another model's width, every patch through one fixed random projection, which
 * nearly keeps angles and distances. Random weights would make all patches alike (cosines equal to 1e-10), which no
 * trained model does, and which leaves k-means, peaks and transport little to distinguish.
 */
export function widen(
  embedding: Embedding,
  { digest, channels, grid }: ModelGeometry,
): Embedding {
  const { data, dims } = embedding.tensors.image_embeddings;
  const from = dims[1];
  const patches = data.length / from;
  if (patches !== grid * grid) {
    throw new Error("Cannot widen an embedding of another grid.");
  }
  const random = mulberry32(11);
  const out = new Float32Array(channels * patches);
  for (let c = 0; c < channels; c++) {
    const row = out.subarray(c * patches, (c + 1) * patches);
    for (let k = 0; k < from; k++) {
      const normal = random() + random() + random() - 1.5;
      const weight = normal * Math.sqrt(4 / channels);
      const source = data.subarray(k * patches, (k + 1) * patches);
      for (let p = 0; p < patches; p++) row[p] += weight * source[p];
    }
  }
  const tensor = { dims: [1, channels, grid, grid], data: out };
  return roundEmbedding({
    ...embedding,
    model: digest,
    tensors: { ...embedding.tensors, image_embeddings: tensor },
  });
}
