import { equal, match, rejects } from "node:assert/strict";
import { compose } from "../../deploy/compose.ts";
import { readConfig } from "../../deploy/config.ts";
import { inFolder } from "../support/in_folder.ts";
import { copyTiny } from "../support/model_package.ts";

/** The line that an entry point prints after `error: ` for these settings. */
async function refusal(environment: Record<string, string>): Promise<string> {
  const config = readConfig({
    THREADS: "1",
    KV_PATH: ":memory:",
    ...environment,
  });
  let message = "";
  await rejects(compose(config), (error: Error & { code?: string }) => {
    ({ message } = error);
    equal(error.code, "invalid-input", message);
    return true;
  });
  match(message, /^[^\n]*$/);
  return message;
}

Deno.test("a start names the model package that it does not find, and where it looked", () =>
  inFolder(async (folder) => {
    const models = decodeURIComponent(
      new URL("../../models/", import.meta.url).pathname,
    );
    equal(
      await refusal({ MODEL: "no-such", MODELS: folder }),
      `There is no model package "no-such" in ${models} or ${folder}/.`,
    );
    match(
      await refusal({ MODEL: "no-such" }),
      / or .*\/data\/models\/\.$/,
    );
  }));

Deno.test("a start names the database that it cannot open", () =>
  inFolder(async (folder) => {
    await copyTiny(`${folder}/tiny`, {});
    const KV_PATH = "/proc/none/edge.kv";
    match(
      await refusal({ MODEL: `${folder}/tiny`, KV_PATH }),
      /^KV_PATH \/proc\/none\/edge\.kv cannot be opened: /,
    );
  }));

// The sanitizers prove that a start that fails leaves nothing open.
const CLOSED = { sanitizeOps: true, sanitizeResources: true };

Deno.test(
  "a broken model package is refused with its reason",
  CLOSED,
  () =>
    inFolder(async (folder) => {
      const manifest = `${folder}/model.json`;
      const write = (changes: Record<string, unknown>) =>
        Deno.writeTextFile(manifest, JSON.stringify({ ...whole, ...changes }));
      const refuses = async (wanted: RegExp) => {
        const message = await refusal({ MODEL: folder });
        match(message, /^Cannot load the model package .*: /);
        match(message, wanted);
      };
      const whole = await copyTiny(folder, {});
      await Deno.writeTextFile(manifest, "{");
      await refuses(/: model\.json is not JSON\.$/);
      await write({ input: { size: -1 } });
      await refuses(/: model\.json at input/);
      await write({ digest: "0".repeat(64) });
      await refuses(/: its digest does not match its files and its input\.$/);
      await write({});
      await Deno.truncate(`${folder}/decoder.onnx`, 1000);
      await refuses(/: decoder\.onnx has sha256 [0-9a-f]{64}, /);
    }),
);
