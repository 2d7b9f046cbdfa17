import type { EmbeddingFile, Engine } from "../engine/engine.ts";
import { decodeMask } from "../image/decode_mask.ts";
import { requireSameSize } from "../pipeline/annotation.ts";
import type { Mask } from "../core/mask.ts";
import { readInputFile, usingFile } from "../core/files.ts";
import type { Pair } from "./data_set.ts";

/** An image to be segmented, and its true mask in image space. */
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
  const picture = await readInputFile(image);
  const annotation = await readInputFile(mask);
  const embedding = await usingFile(
    image,
    () => engine.embed({ bytes: picture }),
  );
  const truth = await usingFile(mask, async () => {
    const decoded = await decodeMask(annotation, { maxPixels });
    requireSameSize(decoded, embedding.image);
    return decoded;
  });
  return { embedding, truth };
}
