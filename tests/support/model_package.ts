import { type Manifest, packageDigest } from "../../lib/model/package.ts";

const NANO = new URL("../../models/nano/", import.meta.url);

/** Writes a copy of the embedded model to `folder`, with other statements and a digest that fits them. */
export async function copyNano(
  folder: string,
  changes: Partial<Manifest>,
): Promise<Manifest> {
  await Deno.mkdir(folder, { recursive: true });
  for (const name of ["encoder.onnx", "decoder.onnx"]) {
    await Deno.copyFile(new URL(name, NANO), `${folder}/${name}`);
  }
  const text = await Deno.readTextFile(new URL("model.json", NANO));
  const manifest: Manifest = { ...JSON.parse(text), ...changes };
  manifest.digest = await packageDigest(manifest);
  await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify(manifest));
  return manifest;
}

/** The embedded model under another id and normalisation: other embeddings, and another digest. */
export function copyDarker(folder: string, id: string): Promise<Manifest> {
  const input = { size: 512, mean: [90, 90, 90], std: [58, 58, 58] };
  return copyNano(folder, { id, input });
}
