import type { Bytes } from "../core/bytes.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import type { Warning } from "../core/warnings.ts";
import type { Embedding, ModelGeometry } from "../pipeline/types.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

export const EMBEDDING_MEDIA_TYPE = "application/x-safetensors";

/** Most warnings of a file, and the most characters of one. */
const MAX_WARNINGS = 20;
const MAX_DETAIL = 1000;

/**
 * Writes an embedding as a safetensors file: float16 tensors; metadata `model`, `width`, `height`, and `warnings` as
 * JSON where there are any.
 */
export function writeEmbedding(embedding: Embedding): Bytes {
  const { model, image: { width, height }, tensors, warnings = [] } = embedding;
  const metadata = {
    model,
    width: String(width),
    height: String(height),
    ...(warnings.length > 0 && { warnings: JSON.stringify(warnings) }),
  };
  return writeSafetensors({ metadata, tensors }, () => "F16");
}

/**
 * Reads and checks an embedding made by `writeEmbedding` or by a client; values are rounded to the nearest float16.
 *
 * @throws {EdgeError} `invalid-input` for a wrong tensor, shape or size, or a value that float16 cannot hold;
 * `model-mismatch` for another model's embedding.
 */
export function readEmbedding(
  bytes: Uint8Array,
  model: ModelGeometry,
  maxPixels: number,
): Embedding {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.model === undefined) {
    throw wrong("its metadata lacks `model`, the model's digest");
  }
  if (metadata.model !== model.digest) {
    throw new EdgeError(
      "model-mismatch",
      "The embedding was made by another model than the one requested; encode the image again.",
    );
  }
  const side = (text = "") => /^[1-9]\d{0,4}$/.test(text) ? Number(text) : NaN;
  const [width, height] = [side(metadata.width), side(metadata.height)];
  if (!(width * height <= maxPixels)) {
    throw wrong(
      `its metadata needs \`width\` and \`height\` of the image, at most ${maxPixels} pixels`,
    );
  }
  const names = Object.keys(tensors).sort();
  const wanted = Object.keys(model.tensors);
  if (names.join() !== wanted.join()) {
    throw wrong(
      `it needs the tensors ${wanted.join(", ")}, and has ${names.length}` +
        ` (${JSON.stringify(names).slice(0, 200)})`,
    );
  }
  for (const [name, shape] of Object.entries(model.tensors)) {
    const found = tensors[name]?.dims ?? [];
    if (found.join() !== shape.join()) {
      throw wrong(`\`${name}\` needs the shape [${shape}], not [${found}]`);
    }
  }
  return roundEmbedding({
    model: model.digest,
    image: { width, height },
    tensors,
    warnings: readWarnings(metadata.warnings),
  });
}

/** The warnings of an embedding's metadata; undefined where there are none. */
function readWarnings(text: string | undefined): Warning[] | undefined {
  if (text === undefined) return undefined;
  try {
    const found: unknown = JSON.parse(text);
    if (Array.isArray(found) && found.length <= MAX_WARNINGS) {
      const warnings = found.map(({ code, detail }) => ({ code, detail }));
      if (warnings.every(isWarning)) return warnings;
    }
  } catch {
    // The error below says what is wanted.
  }
  throw wrong(
    "its metadata's `warnings` must be a JSON array of objects with `code` and `detail`",
  );
}

/** Codes are not compared with those of this version: an encode host may be newer. */
function isWarning(
  { code, detail }: { code: unknown; detail: unknown },
): boolean {
  return typeof code === "string" && /^[a-z][a-z-]{0,63}$/.test(code) &&
    typeof detail === "string" && detail.length <= MAX_DETAIL;
}

/**
 * The embedding with every value rounded in place to the nearest float16, as it is after it has been stored.
 *
 * @throws {EdgeError} `invalid-input` for a value that float16 cannot hold.
 */
export function roundEmbedding(embedding: Embedding): Embedding {
  for (const { data } of Object.values(embedding.tensors)) {
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < data.length; i++) {
      if (isFloat16(bits[i]!)) continue;
      const value = Math.f16round(data[i]!);
      if (!Number.isFinite(value)) {
        throw wrong("it holds a value that is no finite float16 number");
      }
      data[i] = value;
    }
  }
  return embedding;
}

/**
 * Whether the bits of a float32 number are surely a float16 number: it is normal in both, and the 13 bits that float16
 * lacks are 0. Most values are read from float16, and this takes a twentieth of the time of rounding them.
 */
function isFloat16(bits: number): boolean {
  const exponent = bits & 0x7f800000;
  return (bits & 0x1fff) === 0 && exponent >= 0x38800000 &&
    exponent <= 0x47000000;
}

function wrong(why: string): EdgeError {
  return invalidInput(`Cannot use the embedding: ${why}.`);
}
