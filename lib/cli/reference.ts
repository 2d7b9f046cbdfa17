import type { Engine, InputFile } from "../engine/engine.ts";
import type { Bytes } from "../store/types.ts";
import { naming } from "./arguments.ts";

/** Makes the profile's file; an error names the file at fault. */
export async function enrol(
  engine: Engine,
  image: { path: string; file: InputFile },
  mask: { path: string; file: InputFile; segment?: number },
): Promise<Bytes> {
  const embedding = await naming(image.path, () => engine.embed(image.file));
  const { file, segment } = mask;
  const annotation = { file, image: image.file, segment };
  const { bytes } = await naming(
    mask.path,
    () => engine.enrol(embedding.bytes, annotation),
  );
  return bytes;
}
