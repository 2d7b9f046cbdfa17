import { z } from "zod";
import { hexDigest } from "../digest.ts";
import { EdgeError } from "../errors.ts";
import type { ModelGeometry } from "../pipeline/types.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const perChannel = z.array(z.number()).length(3);
const file = z.strictObject({ path: z.string().regex(/^[\w.-]+$/), sha256 });

/** `model.json`: what a model package says of itself. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(/^[\w.-]+$/),
  family: z.string(),
  licence: z.string(),
  source: z.string(),
  trainedOn: z.array(z.string()),
  input: z.strictObject({
    size: z.int().positive(),
    mean: perChannel,
    std: z.array(z.number().positive()).length(3),
  }),
  embedding: z.strictObject({
    channels: z.int().positive(),
    grid: z.int().positive(),
  }),
  lowResMask: z.int().positive(),
  decoderInputs: z.tuple([z.literal("mask_input")]),
  files: z.strictObject({ encoder: file, decoder: file }),
  digest: sha256,
});
export type Manifest = z.infer<typeof Manifest>;

/** A model package in memory, checked. */
export interface ModelPackage {
  manifest: Manifest;
  geometry: ModelGeometry;
  encoder: Uint8Array<ArrayBuffer>;
  decoder: Uint8Array<ArrayBuffer>;
}

/**
 * Loads a model package and checks its manifest, the sha256 of each file, and the digest.
 *
 * @param folder URL of the package folder, ending in a slash.
 * @throws EdgeError `invalid-input` with the reason.
 */
export async function loadPackage(folder: URL): Promise<ModelPackage> {
  const wrong = (why: string) =>
    new EdgeError(
      "invalid-input",
      `Cannot load the model package ${folder.pathname}: ${why}.`,
    );
  const read = async (path: string) => {
    try {
      return await Deno.readFile(new URL(path, folder));
    } catch (error) {
      throw wrong(`${path} cannot be read (${(error as Error).name})`);
    }
  };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(await read("model.json")));
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw wrong("model.json is not JSON");
  }
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(
      `model.json at ${issue.path.join(".") || "its root"}: ${issue.message}`,
    );
  }
  const manifest = parsed.data;
  const { encoder, decoder } = manifest.files;
  const bytes = {
    encoder: await read(encoder.path),
    decoder: await read(decoder.path),
  };
  for (const role of ["decoder", "encoder"] as const) {
    const found = await hexDigest(bytes[role]);
    if (found !== manifest.files[role].sha256) {
      throw wrong(
        `${
          manifest.files[role].path
        } has sha256 ${found}, not the one model.json states`,
      );
    }
  }
  if (await packageDigest(manifest) !== manifest.digest) {
    throw wrong("its digest does not match its files and its input");
  }
  return { manifest, geometry: geometryOf(manifest), ...bytes };
}

/**
 * What identifies a model: the sha256 of three lines, `decoder <sha256>`, `encoder <sha256>`, and
 * `input <size> <mean,…> <std,…>` with numbers in their shortest form, since another normalisation
 * makes other embeddings.
 */
function packageDigest({ files, input }: Manifest): Promise<string> {
  const { encoder, decoder } = files;
  const lines = [
    `decoder ${decoder.sha256}\n`,
    `encoder ${encoder.sha256}\n`,
    `input ${input.size} ${input.mean.join()} ${input.std.join()}\n`,
  ];
  return hexDigest(new TextEncoder().encode(lines.join("")));
}

function geometryOf(
  { digest, input, embedding, lowResMask }: Manifest,
): ModelGeometry {
  return { digest, ...input, ...embedding, lowResMask };
}
