import { deepEqual, match, ok } from "node:assert/strict";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What each folder may import from, besides itself; ARCHITECTURE.md draws it. */
const ALLOWED: Record<string, string[]> = {
  "lib/core": [],
  "lib/numerics": [],
  "lib/access": ["lib/core"],
  "lib/quota": ["lib/core"],
  "lib/codecs": ["lib/core"],
  "lib/pipeline": ["lib/core", "lib/numerics"],
  "lib/wording": ["lib/core", "lib/pipeline"],
  "lib/dicom": ["lib/core", "lib/codecs"],
  "lib/image": ["lib/core", "lib/codecs", "lib/dicom", "lib/numerics"],
  "lib/sample": ["lib/core", "lib/numerics"],
  "lib/model": ["lib/core", "lib/pipeline"],
  "lib/runtime": ["lib/core", "lib/model", "lib/pipeline"],
  "lib/store": ["lib/core", "lib/pipeline"],
  "lib/format": [
    "lib/core",
    "lib/codecs",
    "lib/dicom",
    "lib/image",
    "lib/pipeline",
  ],
  "lib/engine": [
    "lib/core",
    "lib/codecs",
    "lib/format",
    "lib/image",
    "lib/model",
    "lib/pipeline",
    "lib/runtime",
    "lib/store",
    "lib/wording",
  ],
  "lib/receipt": [
    "lib/core",
    "lib/engine",
    "lib/format",
    "lib/image",
    "lib/pipeline",
    "lib/runtime",
    "lib/store",
  ],
  "lib/series": [
    "lib/core",
    "lib/engine",
    "lib/image",
    "lib/store",
  ],
  "lib/remote": [
    "lib/core",
    "lib/engine",
    "lib/format",
    "lib/image",
    "lib/store",
    "lib/wording",
  ],
  "lib/label_studio": [
    "lib/core",
    "lib/dicom",
    "lib/format",
    "lib/remote",
  ],
  "lib/archive": [
    "lib/core",
    "lib/dicom",
    "lib/engine",
    "lib/remote",
    "lib/series",
  ],
  "lib/telemetry": ["lib/core", "lib/engine", "lib/store"],
  "lib/evaluation": [
    "lib/core",
    "lib/codecs",
    "lib/engine",
    "lib/format",
    "lib/image",
    "lib/numerics",
    "lib/pipeline",
  ],
  "lib/cli": ["lib"],
  "lib/client": [],
  "functions": ["lib"],
  "deploy": ["functions", "lib", "deno.json"],
};

/** Folders whose folders inside have an order of their own. */
const INSIDE: Record<string, string[]> = {
  "lib/dicom/data_set": [],
  "lib/dicom/pixels": ["lib/dicom/data_set"],
  "lib/dicom/segmentation": ["lib/dicom/data_set", "lib/dicom/pixels"],
  "lib/dicom/structure_set": ["lib/dicom/data_set", "lib/dicom/segmentation"],
  "lib/store/kv": [],
  "lib/store/encryption": ["lib/store/kv"],
  "lib/store/erasure": ["lib/store/kv"],
  "lib/store/records": [
    "lib/store/kv",
    "lib/store/encryption",
    "lib/store/erasure",
  ],
  "lib/store/profiles": ["lib/store/kv", "lib/store/records"],
  "lib/store/embeddings": ["lib/store/records"],
  "lib/store/images": ["lib/store/records"],
  "lib/store/shared": ["lib/store/kv"],
  "lib/store/audit": ["lib/store/kv", "lib/store/encryption"],
};

function* sources(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (/\.[jt]s$/.test(name)) yield path;
  }
}

function folderOf(path: string, folders: Record<string, string[]>) {
  return Object.keys(folders).find((folder) => path.startsWith(`${folder}/`));
}

const modules = ["lib", "functions", "deploy"].flatMap((folder) => [
  ...sources(folder),
]);
const importsOf = (path: string): string[] => {
  // Examples in comments import what their reader would, and the page's scripts name types there.
  const text = Deno.readTextFileSync(join(ROOT, path))
    .replace(/```ts.*?```|\/\*\* @import .*?\*\//gs, "");
  const named = text.matchAll(
    /(?<!\/)(?:from|import|import\(|resolve\()\s*"([^"]+)"/g,
  );
  return Array.from(named, ([, name]) => name);
};
/** The files of this tree that a module imports. */
const targetsOf = (path: string): string[] =>
  importsOf(path).filter((name) => name.startsWith("."))
    .map((name) => join(path, "..", name));

function strays(folders: Record<string, string[]>): string[] {
  return modules.flatMap((path) => {
    const folder = folderOf(path, folders);
    if (folder === undefined) return [];
    const allowed = [folder, ...folders[folder]];
    return targetsOf(path)
      .filter((target) => folders === ALLOWED || folderOf(target, folders))
      .filter((target) =>
        !allowed.some((to) => target === to || target.startsWith(`${to}/`))
      ).map((target) => `${path} imports ${target}`);
  });
}

Deno.test("every file lies in one of the folders, and no arrow runs up", () => {
  deepEqual(modules.filter((path) => !folderOf(path, ALLOWED)), []);
  deepEqual(strays(ALLOWED), []);
  deepEqual(strays(INSIDE), []);
});

Deno.test("ARCHITECTURE.md draws every folder, and lists it", () => {
  const text = Deno.readTextFileSync(join(ROOT, "ARCHITECTURE.md"));
  const [, drawing, rest] = text.split("```");
  for (const folder of Object.keys(ALLOWED)) {
    const name = folder.replace("lib/", "");
    match(drawing, new RegExp(`\\b${name}\\b`));
    ok(rest.includes(`\`${folder}\``), folder);
  }
});

Deno.test("no files import one another in a circle", () => {
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const circles: string[] = [];
  const visit = (path: string) => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    state.set(path, "open");
    trail.push(path);
    for (const target of targetsOf(path)) {
      if (modules.includes(target)) visit(target);
    }
    trail.pop();
    state.set(path, "done");
  };
  modules.forEach(visit);
  deepEqual(circles, []);
});

Deno.test("the core, the numerics and the method import no package", () => {
  const pure = modules.filter((path) =>
    /^lib\/(core|numerics|pipeline|wording)\//.test(path)
  );
  ok(pure.length > 10);
  for (const path of pure) {
    const bare = importsOf(path)
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    deepEqual(bare, [], path);
  }
});

Deno.test("libraries for rare formats are imported when a file comes, not at a start", () => {
  const rare = /from\s*"(libheif-js|@jsquash\/(avif|jxl)|@cornerstonejs\/)/;
  for (const path of modules) {
    ok(!rare.test(Deno.readTextFileSync(join(ROOT, path))), path);
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
