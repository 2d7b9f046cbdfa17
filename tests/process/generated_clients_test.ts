import { equal, match } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";
import { Server } from "../support/server.ts";
import { files } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";

/** Generators are found on PATH; CONTRIBUTING.md says how to get them. */
async function found(name: string): Promise<boolean> {
  try {
    await run(name, ["version"]).catch(() => run(name, ["--version"]));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return true;
    console.log(`skipped: clients by ${name}: it is not on PATH`);
    return false;
  }
}

async function run(name: string, args: string[], cwd = ".") {
  const { success, stdout, stderr } = await new Deno.Command(name, {
    args,
    cwd,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stdout) + text.decode(stderr));
  return text.decode(stdout);
}

async function writeDocument(folder: string): Promise<string> {
  const path = `${folder}/openapi.json`;
  const app = createApp(
    { models: { all: [] }, telemetry: createTelemetry() } as never,
  );
  const response = await app.request("/openapi.json");
  await Deno.writeTextFile(path, await response.text());
  return path;
}

Deno.test({
  name: "a generated Python client works end to end",
  ignore: !await found("openapi-python-client"),
  fn: () =>
    inFolder(async (folder) => {
      const document = await writeDocument(folder);
      await run("openapi-python-client", [
        ...["generate", "--path", document, "--meta", "none"],
        ...["--output-path", `${folder}/edge_client`],
      ]);
      const paths = ["image", "mask", "next"] as const;
      for (const name of paths) {
        await Deno.writeFile(`${folder}/${name}.png`, files[name]);
      }
      await using server = await Server.start({ KV_PATH: ":memory:" });
      const script = new URL("python_end_to_end.py", import.meta.url).pathname;
      const printed = await run("python3", [
        ...[script, folder, server.url],
        ...paths.map((name) => `${folder}/${name}.png`),
      ]);
      equal(printed.trim(), "end to end");
    }),
});

const generators = { swift6: "swift", kotlin: "kt" };
const present = await found("openapi-generator-cli");
for (const [generator, ending] of Object.entries(generators)) {
  Deno.test({
    name: `a client is generated for ${generator}, with every operation`,
    ignore: !present,
    fn: () =>
      inFolder(async (folder) => {
        const document = await writeDocument(folder);
        const out = `${folder}/client`;
        await run("openapi-generator-cli", [
          ...["generate", "-i", document, "-g", generator, "-o", out],
        ]);
        const { paths } = JSON.parse(await Deno.readTextFile(document));
        const code = await sources(out, ending);
        for (const item of Object.values<object>(paths)) {
          for (const { operationId } of Object.values(item)) {
            match(
              code,
              new RegExp(`\\bfunc? ${operationId}\\(|fun ${operationId}\\(`),
            );
          }
        }
        match(code, /(struct|class) SeriesLine\b/);
      }),
  });
}

/** All sources below a folder as one text. */
async function sources(folder: string, ending: string): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) text += await sources(path, ending);
    else if (name.endsWith(`.${ending}`)) text += await Deno.readTextFile(path);
  }
  return text;
}
