import { equal, match, ok } from "node:assert/strict";
import { requireOneLine, runCommand } from "../../support/command.ts";
import { inFolder } from "../../support/in_folder.ts";
import { copyDarker } from "../../support/model_package.ts";

Deno.test("a package is added, listed, verified and removed", () =>
  inFolder(async (folder) => {
    const { digest } = await copyDarker(`${folder}/source`, "darker");
    const models = (...args: string[]) =>
      runCommand("models", args, { MODELS: `${folder}/models` });
    const added = await models("add", `${folder}/source`);
    equal(added.out, `added darker, digest ${digest}; MODEL=darker serves it`);
    const { out } = await models("list");
    match(
      out,
      /^lite {2}[^\n]*\nnano {2}[^\n]*, input 512, [^\n]*\ndarker {2}[^\n]*$/,
    );
    const darker = `darker  sam, input 128, MIT, digest ${digest}  `;
    ok(out.endsWith(`${darker}${folder}/models/darker/`), out);
    equal(
      (await models("verify")).out,
      "lite: whole\nnano: whole\ndarker: whole",
    );
    const encoder = `${folder}/models/darker/encoder.onnx`;
    const bytes = await Deno.readFile(encoder);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(encoder, bytes);
    const verified = await models("verify");
    requireOneLine(verified, /^error: 1 of 3 packages cannot be served\.$/);
    match(
      verified.out,
      /^lite: whole\nnano: whole\ndarker: encoder\.onnx has sha256 [^\n]*$/,
    );
    equal((await models("remove", "darker")).out, "removed darker");
    match((await models("list")).out, /^lite {2}[^\n]*\nnano {2}[^\n]*$/);
  }));

Deno.test("a wrong models command is one line", async () => {
  const cases: [string[], RegExp][] = [
    [[], /command is missing, wanted one of list, add, verify, remove\. See/],
    [["fetch"], /Unknown command 'fetch'\. See `deno task models --help`/],
    [["add"], /Missing required argument 'package'/],
    [["add", "a", "b"], /Expected 1 argument but got 2: a, b/],
    [
      ["add", "a", "--sha256", "12"],
      /--sha256 .*'12' is invalid\. Wanted 64 hex digits/,
    ],
    [["add", "a", "--force"], /--force/],
    [["add", "/no/such"], /Cannot add \/no\/such: there is no such folder/],
    [["add", "http://example.org/a.tar"], /https address/],
    [["verify", "none"], /no model package "none"/],
    [["list", "nano"], /Expected 0 arguments but got 1: nano/],
    [["remove", "a", "--sha256", "0".repeat(64)], /Unknown option '--sha256'/],
    [["remove", "nano"], /part of the product/],
    [["remove", "../nano"], /no model package/],
  ];
  await inFolder(async (folder) => {
    for (const [args, wanted] of cases) {
      const outcome = await runCommand("models", args, { MODELS: folder });
      requireOneLine(outcome, wanted, args.join(" "));
    }
  });
});
