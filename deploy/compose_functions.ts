import { type FunctionName, FUNCTIONS } from "../functions/app.ts";
import { invalidInput } from "../lib/core/errors.ts";
import type { ModelComponent } from "../lib/model/package.ts";
import type { EntryPoint } from "./start.ts";

/** Functions that every process serves. */
const ALWAYS = ["health", "metrics", "docs"] as const;

const BOTH: ModelComponent[] = ["encoder", "decoder"];

/** What each function that can be chosen runs of a model. */
const COMPONENTS: Record<
  Exclude<FunctionName, typeof ALWAYS[number]>,
  ModelComponent[]
> = {
  encode: ["encoder"],
  references: BOTH,
  enrolments: BOTH,
  patients: [],
  revisions: [],
  prompt: [],
  decode: ["decoder"],
  export: [],
  volumes: [],
  read: [],
  segment: BOTH,
  series: BOTH,
  receipts: BOTH,
  transfer: [],
  preview: [],
  facts: [],
  archive: [],
  uploads: [],
  models: [],
  audit: [],
  monailabel: BOTH,
  labelstudio: BOTH,
  page: [],
};

/**
 * The functions of these names, and what they need together.
 *
 * @throws EdgeError `invalid-input` for a name that no function has, or for none.
 */
export function composeFunctions(names: string[] = []): EntryPoint {
  const known = Object.keys(COMPONENTS) as (keyof typeof COMPONENTS)[];
  const chosen = known.filter((name) => names.includes(name));
  const unknown = names.find((name) => !Object.hasOwn(COMPONENTS, name));
  if (unknown !== undefined || chosen.length === 0) {
    throw invalidInput(
      "FUNCTIONS must name functions, separated by commas: " +
        known.join(", ") +
        (unknown === undefined ? "." : `; there is no "${unknown}".`),
    );
  }
  const components = new Set(chosen.flatMap((name) => COMPONENTS[name]));
  return {
    functions: [...chosen, ...ALWAYS].map((name) => FUNCTIONS[name]),
    needs: {
      encoder: components.has("encoder"),
      decoder: components.has("decoder"),
      state: true,
    },
  };
}
