import type { SampleArray } from "../codecs/sample_array.ts";
import type { Samples } from "../codecs/samples.ts";
import { EdgeError, MAX_CHOICES } from "../core/errors.ts";
import type { Mask, MaskReading } from "../core/mask.ts";
import { isOneHue, isOneStructure } from "./lossy_mask.ts";
import {
  distinctColours,
  distinctValues,
  intensities,
  isOneColour,
  labelsOf,
} from "./mask_values.ts";
import { isSoft } from "./soft_values.ts";

/** The pixels of one structure of a mask file, and what told them. */
export interface Structure extends Pick<MaskReading, "kind"> {
  mask: Mask;
  value: number | null;
  threshold: number | null;
}

/** Below this greatest value, soft edges have too few steps to be told from labels. */
const LEAST_SOFT = 64;

/** The least that the greatest value of a lossy mask may be, as a share of what it can be. */
const LEAST_LOSSY = 0.25;

/** More opaque entries of a palette than this are the colours of a photo that was cut out. */
const MAX_PALETTE_LABELS = 16;

/** So few different values from 0 to 1 may be scaled labels; only slopes between them tell. */
const FEW_STEPS = 8;

/** Values that lie this close to whole numbers are whole: scaling leaves such noise. */
const NOISE = 1e-3;

/** How far below 0 probabilities may reach, as a share of their greatest: resampling overshoots. */
const OVERSHOOT = 0.25;

/**
 * The structure that the samples of a mask file mean. In this order:
 *
 * - Alpha that varies is the mask, whatever colours lie under it; with `segment`, transparent pixels are background,
 *   and so they are where the opaque part is a map of few palette entries.
 * - JPEG and other lossy codings are soft: cut at half their maximum, where they hold one structure.
 * - Soft values (anti-aliased edges, probabilities), grey or of one colour, are cut at half their maximum.
 * - Otherwise values are labels: grey levels, or indices into a palette whose entry 0 is black. `segment` chooses one;
 *   without it, there must be one.
 * - A single colour is a structure. Several cannot be told apart.
 *
 * @param segment a label, as text.
 * @param isPart whether the file has other frames, which may hold other labels; then the one that is found is stated.
 * @throws {EdgeError} `frame-choice` where the structure must be chosen, or is not there.
 */
export function readStructure(
  samples: Samples,
  segment?: string,
  isPart = false,
): Structure {
  const { alpha } = samples;
  if (alpha !== undefined && isCutOut(alpha)) {
    if (segment === undefined && !isTransparentMap(samples, alpha)) {
      return cut(samples, alpha, "alpha");
    }
    samples = hideTransparent(samples, alpha);
  }
  if (samples.lossy) return cutLossy(samples, segment);
  const finite = { ...samples, data: withoutHoles(samples.data) };
  const shades = intensities(finite);
  const values = distinctValues(shades);
  const isPlain = values.length > 1 && isOneColour(finite, shades);
  if (isPlain && isDegree(shades, finite, values)) {
    if (segment !== undefined) {
      throw cannotUse(
        "its values are degrees of one structure; leave segment out",
      );
    }
    return cut(finite, shades, "soft");
  }
  const labels = labelsOf(finite);
  if (labels !== undefined) {
    return chooseLabel(finite, labels, segment, isPart);
  }
  const colours = distinctColours(finite, MAX_CHOICES + 1);
  if (segment === undefined && colours.length === 1) {
    return take(finite, shades, (value) => value !== 0, "binary");
  }
  throw cannotUse(
    `it has colours, not labels: ${
      listed(colours)
    }; send a mask of one structure, or a map of labels`,
  );
}

/** Whether alpha leaves out some pixels: less than half as opaque as others. */
function isCutOut(alpha: Uint8Array): boolean {
  let least = 255, greatest = 0;
  for (const value of alpha) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return least < greatest / 2;
}

/** Whether what is opaque has so few entries of a palette besides 0 that they are labels, not the colours of a photo. */
function isTransparentMap({ indices }: Samples, alpha: Uint8Array): boolean {
  if (indices === undefined) return false;
  const half = greatestOf(alpha) / 2;
  const opaque = new Set(indices.filter((_, i) => alpha[i]! >= half));
  return !opaque.has(0) && opaque.size > 1 &&
    opaque.size <= MAX_PALETTE_LABELS;
}

function hideTransparent(samples: Samples, alpha: Uint8Array): Samples {
  const { channels } = samples;
  const data = samples.data.slice();
  const half = greatestOf(alpha) / 2;
  const indices = samples.indices
    ?.map((index, i) => alpha[i]! < half ? 0 : index);
  for (let i = 0; i < alpha.length; i++) {
    if (alpha[i]! < half) data.fill(0, i * channels, (i + 1) * channels);
  }
  return { ...samples, data, ...(indices && { indices }) };
}

/** Values with 0 in the place of what is no number, and whole where all of them nearly are. */
function withoutHoles(data: SampleArray): SampleArray {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    return data;
  }
  const finite = data.every(Number.isFinite)
    ? data
    : data.map((value) => Number.isFinite(value) ? value : 0);
  const isNearlyWhole = finite.every((value) =>
    Math.abs(value - Math.round(value)) < NOISE
  );
  return isNearlyWhole ? finite.map(Math.round) : finite;
}

/** @param values the distinct ones. */
function isDegree(
  shades: SampleArray,
  samples: Samples,
  values: number[],
): boolean {
  const [least, greatest] = [values[0]!, values.at(-1)!];
  if (least < -greatest * OVERSHOOT) return false;
  const isWhole = values.every(Number.isInteger);
  if (!isWhole && greatest <= 1 && values.length > FEW_STEPS) return true;
  if (isWhole && (greatest < LEAST_SOFT || least < 0)) return false;
  return isSoft(shades, samples, greatest);
}

function chooseLabel(
  samples: Samples,
  labels: SampleArray,
  segment: string | undefined,
  isPart: boolean,
): Structure {
  const values = distinctValues(labels);
  const has = values.length === 0
    ? "it has no value besides 0"
    : `it has ${listed(values.map(String))}`;
  if (values.some((value) => !Number.isInteger(value)) && values.length > 1) {
    throw cannotUse(
      `${has}, which are neither whole labels nor probabilities that rise from 0 to 1 in many steps; send one of these`,
    );
  }
  const choices = values.slice(0, MAX_CHOICES).map(String);
  if (segment === undefined) {
    if (values.length > 1) {
      throw cannotUse(
        `${has}; send segment=n to choose one, or a mask of one value`,
        choices,
      );
    }
    const value = isPart ? values[0] ?? null : null;
    return take(samples, labels, (value) => value !== 0, "binary", value);
  }
  const wanted = Number(segment);
  if (!/^-?\d+$/.test(segment)) {
    throw cannotUse(`segment must be one of its values; ${has}`, choices);
  }
  if (wanted === 0 || !labels.includes(wanted)) {
    throw cannotUse(`it has no structure ${wanted} here; ${has}`, choices);
  }
  return take(samples, labels, (value) => value === wanted, "label", wanted);
}

/** JPEG, lossy WebP and the like blur every edge, and leave noise around it. */
function cutLossy(samples: Samples, segment: string | undefined): Structure {
  if (segment !== undefined) {
    throw cannotUse("its lossy coding blurs labels; send them as PNG");
  }
  const values = intensities(samples);
  const greatest = greatestOf(values);
  if (greatest === 0) return take(samples, values, () => false, "soft");
  if (greatest < samples.max * LEAST_LOSSY) {
    throw cannotUse("its lossy coding blurs values this small; send a PNG");
  }
  if (
    !isOneHue(samples, values, greatest) ||
    !isOneStructure(values, samples, greatest)
  ) {
    throw cannotUse(
      "it has several values or colours, which its lossy coding blurs; send a PNG, or a mask of one structure",
    );
  }
  return cut(samples, values, "soft");
}

/** The pixels of at least half the greatest value. */
function cut(
  samples: Samples,
  values: SampleArray,
  kind: "soft" | "alpha",
): Structure {
  const threshold = greatestOf(values) / 2;
  const { mask } = take(samples, values, (value) => value >= threshold, kind);
  return { mask, kind, value: null, threshold };
}

function take(
  { width, height }: Samples,
  values: SampleArray,
  isInside: (value: number) => boolean,
  kind: Structure["kind"],
  value: number | null = null,
): Structure {
  const data = new Uint8Array(width * height);
  for (let i = 0; i < data.length; i++) {
    if (isInside(values[i]!)) data[i] = 255;
  }
  return { mask: { width, height, data }, kind, value, threshold: null };
}

function greatestOf(values: SampleArray): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > greatest) greatest = values[i]!;
  }
  return greatest;
}

/** Values in words, so many at most. */
function listed(values: string[]): string {
  const list = values.slice(0, MAX_CHOICES).join(", ");
  return values.length > MAX_CHOICES ? `${list} and more` : list;
}

function cannotUse(why: string, choices: string[] = []): EdgeError {
  return new EdgeError("frame-choice", `Cannot use the mask: ${why}.`, {
    choices,
  });
}
