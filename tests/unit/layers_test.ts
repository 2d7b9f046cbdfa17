import { deepEqual } from "node:assert/strict";

/** What a layer may not use; tests/README.md says what belongs where. */
const FORBIDDEN: Record<string, RegExp> = {
  unit:
    /Deno\.(serve|listen|connect|Command|openKv)\b|support\/(service|server|split|entry|command|kv_connect)\.ts|composeModel|createOnnxModel/,
  contract: /Deno\.Command\b|support\/(server|split|entry)\.ts|memoryUsage/,
  parity: /Deno\.Command\b|support\/(server|split)\.ts|memoryUsage/,
};
const ROOT = new URL("../", import.meta.url);

function* filesBelow(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* filesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}

Deno.test("no test names what its layer forbids", () => {
  for (const [layer, forbidden] of Object.entries(FORBIDDEN)) {
    const strays = [...filesBelow(layer)].filter((path) =>
      // This file names what it forbids.
      path !== "unit/layers_test.ts" &&
      forbidden.test(Deno.readTextFileSync(new URL(path, ROOT)))
    );
    deepEqual(strays, [], layer);
  }
});
