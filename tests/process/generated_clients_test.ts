import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";
import { Server } from "../support/server.ts";
import {
  codeBlock,
  run as runIn,
  writePictures,
} from "../support/code_block.ts";
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

const run = (name: string, args: string[], cwd = ".") =>
  runIn(name, args, { cwd });

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
      await writePictures(folder);
      await using server = await Server.start({ KV_PATH: ":memory:" });
      const script = new URL("python_end_to_end.py", import.meta.url).pathname;
      const printed = await run("python3", [
        ...[script, folder, server.url],
        ...paths.map((name) => `${folder}/${name}.png`),
      ]);
      equal(printed.trim(), "end to end");
    }),
});

const hasGenerator = await found("openapi-generator-cli");

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string }[];
  requestBody?: {
    content: Record<string, { schema: { properties?: object } }>;
  };
}

Deno.test({
  name: "a generated Kotlin client compiles, and the lines of its page run",
  ignore: !hasGenerator || !await found("mvn"),
  fn: () =>
    inFolder(async (folder) => {
      const document = await writeDocument(folder);
      await run("openapi-generator-cli", [
        ...["generate", "-i", document, "-g", "kotlin"],
        ...["-o", `${folder}/client`],
        ...["--global-property", "skipFormModel=false"],
      ]);
      await Deno.copyFile(
        new URL("kotlin/pom.xml", import.meta.url),
        `${folder}/pom.xml`,
      );
      await using server = await Server.start({ KV_PATH: ":memory:" });
      await writePictures(folder);
      await Deno.mkdir(`${folder}/page`);
      await Deno.writeTextFile(
        `${folder}/page/Page.kt`,
        await codeBlock("kotlin.md", "kotlin", server.url),
      );
      const printed = await run("mvn", [
        "-q",
        "-B",
        "compile",
        "exec:java",
      ], folder);
      match(printed, /(good|weak|ambiguous|unusable) true \d+/);
    }),
});

Deno.test({
  name: "the requests of a generated Swift client are those of the contract",
  ignore: !hasGenerator,
  fn: () =>
    inFolder(async (folder) => {
      const document = await writeDocument(folder);
      const out = `${folder}/client`;
      await run("openapi-generator-cli", [
        ...["generate", "-i", document, "-g", "swift6", "-o", out],
      ]);
      const code = await sources(out, "swift");
      const { paths } = JSON.parse(await Deno.readTextFile(document));
      for (
        const [path, item] of Object.entries<Record<string, Operation>>(paths)
      ) {
        for (const [method, operation] of Object.entries(item)) {
          const { operationId, parameters = [], requestBody } = operation;
          const begin = `func ${operationId}WithRequestBuilder(`;
          const [, after = ""] = code.split(begin);
          const [request = ""] = after.split("open class func");
          const has = (text: string) =>
            ok(request.includes(text), `${operationId} lacks ${text}`);
          has(`localVariablePath = "${path}"`);
          has(`method: "${method.toUpperCase()}"`);
          for (const { name, in: place } of parameters) {
            if (place === "query") has(`"${name}": (wrappedValue:`);
            if (place === "header") has(`"${name}": `);
          }
          const [type, body] = Object.entries(requestBody?.content ?? {})[0] ??
            [];
          if (type === undefined) continue;
          has(`"Content-Type": "${type}"`);
          if (type !== "multipart/form-data") continue;
          for (const name of Object.keys(body!.schema.properties!)) {
            has(`"${name}": `);
          }
        }
      }
      match(code, /struct SeriesLine\b/);
      const page = await codeBlock("swift.md", "swift", "");
      const calls = [...page.matchAll(/\w+API\.(\w+)\(([^)]*)\)/g)];
      equal(calls.length, 2);
      for (const [, name, sent] of calls) {
        const signature = code.split(`func ${name}(`)[1]!.split(" async ")[0]!;
        const known = [...signature.matchAll(/(?:^|, )(\w+): /g)].map(([, l]) =>
          l
        );
        const labels = [...sent!.matchAll(/(\w+): /g)].map(([, label]) =>
          label
        );
        deepEqual(labels, known.filter((label) => labels.includes(label)));
      }
    }),
});

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
