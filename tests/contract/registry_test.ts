import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { create, Header } from "tar";
import { EMBEDDED_MODELS } from "../../deploy/config.ts";
import { fileDigest, hexDigest } from "../../lib/core/digest.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { Registry } from "../../lib/model/registry.ts";
import { inFolder } from "../support/in_folder.ts";
import { copyDarker } from "../support/model_package.ts";

interface Place {
  folder: string;
  /** A whole package of the id "darker". */
  source: string;
  registry: Registry;
  /** The contents of the registry's folder. */
  held(): string[];
}

function inRegistry(test: (place: Place) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const source = `${folder}/source`;
    await copyDarker(source, "darker");
    await Deno.mkdir(`${folder}/models`);
    const held = () =>
      Array.from(Deno.readDirSync(`${folder}/models`), ({ name }) => name);
    const root = folderUrl(`${folder}/models`);
    const registry = new Registry(root, EMBEDDED_MODELS);
    await test({ folder, source, registry, held });
  });
}

/** An archive of the package, and its sha256. */
async function archived(source: string, file: string, gzip: boolean) {
  const names = Array.from(Deno.readDirSync(source), ({ name }) => name);
  await create({ cwd: source, file, gzip }, names);
  return { file, sha256: await fileDigest(file) };
}

/** A tar archive of entries as their headers state them, each with the body given. */
function tarOf(
  entries: { path: string; type?: string; linkpath?: string; body?: string }[],
): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  for (const { body = "", path, type = "File", linkpath } of entries) {
    const bytes = new TextEncoder().encode(body);
    const block = Buffer.alloc(512);
    const header = new Header({
      path,
      type: type as "File",
      ...(linkpath !== undefined && { linkpath }),
      size: bytes.length,
      mode: 0o644,
    });
    header.encode(block, 0);
    const padded = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
    padded.set(bytes);
    blocks.push(block, padded);
  }
  blocks.push(new Uint8Array(1024));
  return new Uint8Array(blocks.flatMap((block) => [...block]));
}

Deno.test("a folder is added, listed, verified and removed", () =>
  inRegistry(async ({ source, registry, held }) => {
    await Deno.writeTextFile(`${source}/README.md`, "A card.");
    await Deno.writeTextFile(`${source}/secret.txt`, "Not of the package.");
    const { id, digest } = await registry.add(source);
    equal(id, "darker");
    deepEqual(held(), ["darker"]);
    const folder = new URL("darker/", registry.root);
    deepEqual(
      Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(),
      ["README.md", "decoder.onnx", "encoder.onnx", "model.json"],
    );
    const listed = await registry.list();
    deepEqual(
      listed.map(({ id, problem }) => [id, problem]),
      [["lite", null], ["nano", null], ["darker", null]],
    );
    equal(listed[2].manifest!.digest, digest);
    equal(await registry.verify(listed[2]), null);
    await registry.remove("darker");
    deepEqual(held(), []);
    await rejects(registry.remove("darker"), /no model package "darker"/);
  }));

Deno.test("a package whose decoder has an image graph keeps it", () =>
  inRegistry(async ({ registry }) => {
    const { id } = await registry.add(
      new URL("../parity/golden/models/random-sam2", import.meta.url).pathname,
    );
    const folder = new URL(`${id}/`, registry.root);
    deepEqual(
      Array.from(Deno.readDirSync(folder), ({ name }) => name).sort(),
      ["decoder.onnx", "encoder.onnx", "image.onnx", "model.json"],
    );
    const [, , listed] = await registry.list();
    equal(await registry.verify(listed), null);
    await registry.remove(id);
  }));

Deno.test("archives are added by the sha256 that their source states", () =>
  inRegistry(async ({ folder, source, registry, held }) => {
    for (const gzip of [false, true]) {
      const { file, sha256 } = await archived(source, `${folder}/a`, gzip);
      await rejects(registry.add(file), /Cannot add .*--sha256/);
      await rejects(
        registry.add(file, "0".repeat(64)),
        new RegExp(`its sha256 is ${sha256}, wanted 0{64}`),
      );
      deepEqual(held(), []);
      equal((await registry.add(file, sha256)).id, "darker");
      await registry.remove("darker");
    }
    const file = `${folder}/nested`;
    await create({ cwd: folder, file }, ["source"]);
    const added = await registry.add(file, await fileDigest(file));
    equal(await registry.add(source).catch(({ code }) => code), "conflict");
    equal((await registry.list()).length, 3);
    equal(added.id, "darker");
  }));

Deno.test("an archive is fetched from its address, and other answers are refused", () =>
  inRegistry(async ({ folder, source, registry, held }) => {
    const { file, sha256 } = await archived(source, `${folder}/a`, true);
    const bytes = await Deno.readFile(file);
    const answers: Record<string, () => Response> = {
      "/whole": () => new Response(bytes),
      "/moved": () =>
        new Response(null, { status: 302, headers: { location: "/whole" } }),
      "/away": () =>
        new Response(null, {
          status: 302,
          headers: { location: `http://[::ffff:127.0.0.1]:${port}/whole` },
        }),
      "/cut": () =>
        new Response(
          new ReadableStream({
            start(controller) {
              controller.enqueue(bytes.slice(0, 1000));
              setTimeout(() => controller.error(new Error("cut")), 50);
            },
          }),
        ),
    };
    await using server = Deno.serve(
      {
        hostname: "127.0.0.1",
        port: 0,
        onListen: () => {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request) =>
        answers[new URL(request.url).pathname]?.() ??
          new Response(null, { status: 404 }),
    );
    const { port } = server.addr;
    const add = (path: string) =>
      registry.add(`http://127.0.0.1:${port}${path}?token=hidden`, sha256);
    for (const path of ["/whole", "/moved"]) {
      equal((await add(path)).id, "darker");
      await registry.remove("darker");
    }
    await rejects(add("/none"), /its host answers with status 404/);
    await rejects(add("/cut"), /Cannot add .*\/cut: .*(broke off|sha256)/);
    await rejects(add("/away"), /redirects|cannot be fetched/);
    const { message } = await add("/none").catch((error) => error);
    ok(!message.includes("hidden"), message);
    for (
      const address of ["http://example.org/a", "ftp://localhost/a", "https://"]
    ) {
      await rejects(
        registry.add(address, sha256),
        /folder, a file or an https/,
      );
    }
    await rejects(
      registry.add("http://127.0.0.1:1/a", sha256),
      /cannot be fetched/,
    );
    deepEqual(held(), []);
  }));

Deno.test("a hostile archive writes nothing", () =>
  inRegistry(async ({ folder, registry, held }) => {
    const manifest = { path: "model.json", body: "{}" };
    const huge = tarOf([manifest]);
    new TextEncoder().encodeInto("77777777777", huge.subarray(124, 135));
    let sum = 0;
    huge.fill(32, 148, 156);
    for (const byte of huge.subarray(0, 512)) sum += byte;
    new TextEncoder().encodeInto(
      `${sum.toString(8).padStart(6, "0")}\0 `,
      huge.subarray(148, 156),
    );
    const cases: [Uint8Array<ArrayBuffer>, RegExp][] = [
      [new Uint8Array(), /no file|not a complete tar/],
      [
        crypto.getRandomValues(new Uint8Array(4096)),
        /not a complete tar archive/,
      ],
      [tarOf([manifest]).slice(0, 515), /not a complete tar archive/],
      [gzipSync(tarOf([manifest])).slice(0, 40), /not a complete tar archive/],
      [tarOf([]), /holds no file|not a complete tar/],
      [huge, /not a complete tar archive|GiB/],
      [
        tarOf([{ path: "../model.json", body: "{}" }]),
        /whose name no package file may have/,
      ],
      [
        tarOf([{ path: "/etc/model.json" }]),
        /whose name no package file may have/,
      ],
      [
        tarOf([{ path: "a/b/model.json" }]),
        /whose name no package file may have/,
      ],
      [tarOf([{ path: "a/.." }]), /whose name no package file may have/],
      [tarOf([{ path: ".hidden" }]), /whose name no package file may have/],
      [
        tarOf([manifest, { path: "a/model.json", body: "{}" }]),
        /holds model\.json twice/,
      ],
      [
        tarOf([{ path: "x", type: "SymbolicLink", linkpath: "/etc/passwd" }]),
        /x is a SymbolicLink/,
      ],
      [
        tarOf([{ path: "x", type: "Link", linkpath: "/etc/passwd" }]),
        /x is a Link/,
      ],
      [tarOf([{ path: "x", type: "CharacterDevice" }]), /CharacterDevice/],
      [
        tarOf(Array.from({ length: 65 }, (_, i) => ({ path: `f${i}` }))),
        /holds more than 64 files/,
      ],
      [
        tarOf([{ path: "encoder.onnx", body: "x" }]),
        /model\.json cannot be read/,
      ],
      [tarOf([{ path: "model.json", body: "{" }]), /model\.json is not JSON/],
      [tarOf([manifest]), /model\.json at /],
    ];
    for (const [bytes, wanted] of cases) {
      const file = `${folder}/archive`;
      await Deno.writeFile(file, bytes);
      const before = Array.from(Deno.readDirSync(folder)).length;
      await rejects(
        registry.add(file, await hexDigest(bytes)),
        (error: Error) => {
          match(error.message, /^Cannot add /);
          match(error.message, wanted);
          return true;
        },
      );
      deepEqual(held(), []);
      equal(Array.from(Deno.readDirSync(folder)).length, before);
    }
  }));

Deno.test("a broken or foreign package is refused, and a damaged one is named", () =>
  inRegistry(async ({ source, registry, held }) => {
    await rejects(registry.add(`${source}/none`), /no such folder or file/);
    await rejects(registry.add(source, "0".repeat(64)), /its digest is/);
    await copyDarker(source, "nano");
    await rejects(registry.add(source), /the id "nano" is taken/);
    await rejects(registry.remove("nano"), /part of the product/);
    for (const id of ["..", "../x", "a/b", ""]) {
      await rejects(registry.remove(id), /no model package/);
    }
    await copyDarker(source, "darker");
    await Deno.truncate(`${source}/decoder.onnx`, 1000);
    await rejects(registry.add(source), /decoder\.onnx has sha256/);
    await Deno.remove(`${source}/decoder.onnx`);
    await rejects(registry.add(source), /: decoder\.onnx is missing\.$/);
    deepEqual(held(), []);

    await copyDarker(source, "darker");
    await registry.add(source);
    const folder = new URL("darker/", registry.root);
    await Deno.truncate(`${folder.pathname}encoder.onnx`, 1000);
    const [, , listed] = await registry.list();
    equal(listed.problem, null);
    match((await registry.verify(listed))!, /encoder\.onnx has sha256/);
    await Deno.writeTextFile(new URL("model.json", folder), "{");
    match((await registry.list())[2].problem!, /not JSON/);
    await registry.remove("darker");
    deepEqual(held(), []);
  }));
