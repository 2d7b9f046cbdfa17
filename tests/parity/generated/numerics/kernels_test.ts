import { equal } from "node:assert/strict";
import { buildKernels, PROGRAM } from "../../../support/build_kernels.ts";

Deno.test("the committed program is what its sources compile to", async () => {
  equal(
    await Deno.readTextFile(PROGRAM),
    await buildKernels(),
    "run tests/support/build_kernels.ts again",
  );
});
