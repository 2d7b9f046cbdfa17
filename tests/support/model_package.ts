import { type Manifest, packageDigest } from "../../lib/model/package.ts";

/** The folder of model packages made for tests. */
export const TEST_MODELS = new URL("models/", import.meta.url);
const TINY_FOLDER = new URL("tiny/", TEST_MODELS);

/** Settings that serve the tiny model. */
export const TINY = {
  MODEL: "tiny",
  MODELS: TEST_MODELS.pathname,
  // With more, the first run of a small graph sometimes waits for ever (lib/engine/workers.ts).
  THREADS: "1",
};

/** Writes a copy of the tiny model to `folder`, with some fields changed and a digest to match. */
export async function copyTiny(
  folder: string,
  changes: Partial<Manifest>,
): Promise<Manifest> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["encoder.onnx", "decoder.onnx"]) {
    await Deno.copyFile(new URL(name, TINY_FOLDER), `${folder}/${name}`);
  }
  const text = await Deno.readTextFile(new URL("model.json", TINY_FOLDER));
  const manifest: Manifest = { ...JSON.parse(text), ...changes };
  manifest.digest = await packageDigest(manifest);
  await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify(manifest));
  return manifest;
}

/** The tiny model with another id and other colour statistics, and so other embeddings and another digest. */
export function copyDarker(folder: string, id: string): Promise<Manifest> {
  const input = { size: 128, mean: [90, 90, 90], std: [20, 58, 58] };
  return copyTiny(folder, { id, input });
}
