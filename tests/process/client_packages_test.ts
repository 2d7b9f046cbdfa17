import { deepEqual, equal, match } from "node:assert/strict";
import ts from "typescript";
import {
  codeBlock,
  hasProgram,
  run,
  writePictures,
} from "../support/code_block.ts";
import { inFolder } from "../support/in_folder.ts";
import { packClient } from "../support/pack_client.ts";
import { files } from "../support/requests.ts";
import { Server } from "../support/server.ts";

const PYTHON = new URL("../../lib/client/python/src", import.meta.url).pathname;

/** The mask's pixels as the service itself answers them. */
async function areaOf(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/patients/p-17/segmentations`, {
    method: "POST",
    headers: { "content-type": "image/png" },
    body: files.next,
  });
  return (await answer.json()).mask.area;
}

Deno.test({
  name:
    "the npm package installs, has its types, and its page's lines run in Node",
  ignore: !await hasProgram("npm", "the npm package"),
  fn: () =>
    inFolder(async (folder) => {
      const archive = await packClient(folder);
      const project = `${folder}/project`;
      await Deno.mkdir(project);
      await Deno.writeTextFile(`${project}/package.json`, "{}");
      const install = ["install", "--offline", "--no-audit", archive];
      await run("npm", install, { cwd: project });
      const { dependencies } = JSON.parse(
        await Deno.readTextFile(
          `${project}/node_modules/@p2sam/edge-client/package.json`,
        ),
      );
      equal(dependencies, undefined);

      const use = `${project}/use.ts`;
      await Deno.writeTextFile(
        use,
        `import { Client, type Segmentation } from "@p2sam/edge-client";
export const answer: Promise<Segmentation> = new Client({ url: "" }).segment("p", new Blob());
// @ts-expect-error: the patient comes first.
export const wrong = new Client({ url: "" }).segment(new Blob());
`,
      );
      const program = ts.createProgram([use], {
        noEmit: true,
        strict: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
        types: [],
      });
      deepEqual(
        ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText),
        [],
      );

      await using server = await Server.start({ KV_PATH: ":memory:" });
      await writePictures(project);
      const code = await codeBlock("typescript.md", "ts ignore", server.url);
      await Deno.writeTextFile(`${project}/page.mjs`, code);
      const printed = await run("node", ["page.mjs"], { cwd: project });
      match(printed, /^\w+ true \d+\n$/);
      equal(printed.trim().split(" ").at(-1), String(await areaOf(server.url)));
    }),
});

Deno.test({
  name: "the lines of the Python page run, and its client makes every call",
  ignore: !await hasProgram("python3", "the Python client"),
  fn: () =>
    inFolder(async (folder) => {
      await using server = await Server.start({ KV_PATH: ":memory:" });
      await writePictures(folder);
      const options = { cwd: folder, env: { PYTHONPATH: PYTHON } };
      const code = await codeBlock("python/README.md", "python", server.url);
      await Deno.writeTextFile(`${folder}/page.py`, code);
      const lines = (await run("python3", ["page.py"], options)).trim()
        .split("\n");
      equal(lines.length, 4);
      equal(lines[1], `True ${await areaOf(server.url)}`);
      equal(lines[3], `1 ${await areaOf(server.url)}`);
      equal((await Deno.readFile(`${folder}/mask-of-next.png`))[1], 0x50);

      const calls = new URL("python_client.py", import.meta.url).pathname;
      const printed = await run("python3", [calls, server.url], options);
      equal(printed.trim(), "every call");
    }),
});
