import type { EmbeddingFile, Engine } from "../engine/engine.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import type { Mask } from "../core/mask.ts";
import { naming, readNamed } from "../cli/arguments.ts";
import type { Pair } from "./data_set.ts";

/** An image to be segmented, and its true mask in the image frame. */
export interface Scene {
  embedding: EmbeddingFile;
  truth: Mask;
}

/** Encodes an image and reads its annotation; an error names the file at fault. */
export async function readScene(
  engine: Engine,
  { image, mask }: Pair,
  maxPixels: number,
): Promise<Scene> {
  const picture = await readNamed(image);
  const annotation = await readNamed(mask);
  const embedding = await naming(image, () => engine.embed({ bytes: picture }));
  const truth = await naming(mask, async () => {
    const decoded = await decodeMask(annotation, { maxPixels });
    requireSameSize(decoded, embedding.image);
    return decoded;
  });
  return { embedding, truth };
}
