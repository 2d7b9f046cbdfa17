import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What each folder may import from, besides itself. */
const ALLOWED: Record<string, string[]> = {
  "lib/numerics": [],
  "lib/pipeline": ["lib/numerics", "lib/core/errors.ts"],
  "lib/dicom": ["lib/core/bytes.ts", "lib/image/errors.ts"],
  "lib/image": [
    "lib/core/bytes.ts",
    "lib/dicom",
    "lib/numerics",
    "lib/pipeline",
  ],
  "lib/format": [
    "lib/core/bytes.ts",
    "lib/dicom",
    "lib/image",
    "lib/pipeline",
    "lib/core/digest.ts",
    "lib/core/errors.ts",
    "lib/core/signing.ts",
  ],
  "lib/model": ["lib/pipeline", "lib/core/digest.ts", "lib/core/errors.ts"],
  "lib/runtime": ["lib/core/errors.ts", "lib/model", "lib/pipeline"],
  "lib/store": ["lib/core/bytes.ts", "lib/pipeline", "lib/core/errors.ts"],
  "lib/engine": [
    "lib/core/bytes.ts",
    "lib/core/digest.ts",
    "lib/core/errors.ts",
    "lib/format",
    "lib/image",
    "lib/model",
    "lib/pipeline",
    "lib/runtime",
    "lib/store",
  ],
  "lib/receipt": [
    "lib/core/bytes.ts",
    "lib/core/digest.ts",
    "lib/engine",
    "lib/core/errors.ts",
    "lib/format",
    "lib/pipeline",
    "lib/runtime",
    "lib/store",
  ],
  "lib/series": [
    "lib/core/bytes.ts",
    "lib/core/digest.ts",
    "lib/engine",
    "lib/core/errors.ts",
    "lib/image",
    "lib/store",
  ],
  "lib/telemetry": ["lib/engine", "lib/store"],
  "lib/remote": [
    "lib/core/bytes.ts",
    "lib/core/digest.ts",
    "lib/engine",
    "lib/core/errors.ts",
    "lib/format",
    "lib/image",
    "lib/store",
  ],
  "lib/sample": ["lib/image", "lib/numerics", "lib/pipeline"],
  "lib/cli": [
    "lib/access",
    "lib/engine",
    "lib/core/errors.ts",
    "lib/format",
    "lib/image",
    "lib/model",
    "lib/numerics",
    "lib/pipeline",
    "lib/receipt",
    "lib/sample",
    "lib/series",
    "lib/store",
  ],
  "lib/access": ["lib/core/errors.ts"],
  "lib/client": [],
  "lib/core/errors.ts": [],
  "lib/core/bytes.ts": [],
  "lib/core/digest.ts": [],
  "lib/core/signing.ts": ["lib/core/errors.ts"],
  "functions": ["lib"],
  "deploy": ["functions", "lib", "deno.json"],
};

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (/\.[jt]s$/.test(name)) yield path;
  }
}

function layerOf(path: string): string {
  const layers = Object.keys(ALLOWED).filter((layer) =>
    path === layer || path.startsWith(`${layer}/`)
  );
  return layers.sort((a, b) => b.length - a.length)[0];
}

const modules = ["lib", "functions", "deploy"].flatMap((folder) => [
  ...sources(folder),
]);
const importsOf = (path: string) => {
  const text = Deno.readTextFileSync(join(ROOT, path));
  return [...text.matchAll(/(?<!\/)(?:from|import|resolve\()\s*"([^"]+)"/g)]
    .map((
      [, name],
    ) => name);
};

Deno.test("imports follow the one direction: deploy → functions → lib, numerics below all", () => {
  const wrong = [];
  for (const path of modules) {
    const layer = layerOf(path);
    for (const name of importsOf(path).filter((name) => name.startsWith("."))) {
      const target = join(path, "..", name);
      const allowed = [layer, ...ALLOWED[layer]];
      if (
        !allowed.some((to) => target === to || target.startsWith(`${to}/`))
      ) wrong.push(`${path} imports ${target}`);
    }
  }
  deepEqual(wrong, []);
});

Deno.test("the numerics and the pipeline import no package", () => {
  const pure = modules.filter((path) =>
    /^lib\/(numerics|pipeline)\//.test(path)
  );
  ok(pure.length > 10);
  for (const path of pure) {
    const bare = importsOf(path).filter((name) => !name.startsWith("."));
    deepEqual(bare, [], path);
  }
});

Deno.test("the client runs wherever fetch does: no package, nothing of Deno or Node", () => {
  for (const path of modules.filter((path) => path.startsWith("lib/client/"))) {
    const bare = importsOf(path).filter((name) => !name.startsWith("./"));
    deepEqual(bare, [], path);
    ok(
      !/\b(Deno|process|Buffer)\./.test(
        Deno.readTextFileSync(join(ROOT, path)),
      ),
      path,
    );
  }
});

Deno.test("only deploy reads the environment, serves and opens stores", () => {
  const readers = modules.filter((path) =>
    !path.startsWith("deploy/") &&
    /Deno\.env|Deno\.serve|Deno\.openKv/.test(
      Deno.readTextFileSync(join(ROOT, path)),
    )
  );
  deepEqual(readers, []);
});

Deno.test("entry points are thin", () => {
  for (const path of modules.filter((path) => path.startsWith("deploy/"))) {
    if (/compose|config/.test(path)) continue;
    const lines = Deno.readTextFileSync(join(ROOT, path)).split("\n").length;
    ok(lines <= 51, `${path} has ${lines} lines`);
  }
});
