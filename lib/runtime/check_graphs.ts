import { EdgeError } from "../errors.ts";
import type { ModelGeometry, Tensor } from "../pipeline/types.ts";

const PROMPT_INPUTS = [
  "point_coords",
  "point_labels",
  "mask_input",
  "has_mask_input",
];
const GUIDANCE_INPUTS = [
  "attention_similarity",
  "has_attention_similarity",
  "target_embedding",
];
const OUTPUTS = ["low_res_masks", "iou_predictions"];
const MULTIMASK_OUTPUTS = ["multi_masks", "multi_iou_predictions"];

/** What the graphs of a model have been seen to give and take. */
export interface SeenGraphs {
  /** What the encoder made of an image. */
  encoded: Record<string, Tensor>;
  decoderInputs: readonly string[];
  decoderOutputs: readonly string[];
}

/**
 * Compares the graphs with what the manifest says of them.
 *
 * @throws EdgeError `invalid-input` naming the first difference.
 */
export function requireGraphs(
  { tensors, guided }: ModelGeometry,
  { encoded, decoderInputs, decoderOutputs }: SeenGraphs,
): void {
  const wantedInputs = [...PROMPT_INPUTS, ...Object.keys(tensors)];
  if (guided) wantedInputs.push(...GUIDANCE_INPUTS);
  requireNames("encoder gives", Object.keys(encoded), Object.keys(tensors));
  requireNames("decoder takes", decoderInputs, wantedInputs);
  const lacking = [...OUTPUTS, ...(guided ? MULTIMASK_OUTPUTS : [])]
    .filter((name) => !decoderOutputs.includes(name));
  if (lacking.length > 0) {
    throw wrong(`its decoder does not give ${lacking.join(", ")}`);
  }
  for (const [name, shape] of Object.entries(tensors)) {
    const { dims } = encoded[name];
    if (dims.join() !== shape.join()) {
      throw wrong(`its encoder gives ${name} [${dims}], wanted [${shape}]`);
    }
  }
}

function requireNames(
  what: string,
  found: readonly string[],
  wanted: string[],
): void {
  const [came, asked] = [found, wanted].map((names) => names.toSorted().join());
  if (came !== asked) throw wrong(`its ${what} ${came}, wanted ${asked}`);
}

function wrong(why: string): EdgeError {
  return new EdgeError(
    "invalid-input",
    `The model's graphs are not what model.json says: ${why}.`,
  );
}
