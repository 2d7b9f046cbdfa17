import { invalidInput } from "../core/errors.ts";
import { type Listed, noPackage, type Registry } from "../model/registry.ts";
import { createCommand, parsedBy } from "./command_line.ts";

/** `deno task models`. */
export function modelsCommand(openRegistry: () => Registry) {
  const command = createCommand(
    "deno task models",
    "Lists, adds, verifies and removes model packages.",
  );
  command.command("list")
    .description("list the packages")
    .action(async () => {
      for (const listed of await openRegistry().list()) {
        console.log(describe(listed));
      }
    });
  command.command("add")
    .description("add a package")
    .argument("<package>", "folder, tar archive or https address of one")
    .option(
      "--sha256 <hex>",
      "SHA-256 that the archive must have",
      parsedBy(parseDigest, "64 hex digits"),
    )
    .action(async (source, { sha256 }) => {
      const { id, digest } = await openRegistry().add(source, sha256);
      console.log(`added ${id}, digest ${digest}; MODEL=${id} serves it`);
    });
  command.command("verify")
    .description("read every file of packages and compare its SHA-256")
    .argument("[ids...]", "packages to verify; all when none is named")
    .action((ids) => verify(openRegistry(), ids));
  command.command("remove")
    .description("remove a package")
    .argument("<id>", "package to remove")
    .action(async (id) => {
      await openRegistry().remove(id);
      console.log(`removed ${id}`);
    });
  return command;
}

function parseDigest(text: string): string | null {
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : null;
}

function describe({ id, folder, manifest, problem }: Listed): string {
  const path = decodeURIComponent(folder.pathname);
  if (manifest === null) return `${id}  broken: ${problem}  ${path}`;
  const { family, licence, digest, input: { size } } = manifest;
  const state = problem === null ? "" : `  broken: ${problem}`;
  return `${id}  ${family}, input ${size}, ${licence}, digest ${digest}${state}  ${path}`;
}

/** @throws EdgeError when a package is broken, after all were read. */
async function verify(registry: Registry, ids: string[]): Promise<void> {
  const listed = await registry.list();
  const unknown = ids.find((id) => !listed.some((one) => one.id === id));
  if (unknown !== undefined) throw noPackage(unknown);
  const chosen = listed.filter(({ id }) =>
    ids.length === 0 || ids.includes(id)
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
