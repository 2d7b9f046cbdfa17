import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dice } from "../../lib/core/mask.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { runEntry } from "../support/entry.ts";
import { inFolder } from "../support/in_folder.ts";
import { copyDarker } from "../support/model_package.ts";
import { files, visits } from "../support/requests.ts";
import { Server } from "../support/server.ts";

// What the commands do is proven in tests/contract/cli; here is what their entry points and processes add.

Deno.test("every command says how it is used", async () => {
  // By their tasks; undefined is all permissions, as tests run.
  const commands: [string, string, string[]?][] = [
    ["segment", "segment"],
    ["replay", "replay"],
    ["evaluate", "evaluate"],
    ["demo", "demo"],
    ["models", "models"],
    ["api_key", "api-key", []],
    ["operator_keys", "operator-keys"],
    ["audit_trail", "audit:trail", []],
  ];
  // Help does not depend on valid settings.
  const wrong = { PORT: "http" };
  await Promise.all(commands.map(async ([entry, task, permissions]) => {
    const { code, out, error } = await runEntry(
      `commands/${entry}`,
      ["--help"],
      wrong,
      permissions,
    );
    deepEqual({ code, error }, { code: 0, error: "" }, entry);
    match(out, new RegExp(`^Usage: deno task ${task} `));
  }));
});

Deno.test("a mistake is one line on stderr and status 1, whatever the entry point", async () => {
  // An interface to GPUs that this system does not have.
  const DENO_WEBGPU_BACKEND = Deno.build.os === "windows" ? "metal" : "dx12";
  const cases: {
    entry: string;
    args?: string[];
    environment?: Record<string, string>;
    permissions?: string[];
    wanted: RegExp;
  }[] = [
    {
      entry: "commands/segment",
      wanted: /not specified\. See `deno task segment/,
    },
    {
      entry: "commands/replay",
      wanted: /not specified\. See `deno task replay/,
    },
    { entry: "commands/evaluate", wanted: /--data <folder>.*not specified/ },
    { entry: "commands/models", wanted: /command is missing/ },
    {
      entry: "commands/api_key",
      wanted: /argument 'id'.*See `deno task api-key/,
    },
    { entry: "commands/demo", args: ["--nope"], wanted: /--nope.*See/ },
    {
      entry: "serve",
      environment: { PORT: "http" },
      wanted: /PORT must be a whole number/,
    },
    {
      entry: "serve",
      environment: { HOST: "256.1.1.1", ALLOW_ANONYMOUS: "true" },
      wanted: /HOST|address/,
    },
    { entry: "edge", wanted: /ENCODE_URL is needed at the edge/ },
    {
      entry: "encode",
      environment: { ENCODE_URL: "http://a" },
      wanted: /ENCODE_URL is for the edge/,
    },
    {
      entry: "serve",
      environment: { RUNTIME: "webgpu", DENO_WEBGPU_BACKEND },
      wanted: /^error: RUNTIME=webgpu cannot start: .*no adapter/,
    },
    {
      entry: "serve",
      environment: { RUNTIME: "native" },
      permissions: ["--allow-all", "--deny-ffi"],
      wanted: /^error: RUNTIME=native cannot start: .*--allow-ffi/,
    },
  ];
  await Promise.all(
    cases.map(
      async ({ entry, args = [], environment, permissions, wanted }) => {
        const { code, error } = await runEntry(
          entry,
          args,
          environment,
          permissions,
        );
        equal(code, 1, entry);
        match(error, wanted);
        match(error, /^error: [^\n]*$/);
      },
    ),
  );
});

Deno.test("files go through segment and replay, an evaluation and the demo", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.png`, files.image);
    await Deno.writeFile(`${folder}/a_mask.png`, files.mask);
    await Deno.writeFile(`${folder}/b.png`, files.next);
    const reference = [
      ...["--reference", `${folder}/a.png`, "--mask", `${folder}/a_mask.png`],
      ...["--image", `${folder}/b.png`],
    ];
    /** The product's own model, since the tiny one cannot have threads; the mask must not depend on them. */
    const segmentation = async () => {
      const made = await runEntry("commands/segment", [
        ...[...reference, "--out", `${folder}/out`, "--receipt"],
      ], { MODEL: "nano", THREADS: "2" });
      deepEqual({ ...made, out: "" }, { code: 0, out: "", error: "" });
      const found = await decodeMask(
        await Deno.readFile(`${folder}/out/b_mask.png`),
        { maxPixels: 1e6 },
      );
      const score = dice(found.data, visits.second.mask.data);
      ok(score > 0.5, `Dice ${score}`);
      const [, area] = /b_mask\.png: (\d+) pixels, parts \d/.exec(made.out)!;
      const { code, out } = await runEntry("commands/replay", [
        ...["--receipt", `${folder}/out/b_receipt.json`, ...reference],
      ], { MODEL: "nano", THREADS: "1" });
      equal(code, 0);
      equal(
        out,
        `identical: ${area} pixels\nnote: runtime.threads is 1, was 2`,
      );
    };
    const evaluation = async () => {
      for (const kind of ["Images", "Annotations"]) {
        await Deno.mkdir(`${folder}/set/${kind}/one`, { recursive: true });
        const file = kind === "Images" ? files.image : files.mask;
        await Deno.writeFile(`${folder}/set/${kind}/one/00.png`, file);
        await Deno.writeFile(`${folder}/set/${kind}/one/01.png`, file);
      }
      const args = ["--data", `${folder}/set`];
      const { code, out, error } = await runEntry("commands/evaluate", args);
      equal(code, 0, error);
      match(out, /\*\*set\*\*, mean over subjects \| 1 \|/);
    };
    const demo = async () => {
      const args = ["--out", `${folder}/demo`];
      const { code, out, error } = await runEntry("commands/demo", args);
      equal(code, 0, error);
      match(out, /^Dice of visit 2: \d\.\d{3}$/m);
      ok(Deno.statSync(`${folder}/demo/demo.png`).size > 10_000);
    };
    await Promise.all([segmentation(), evaluation(), demo()]);
  }));

Deno.test("a package is added, served beside another, and refused when it was tampered with", () =>
  inFolder(async (folder) => {
    await copyDarker(`${folder}/source`, "darker");
    const set = { MODELS: `${folder}/models`, KV_PATH: ":memory:" };
    const added = await runEntry(
      "commands/models",
      ["add", `${folder}/source`],
      set,
    );
    match(added.out, /^added darker, digest [0-9a-f]{64}; MODEL=darker/);
    const both = { ...set, MODEL: "nano,darker" };
    {
      await using server = await Server.start(both);
      const { body } = await server.json("/v1/models");
      deepEqual(
        body.models.map(({ id }: { id: string }) => id),
        ["nano", "darker"],
      );
    }
    const encoder = `${folder}/models/darker/encoder.onnx`;
    const bytes = await Deno.readFile(encoder);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(encoder, bytes);
    const [verified, served] = await Promise.all([
      runEntry("commands/models", ["verify"], set),
      runEntry("serve", [], both),
    ]);
    equal(verified.code, 1);
    match(
      verified.out,
      /^lite: whole\nnano: whole\ndarker: encoder\.onnx has sha256/,
    );
    equal(served.code, 1);
    match(
      served.error,
      /^error: Cannot load .*darker.*encoder\.onnx has sha256/,
    );
  }));
