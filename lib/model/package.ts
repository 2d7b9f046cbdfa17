import { z } from "zod";
import type { Bytes } from "../core/bytes.ts";
import { hexDigest, textDigest } from "../core/digest.ts";
import { EdgeError } from "../core/errors.ts";
import type { ModelGeometry, ScoreCalibration } from "../pipeline/types.ts";
import { NAME } from "./locate.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const perChannel = z.array(z.number()).length(3);
/** Inputs and outputs that a decoder may have besides the official ones. */
export const NATURAL_INPUTS = [
  "attention_similarity",
  "target_embedding",
] as const;
/** The decoder's input for what the references say of every patch: [B, 4, g, g], see `match_maps.ts`. */
export const MATCH_INPUT = "match_maps";
/** The output that comes with it: [B, 1], the IoU of the mask that was given with the structure that the maps speak of. */
export const MATCH_OUTPUT = "match_predictions";
export const MULTIMASK_OUTPUTS = [
  "multi_masks",
  "multi_iou_predictions",
] as const;
const unique = (names: string[]) => new Set(names).size === names.length;
const channelsHeightWidth = z.array(z.int().positive()).length(3);
const file = z.strictObject({ path: z.string().regex(NAME), sha256 });

/** `model.json`: the description of a model package. */
export const Manifest = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(NAME),
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
    /** Shapes [channels, height, width] of the tensors that the decoder takes besides `image_embeddings`. */
    tensors: z.record(
      z.string().regex(/^high_res_feats_\d$/),
      channelsHeightWidth,
    ).default({}),
  }),
  lowResMask: z.int().positive(),
  decoderInputs: z.array(
    z.enum(["mask_input", ...NATURAL_INPUTS, MATCH_INPUT]),
  )
    .refine(unique, "must not repeat a name")
    .refine((names) => names.includes("mask_input"), "must have mask_input"),
  decoderOutputs: z.array(z.enum(MULTIMASK_OUTPUTS))
    .refine(unique, "must not repeat a name").default([]),
  /** How the predicted IoU is read with match maps, see `ScoreCalibration`. */
  calibration: z.strictObject({
    threshold: z.number().min(0).max(1),
    slope: z.number().positive(),
    offset: z.number(),
    presence: z.strictObject({
      offset: z.number(),
      rating: z.number(),
      structure: z.number(),
      surroundings: z.number(),
      typical: z.strictObject({
        structure: z.number(),
        surroundings: z.number(),
      }),
    }).optional(),
  }).optional(),
  /** `image`: the part of the decoder that depends on the image alone, as a graph that runs once for all prompts. */
  files: z.strictObject({
    encoder: file,
    decoder: file,
    image: file.optional(),
  }),
  digest: sha256,
}).refine(
  ({ decoderInputs, calibration }) =>
    decoderInputs.includes(MATCH_INPUT) === (calibration !== undefined),
  { message: `goes with ${MATCH_INPUT}`, path: ["calibration"] },
);
export type Manifest = z.infer<typeof Manifest>;

/** The components of a package, each loaded only where it is used; the image graph belongs to the decoder. */
export type ModelComponent = "encoder" | "decoder";

/** A model package in memory, checked. */
export interface ModelPackage {
  manifest: Manifest;
  geometry: ModelGeometry;
  /** Null when not asked for. */
  encoder: Bytes | null;
  /** Null when not asked for. */
  decoder: Bytes | null;
  /** Null also when the decoder takes the embedding itself. */
  image: Bytes | null;
}

/**
 * Reads and checks the manifest of a model package; its model files are not read.
 *
 * @param folder URL of the package folder, ending in a slash.
 * @throws PackageError with the reason.
 */
export async function readManifest(folder: URL): Promise<Manifest> {
  const refusal = (why: string) => new PackageError(folder, why);
  let json: unknown;
  const bytes = await readFile(folder, "model.json");
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refusal("model.json is not JSON");
  }
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join(".") || "its root";
    throw refusal(`model.json at ${place}: ${issue?.message}`);
  }
  if (await packageDigest(parsed.data) !== parsed.data.digest) {
    throw refusal("its digest does not match its files and its input");
  }
  return parsed.data;
}

/**
 * Loads a model package: the manifest, and the files of the components asked for, each checked by its sha256. Other
 * files need not exist.
 *
 * @param folder URL of the package folder, ending in a slash.
 * @throws PackageError with the reason.
 */
export async function loadPackage(
  folder: URL,
  components: ModelComponent[] = ["encoder", "decoder"],
): Promise<ModelPackage> {
  const manifest = await readManifest(folder);
  const load = async (role: keyof Manifest["files"]) => {
    const file = manifest.files[role];
    const component = role === "encoder" ? "encoder" : "decoder";
    if (file === undefined || !components.includes(component)) return null;
    const { path, sha256 } = file;
    const bytes = await readFile(folder, path);
    const found = await hexDigest(bytes);
    if (found === sha256) return bytes;
    const why = `${path} has sha256 ${found}, model.json states ${sha256}`;
    throw new PackageError(folder, why);
  };
  return {
    manifest,
    geometry: geometryOf(manifest),
    encoder: await load("encoder"),
    decoder: await load("decoder"),
    image: await load("image"),
  };
}

/** Whether a model's decoder takes match maps. */
export function isMatched({ decoderInputs }: Manifest): boolean {
  return decoderInputs.includes(MATCH_INPUT);
}

function geometryOf(manifest: Manifest): ModelGeometry {
  const { digest, input, embedding, lowResMask, calibration } = manifest;
  const { decoderInputs, decoderOutputs } = manifest;
  const { channels, grid, tensors } = embedding;
  const all = { ...tensors, image_embeddings: [channels, grid, grid] };
  const shapes = Object.entries(all)
    .map(([name, shape]): [string, number[]] => [name, [1, ...shape]]);
  return {
    digest,
    ...input,
    channels,
    grid,
    lowResMask,
    tensors: Object.fromEntries(shapes.sort(([a], [b]) => a < b ? -1 : 1)),
    guided: NATURAL_INPUTS.every((name) => decoderInputs.includes(name)) &&
      MULTIMASK_OUTPUTS.every((name) => decoderOutputs.includes(name)),
    matched: isMatched(manifest),
    calibration: calibration ?? null,
  };
}

async function readFile(folder: URL, path: string) {
  try {
    return await Deno.readFile(new URL(path, folder));
  } catch (error) {
    const why = `${path} cannot be read (${(error as Error).name})`;
    throw new PackageError(folder, why);
  }
}

/** A folder is not a complete model package. */
export class PackageError extends EdgeError {
  constructor(folder: URL, readonly why: string) {
    const what = `Cannot load the model package ${folder.pathname}`;
    super("invalid-input", `${what}: ${why}.`);
  }
}

/**
 * The digest that identifies a model: the sha256 of the lines `decoder <sha256>`, `encoder <sha256>`, `image <sha256>`
 * if it has that file, and `input <size> <mean,…> <std,…>` with numbers in their shortest form. The input is part of
 * it because another normalisation makes other embeddings, and `calibration <threshold> <slope> <offset>` of a model
 * that has one, because it decides whether a structure is called present; followed, in the same line, by the numbers of
 * `presence` where there are any: offset, rating, structure, surroundings and both typical similarities.
 */
export function packageDigest(
  { files, input, calibration }: Manifest,
): Promise<string> {
  const { encoder, decoder, image } = files;
  const lines = [
    `decoder ${decoder.sha256}\n`,
    `encoder ${encoder.sha256}\n`,
    ...(image === undefined ? [] : [`image ${image.sha256}\n`]),
    `input ${input.size} ${input.mean.join()} ${input.std.join()}\n`,
    ...(calibration === undefined ? [] : [calibrationLine(calibration)]),
  ];
  return textDigest(lines.join(""));
}

function calibrationLine(
  { threshold, slope, offset, presence }: ScoreCalibration,
): string {
  const numbers = [threshold, slope, offset];
  if (presence !== undefined) {
    const { offset, rating, structure, surroundings, typical } = presence;
    numbers.push(offset, rating, structure, surroundings);
    numbers.push(typical.structure, typical.surroundings);
  }
  return `calibration ${numbers.join(" ")}\n`;
}
