import { join } from "node:path";
import { create } from "tar";
import ts from "typescript";

const ROOT = new URL("../../", import.meta.url).pathname;
const NAME = "@p2sam/edge-client";

/** What the client runs on: browsers, React Native, Node 18 and Deno. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: true,
  declaration: true,
  skipLibCheck: false,
};

/**
 * Compiles the client to an npm package without dependencies.
 *
 * @param folder gets `client/`, the package, and the archive that `npm install` takes.
 * @returns the archive's path.
 * @throws where the client does not compile by itself.
 */
export async function packClient(folder: string): Promise<string> {
  const out = join(folder, "client");
  await Deno.remove(out, { recursive: true }).catch(() => {});
  await Deno.mkdir(out, { recursive: true });
  const host = ts.createCompilerHost(OPTIONS);
  host.writeFile = (path, text) => {
    // Types name the files that lie beside them.
    const written = path.endsWith(".d.ts")
      ? text.replace(/"(\.\/\w+)\.ts"/g, '"$1.js"')
      : text;
    Deno.writeTextFileSync(path, written);
  };
  const program = ts.createProgram(
    [join(ROOT, "lib/client/client.ts")],
    { ...OPTIONS, outDir: out, rootDir: join(ROOT, "lib/client") },
    host,
  );
  const faults = [
    ...ts.getPreEmitDiagnostics(program),
    ...program.emit().diagnostics,
  ];
  if (faults.length > 0) {
    throw new Error(ts.formatDiagnostics(faults, host));
  }
  const { version, license } = JSON.parse(
    await Deno.readTextFile(join(ROOT, "deno.json")),
  );
  const manifest = {
    name: NAME,
    version,
    license,
    description: "Client of P²SAM Edge: one annotated image, then every next",
    type: "module",
    sideEffects: false,
    types: "./client.d.ts",
    exports: {
      ".": { types: "./client.d.ts", default: "./client.js" },
      "./package.json": "./package.json",
    },
    engines: { node: ">=20" },
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  await Deno.writeTextFile(join(out, "package.json"), text);
  const copy = (from: string, to: string) =>
    Deno.copyFile(join(ROOT, from), join(out, to));
  await copy("LICENSE", "LICENSE");
  await copy("lib/client/typescript.md", "README.md");
  const names = Array.from(Deno.readDirSync(out), ({ name }) => name).sort();
  const archive = join(folder, `p2sam-edge-client-${version}.tgz`);
  await create(
    { file: archive, cwd: out, gzip: true, portable: true, prefix: "package" },
    names,
  );
  return archive;
}

if (import.meta.main) console.log(await packClient("out"));
