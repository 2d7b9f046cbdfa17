import { type EdgeError, invalidInput } from "../core/errors.ts";
import {
  MATCH_INPUT,
  MATCH_OUTPUT,
  MULTIMASK_OUTPUTS,
  NATURAL_INPUTS,
} from "../model/package.ts";
import type { ModelGeometry } from "../pipeline/types.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Session } from "./runtime.ts";

const PROMPT_INPUTS = [
  "point_coords",
  "point_labels",
  "mask_input",
  "has_mask_input",
];
const GUIDANCE_INPUTS = [...NATURAL_INPUTS, "has_attention_similarity"];
const OUTPUTS = ["low_res_masks", "iou_predictions"];

type Names = Pick<Session, "inputNames" | "outputNames">;

/** Name of an encoder's input. @throws EdgeError `invalid-input` when it has none. */
export function requireInput({ inputNames: [name] }: Names): string {
  if (name === undefined) throw wrong("its encoder takes no input");
  return name;
}

/** Compares the encoder's output with the manifest. @throws EdgeError `invalid-input` naming the first difference. */
export function requireEncoded(
  { tensors }: ModelGeometry,
  encoded: Record<string, Tensor>,
): void {
  requireNames("encoder gives", Object.keys(encoded), Object.keys(tensors));
  for (const [name, shape] of Object.entries(tensors)) {
    const dims = encoded[name]?.dims;
    if (dims?.join() !== shape.join()) {
      throw wrong(`its encoder gives ${name} [${dims}], wanted [${shape}]`);
    }
  }
}

/**
 * Compares the decoder's inputs and outputs with the manifest. With an image graph, that takes the embedding, and the
 * decoder takes its outputs.
 *
 * @throws EdgeError `invalid-input` naming the first difference.
 */
export function requireDecoderGraph(
  { tensors, guided, matched }: ModelGeometry,
  { inputNames, outputNames }: Names,
  image: Names | null,
): void {
  const embedding = Object.keys(tensors);
  if (image !== null) {
    requireNames("image graph takes", image.inputNames, embedding);
  }
  const inputs = [...PROMPT_INPUTS, ...image?.outputNames ?? embedding];
  if (guided) inputs.push(...GUIDANCE_INPUTS);
  if (matched) inputs.push(MATCH_INPUT);
  requireNames("decoder takes", inputNames, inputs);
  const wanted = [
    ...OUTPUTS,
    ...(guided ? MULTIMASK_OUTPUTS : []),
    ...(matched ? [MATCH_OUTPUT] : []),
  ];
  const lacking = wanted.filter((name) => !outputNames.includes(name));
  if (lacking.length > 0) {
    throw wrong(`its decoder does not give ${lacking.join(", ")}`);
  }
}

function requireNames(
  what: string,
  found: readonly string[],
  wanted: string[],
): void {
  const came = found.toSorted().join();
  const asked = wanted.toSorted().join();
  if (came !== asked) throw wrong(`its ${what} ${came}, wanted ${asked}`);
}

function wrong(why: string): EdgeError {
  return invalidInput(
    `The model's graphs are not what model.json says: ${why}.`,
  );
}
