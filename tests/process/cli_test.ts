import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { Visit } from "../../lib/sample/patient.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { encodePng } from "../../lib/image/encode_png.ts";
import { files, visits } from "../support/requests.ts";
import { readHeader } from "../../lib/image/header.ts";
import { toDicom } from "../support/dicom_files.ts";
import { inFolder } from "../support/in_folder.ts";
import { copyDarker } from "../support/model_package.ts";
import { niftiOf, zipOf } from "../support/series_bodies.ts";
import { Server } from "../support/server.ts";

const ROOT = new URL("../../", import.meta.url);

/** Runs an entry point as its task does. */
async function run(
  entry: string,
  args: string[],
  environment: Record<string, string> = {},
  permissions = ["--allow-all"],
) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, `deploy/${entry}.ts`, ...args],
    cwd: ROOT,
    env: environment,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), error: text(stderr) };
}

Deno.test("segment writes a mask and an overlay for every image", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.png`, files.image);
    await Deno.writeFile(`${folder}/a_mask.png`, files.mask);
    await Deno.writeFile(`${folder}/b.png`, files.next);
    const { code, out, error } = await run("segment", [
      ...["--reference", `${folder}/a.png`, "--mask", `${folder}/a_mask.png`],
      ...["--image", `${folder}/a.png`, "--image", `${folder}/b.png`],
      ...["--out", `${folder}/out`],
    ]);
    equal(code, 0, error);
    match(out, /a_mask\.png: \d+ pixels, parts \d, negatives 1, distance/);
    const names = Array.from(
      Deno.readDirSync(`${folder}/out`),
      ({ name }) => name,
    );
    deepEqual(names.sort(), [
      "a_mask.png",
      "a_overlay.png",
      "b_mask.png",
      "b_overlay.png",
    ]);
    const mask = await decodeMask(
      await Deno.readFile(`${folder}/out/b_mask.png`),
      { maxPixels: 1e6 },
    );
    equal(mask.width, visits.second.mask.width);
  }));

Deno.test("segment takes folders, archives and volumes, and goes on after a bad file", () =>
  inFolder(async (folder) => {
    const write = (name: string, bytes: Uint8Array) =>
      Deno.writeFile(`${folder}/${name}`, bytes);
    const { first: { image, mask }, second } = visits;
    const grey = ({ data }: { data: Uint8Array }) => data;
    equal(image.channels, 1);
    const { width, height } = image;
    await Deno.mkdir(`${folder}/in/deep`, { recursive: true });
    await write("in/i-10.png", files.next);
    await write("in/i-9.png", files.image);
    await write("in/deep/i.png", files.image);
    await write("in/read.me", new TextEncoder().encode("about the images"));
    await write("in/.hidden", files.image);
    await write("s.zip", zipOf([{ name: "z/1.png", bytes: files.next }]));
    const slices = [image, second.image].map(grey);
    await write("v.nii.gz", gzipSync(niftiOf(slices, width, height)));
    const masks = [second.mask, mask].map(grey);
    await write("m.nii", niftiOf(masks.toReversed(), width, height));

    const { code, out, error } = await run("segment", [
      ...["--reference", `${folder}/v.nii.gz`, "--mask", `${folder}/m.nii`],
      ...["--frame", "0", "--image", `${folder}/in`],
      ...["--image", `${folder}/s.zip`, "--image", `${folder}/v.nii.gz`],
      ...["--montage", `${folder}/all.png`, "--out", `${folder}/out`],
    ]);
    equal(code, 1);
    match(error, /Cannot use .*read\.me: .*none of these/);
    match(error, /^error: 1 of 7 images could not be used\.$/m);
    const masked = Array.from(
      out.matchAll(/out\/(\S+)_mask\.png/g),
      ([, name]) => name,
    );
    deepEqual(masked, ["deep_i", "i-9", "i-10", "z_1", "v_0", "v_1"]);
    const read = (name: string) => Deno.readFileSync(`${folder}/out/${name}`);
    deepEqual(read("v_1_mask.png"), read("i-10_mask.png"));
    deepEqual(read("v_0_mask.png"), read("i-9_mask.png"));
    const volume = read("v_mask.nii.gz");
    for (const frame of [0, 1]) {
      deepEqual(
        await decodeMask(volume, { maxPixels: 1e6 }, undefined, {
          image: { bytes: volume, frame },
        }),
        await decodeMask(read(`v_${frame}_mask.png`), { maxPixels: 1e6 }),
      );
    }
    const montage = await Deno.readFile(`${folder}/all.png`);
    const { width: wide, height: high } = readHeader(montage, "image/png");
    deepEqual([wide, high], [3 * 260 - 4, 3 * 260 - 4]);
  }));

Deno.test("segment answers the frames of a DICOM image as one segmentation", () =>
  inFolder(async (folder) => {
    const scan = toDicom([visits.first.image, visits.second.image]);
    await Deno.writeFile(`${folder}/scan.dcm`, scan);
    await Deno.writeFile(`${folder}/mask.png`, files.mask);
    const { code, out, error } = await run("segment", [
      ...["--reference", `${folder}/scan.dcm`, "--mask", `${folder}/mask.png`],
      ...["--image", `${folder}/scan.dcm`, "--out", `${folder}/out`],
      ...["--label", "kidney", "--property", "64033007:SCT:Kidney"],
    ]);
    equal(code, 0, error);
    match(out, /^Segmentation: .*scan_seg\.dcm$/m);
    const read = (name: string) => Deno.readFileSync(`${folder}/out/${name}`);
    for (const frame of [0, 1]) {
      deepEqual(
        await decodeMask(read("scan_seg.dcm"), { maxPixels: 1e6 }, undefined, {
          image: { bytes: scan, frame },
        }),
        await decodeMask(read(`scan_${frame}_mask.png`), { maxPixels: 1e6 }),
      );
    }
  }));

Deno.test("the demo goes from a generated patient to a picture and a Dice", () =>
  inFolder(async (folder) => {
    const { code, out } = await run("demo", ["--out", folder]);
    equal(code, 0);
    const dice = Number(/Dice of visit 2: ([\d.]+)/.exec(out)?.[1]);
    ok(dice > 0.5, `Dice ${dice}`);
    ok(Deno.statSync(`${folder}/visit-2_overlay.png`).size > 10_000);
  }));

Deno.test("evaluate scores the sets in a folder, by every method", () =>
  inFolder(async (folder) => {
    const write = async (path: string, name: string, visit: Visit) => {
      for (const kind of ["Images", "Annotations"] as const) {
        await Deno.mkdir(`${folder}/${path}/${kind}/one`, { recursive: true });
        await Deno.writeFile(
          `${folder}/${path}/${kind}/one/${name}.png`,
          encodePng(kind === "Images" ? visit.image : visit.mask),
        );
      }
    };
    for (const set of ["set", "other"]) {
      await write(set, "00", visits.first);
      await write(set, "01", visits.second);
    }
    const { code, out } = await run("evaluate", ["--data", folder, "--json"]);
    equal(code, 0);
    const { sets, meanOverSets } = JSON.parse(out);
    const [other, { set, subjects, videoMean }] = sets;
    deepEqual([other.set, set], ["other", "set"]);
    deepEqual(subjects[0].scores, videoMean);
    const { p2sam, copiedMask, onePrototype, box, centrePoint } = videoMean;
    ok(copiedMask.dice > 0 && copiedMask.dice < 1);
    ok(onePrototype.dice >= 0 && p2sam.dice > 0.5);
    ok(box.dice > 0.5 && centrePoint.dice > 0.5);
    ok(Math.abs(p2sam.iou - p2sam.dice / (2 - p2sam.dice)) < 1e-12);
    deepEqual([p2sam.images, box.images], [1, 2]);
    const both = meanOverSets.videoMean;
    deepEqual([both.p2sam.dice, both.p2sam.images], [p2sam.dice, 2]);

    const table = await run("evaluate", [
      ...["--data", `${folder}/set`, "--ablate"],
    ]);
    match(table.out, /\| centre point \| n = 1 without retrieval \|/);
    match(table.out, /\*\*set\*\*, mean over subjects \| 1 \|/);
    ok(!table.out.includes("mean over sets"));
  }));

Deno.test("evaluate takes another model package by its folder", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/model`);
    for (const name of ["model.json", "encoder.onnx", "decoder.onnx"]) {
      await Deno.copyFile(
        new URL(`models/nano/${name}`, ROOT),
        `${folder}/model/${name}`,
      );
    }
    for (const kind of ["Images", "Annotations"]) {
      await Deno.mkdir(`${folder}/set/${kind}/one`, { recursive: true });
      const file = kind === "Images" ? files.image : files.mask;
      await Deno.writeFile(`${folder}/set/${kind}/one/00.png`, file);
      await Deno.writeFile(`${folder}/set/${kind}/one/01.png`, file);
    }
    const scores = (MODEL: string) =>
      run("evaluate", ["--data", `${folder}/set`, "--json"], { MODEL });
    const embedded = await scores("nano");
    equal(embedded.code, 0, embedded.error);
    deepEqual(await scores(`${folder}/model`), embedded);
    await Deno.truncate(`${folder}/model/decoder.onnx`, 1000);
    match((await scores(`${folder}/model`)).error, /decoder\.onnx has sha256/);
  }));

Deno.test("mistakes get one line that says what to do", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.png`, files.image);
    await Deno.writeFile(`${folder}/cut.png`, files.image.slice(0, 2000));
    const images = (reference: string, mask: string, image: string) => [
      ...["--reference", `${folder}/${reference}`],
      ...["--mask", `${folder}/${mask}`, "--image", `${folder}/${image}`],
      ...["--out", `${folder}/out`],
    ];
    const cases: [string, string[], Record<string, string>, RegExp][] = [
      ["segment", [], {}, /all needed\. Usage: deno task segment/],
      ["segment", ["--nope"], {}, /--nope.*Usage/],
      [
        "segment",
        images("none.png", "a.png", "a.png"),
        {},
        /Cannot read .*none\.png: there is no such file/,
      ],
      [
        "segment",
        images("a.png", "a.png", "none.png"),
        {},
        /Cannot read .*none\.png: there is no such file/,
      ],
      [
        "segment",
        [...images("a.png", "a.png", "a.png"), "--property", "Liver"],
        {},
        /--property is Liver, wanted value:scheme:meaning/,
      ],
      [
        "segment",
        [...images("a.png", "a.png", "a.png"), "--frame", "x"],
        {},
        /--frame is x, wanted a whole number\. Usage/,
      ],
      [
        "segment",
        images("cut.png", "a.png", "a.png"),
        {},
        /Cannot use .*cut\.png: .*PNG/,
      ],
      [
        "segment",
        [...images("a.png", "a.png", "a.png"), "--image", "elsewhere/a.jpg"],
        {},
        /same name.*overwrite each other\.$/,
      ],
      ["evaluate", [], {}, /--data is needed/],
      ["evaluate", ["--data", folder], {}, /holds Images\/ and Annotations\//],
      [
        "evaluate",
        ["--data", folder, "--recipe", "x"],
        {},
        /no recipe x/,
      ],
      ["serve", [], { PORT: "http" }, /PORT must be a whole number/],
      ["serve", [], { PORT: "99999" }, /PORT must be from 0 to 65535/],
      [
        "serve",
        [],
        { RUNTIME: "cuda" },
        /RUNTIME must be wasm, webgpu, native/,
      ],
      [
        "serve",
        [],
        { API_KEYS: "x" },
        /API_KEYS has a bad key, number 1: wanted id:tenant/,
      ],
      ["edge", [], {}, /ENCODE_URL is needed at the edge/],
      ["encode", [], { ENCODE_URL: "http://a" }, /ENCODE_URL is for the edge/],
      ["edge", [], { ENCODE_URL: "http://u:p@a" }, /ENCODE_URL must be http/],
      ["encode", [], { ENCODE_TOKEN: "short" }, /ENCODE_TOKEN must be 16/],
      [
        "serve",
        [],
        { MODEL: "no-such" },
        /no model package "no-such" in .*models\/ or .*data\/models\//,
      ],
      ["serve", [], { HOST: "256.1.1.1", KV_PATH: ":memory:" }, /HOST|address/],
      ["serve", [], { KV_PATH: "/proc/none/edge.kv" }, /KV_PATH/],
    ];
    for (const [entry, args, environment, wanted] of cases) {
      const { code, error } = await run(entry, args, environment);
      equal(code, 1, `${entry} ${args.join(" ")}`);
      match(error, wanted);
      equal(error.split("\n").length, 1, error);
      match(error, /^error: /);
    }
  }));

Deno.test("a runtime that this host lacks stops the start with its reason", async () => {
  const refuses = async (
    environment: Record<string, string>,
    permissions: string[],
    wanted: RegExp,
  ) => {
    const set = { KV_PATH: ":memory:", ...environment };
    const { code, error } = await run("serve", [], set, permissions);
    equal(code, 1);
    match(error, wanted);
    equal(error.split("\n").length, 1, error);
  };
  // An interface to GPUs that this system does not have.
  const DENO_WEBGPU_BACKEND = Deno.build.os === "windows" ? "metal" : "dx12";
  await refuses(
    { RUNTIME: "webgpu", DENO_WEBGPU_BACKEND },
    ["--allow-all"],
    /^error: RUNTIME=webgpu cannot start: .*no adapter/,
  );
  await refuses(
    { RUNTIME: "native" },
    ["--allow-all", "--deny-ffi"],
    /^error: RUNTIME=native cannot start: .*--allow-ffi/,
  );
});

Deno.test("a package is added, served beside another, and refused when it was tampered with", () =>
  inFolder(async (folder) => {
    await copyDarker(`${folder}/source`, "darker");
    const set = { MODELS: `${folder}/models`, KV_PATH: ":memory:" };
    const models = (...args: string[]) => run("models", args, set);
    const added = await models("add", `${folder}/source`);
    match(added.out, /^added darker, digest [0-9a-f]{64}; MODEL=darker/);
    const { out } = await models("list");
    match(out, /^nano .*\ndarker .*input 512/);
    deepEqual((await models("verify")).out, "nano: whole\ndarker: whole");
    {
      await using server = await Server.start({ ...set, MODEL: "nano,darker" });
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
    const verified = await models("verify");
    equal(verified.code, 1);
    match(verified.out, /^nano: whole\ndarker: encoder\.onnx has sha256/);
    const served = await run("serve", [], { ...set, MODEL: "nano,darker" });
    equal(served.code, 1);
    match(
      served.error,
      /^error: Cannot load .*darker.*encoder\.onnx has sha256/,
    );
    equal((await models("remove", "darker")).out, "removed darker");
  }));

Deno.test("a wrong models command is one line", async () => {
  const cases: [string[], RegExp][] = [
    [[], /no command. Usage/],
    [["fetch"], /no command fetch\. Usage/],
    [["add"], /add takes one name/],
    [["add", "a", "b"], /add takes one name/],
    [["add", "a", "--sha256", "12"], /--sha256 wants 64 hex digits/],
    [["add", "a", "--force"], /--force/],
    [["add", "/no/such"], /Cannot add \/no\/such: there is no such folder/],
    [["add", "http://example.org/a.tar"], /https address/],
    [["verify", "none"], /no model package "none"/],
    [["list", "nano"], /list takes no name/],
    [["remove", "a", "--sha256", "0".repeat(64)], /--sha256 is for add/],
    [["remove", "nano"], /part of the product/],
    [["remove", "../nano"], /no model package/],
  ];
  await inFolder(async (folder) => {
    for (const [args, wanted] of cases) {
      const { code, error } = await run("models", args, { MODELS: folder });
      equal(code, 1, args.join(" "));
      match(error, wanted);
      match(error, /^error: [^\n]*$/);
    }
  });
});

Deno.test("a broken model package is refused with its reason", () =>
  inFolder(async (folder) => {
    const nano = new URL("models/nano/", ROOT);
    const copy = async () => {
      for (const name of ["model.json", "encoder.onnx", "decoder.onnx"]) {
        await Deno.copyFile(new URL(name, nano), `${folder}/${name}`);
      }
    };
    const manifest = async () =>
      JSON.parse(await Deno.readTextFile(`${folder}/model.json`));
    const refuses = async (wanted: RegExp) => {
      const { code, error } = await run("serve", [], { MODEL: folder });
      equal(code, 1);
      match(error, wanted);
    };
    await copy();
    await Deno.writeTextFile(`${folder}/model.json`, "{");
    await refuses(/not JSON/);
    await copy();
    await Deno.writeTextFile(
      `${folder}/model.json`,
      JSON.stringify({ ...await manifest(), input: { size: -1 } }),
    );
    await refuses(/model\.json at input/);
    await copy();
    await Deno.truncate(`${folder}/decoder.onnx`, 1000);
    await refuses(/decoder\.onnx has sha256/);
    await copy();
    await Deno.writeTextFile(
      `${folder}/model.json`,
      JSON.stringify({ ...await manifest(), digest: "0".repeat(64) }),
    );
    await refuses(/digest does not match/);
  }));
