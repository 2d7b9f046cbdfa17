import { deepEqual, equal, throws } from "node:assert/strict";
import { composeFunctions } from "../../../deploy/compose_functions.ts";
import { FUNCTIONS } from "../../../functions/app.ts";

Deno.test("chosen functions are served with their health, and need what any of them needs", () => {
  const { health, metrics, docs, prompt, decode, encode, patients } = FUNCTIONS;
  const always = [health, metrics, docs];
  const state = true;
  deepEqual(composeFunctions(["prompt"]), {
    functions: [prompt, ...always],
    needs: { encoder: false, decoder: false, state },
  });
  deepEqual(composeFunctions(["decode", "patients", "decode"]), {
    functions: [patients, decode, ...always],
    needs: { encoder: false, decoder: true, state },
  });
  deepEqual(composeFunctions(["encode"]), {
    functions: [encode, ...always],
    needs: { encoder: true, decoder: false, state },
  });
  for (const name of ["references", "segment", "series", "receipts"]) {
    const { needs } = composeFunctions([name]);
    deepEqual(needs, { encoder: true, decoder: true, state }, name);
  }
});

Deno.test("every function can be chosen", () => {
  const always = ["health", "metrics", "docs"];
  for (const name of Object.keys(FUNCTIONS)) {
    if (always.includes(name)) continue;
    equal(composeFunctions([name]).functions.length, 1 + always.length, name);
  }
});

Deno.test("a name that no function has is named in one line, with those that there are", () => {
  const wanted =
    /^FUNCTIONS must name functions, separated by commas: encode, references, [a-z, ]+, page/;
  for (const names of [["segment", "segmnt"], ["constructor"], [""]]) {
    throws(() => composeFunctions(names), { message: wanted });
    throws(
      () => composeFunctions(names),
      new RegExp(`; there is no "${names.at(-1)}"\\.$`),
    );
  }
  throws(() => composeFunctions(), /, page\.$/);
});
