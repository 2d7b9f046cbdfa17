import { invalidInput } from "../core/errors.ts";
import { type Listed, noPackage, type Registry } from "../model/registry.ts";
import { misuse, parseCommand } from "./arguments.ts";

export const MODELS_USAGE =
  "deno task models list | add <folder, tar archive or https address> [--sha256 <hex>] | verify [<id> …] | remove <id>";

/** Lists, adds, verifies and removes model packages. */
export async function manageModels(
  args: string[],
  registry: Registry,
): Promise<void> {
  const { sha256, command, names } = parse(args);
  const one = () => {
    if (names.length === 1) return names[0];
    throw misuse(`${command} takes one name`, MODELS_USAGE);
  };
  if (sha256 !== undefined && command !== "add") {
    throw misuse("--sha256 is for add", MODELS_USAGE);
  }
  switch (command) {
    case "list":
      if (names.length > 0) throw misuse("list takes no name", MODELS_USAGE);
      for (const listed of await registry.list()) console.log(line(listed));
      return;
    case "add": {
      const { id, digest } = await registry.add(one(), sha256);
      console.log(`added ${id}, digest ${digest}; MODEL=${id} serves it`);
      return;
    }
    case "verify":
      return await verify(registry, names);
    case "remove":
      await registry.remove(one());
      console.log(`removed ${names[0]}`);
      return;
    default:
      throw misuse(`There is no command ${command ?? ""}`, MODELS_USAGE);
  }
}

function parse(args: string[]) {
  const { values, positionals: [command, ...names] } = parseCommand(
    args,
    { sha256: { type: "string" } },
    MODELS_USAGE,
    true,
  );
  const sha256 = values.sha256?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw misuse("--sha256 wants 64 hex digits", MODELS_USAGE);
  }
  return { sha256, command, names };
}

function line({ id, folder, manifest, problem }: Listed): string {
  const path = decodeURIComponent(folder.pathname);
  if (manifest === null) return `${id}  broken: ${problem}  ${path}`;
  const { family, licence, digest, input: { size } } = manifest;
  const state = problem === null ? "" : `  broken: ${problem}`;
  return `${id}  ${family}, input ${size}, ${licence}, digest ${digest}${state}  ${path}`;
}

/** @throws EdgeError when one is broken, after all were read. */
async function verify(registry: Registry, names: string[]): Promise<void> {
  const listed = await registry.list();
  const unknown = names.find((name) => !listed.some(({ id }) => id === name));
  if (unknown !== undefined) throw noPackage(unknown);
  const chosen = listed.filter(({ id }) =>
    names.length === 0 || names.includes(id)
  );
  let broken = 0;
  for (const one of chosen) {
    const problem = await registry.verify(one);
    console.log(`${one.id}: ${problem ?? "whole"}`);
    if (problem !== null) broken++;
  }
  if (broken === 0) return;
  throw invalidInput(
    `${broken} of ${chosen.length} packages cannot be served.`,
  );
}
