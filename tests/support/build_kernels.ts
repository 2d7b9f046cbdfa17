/**
 * Compiles lib/numerics/wasm/*.as (AssemblyScript) and writes the program beside them:
 *
 *     deno run --allow-read --allow-write --allow-env tests/support/build_kernels.ts
 */
import asc from "assemblyscript/asc";

const FOLDER = new URL("../../lib/numerics/wasm/", import.meta.url);
export const PROGRAM = new URL("program.ts", FOLDER);
const OPTIONS = [
  "--runtime=stub",
  "--optimizeLevel=3",
  "--noAssert",
  "--importMemory",
  "--enable=simd",
  "--enable=relaxed-simd",
];

/** The text of `program.ts`. */
export async function buildKernels(): Promise<string> {
  const sources = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".as")).sort();
  const text = new Map(
    sources.map((name) => [
      name.replace(".as", ".ts"),
      Deno.readTextFileSync(new URL(name, FOLDER)),
    ]),
  );
  let program: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [...text.keys(), ...OPTIONS, "--outFile=program.wasm"],
    {
      readFile: (name) => text.get(name) ?? null,
      writeFile: (_, data) => {
        if (data instanceof Uint8Array) program = data;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || program === undefined) {
    throw new Error(`Cannot compile the kernels: ${error} ${stderr}`);
  }
  const lines = program.toBase64().match(/.{1,76}/g)!;
  return "/** The kernels of this folder, compiled by tests/support/build_kernels.ts. */\n" +
    `export const PROGRAM =\n  "${lines.join('" +\n  "')}";\n`;
}

if (import.meta.main) await Deno.writeTextFile(PROGRAM, await buildKernels());
