import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { pageFunction } from "../../functions/resources/page.ts";
import { LIBRARIES } from "../../functions/resources/page_libraries.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";
import type { Services } from "../../functions/services.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { drawVisit, VISIT_COUNT } from "../../lib/sample/patient.ts";

/** The page needs nothing but its files. */
const app = createApp(
  { maxBytes: 1000, telemetry: createTelemetry() } as Services,
  [pageFunction],
);
const FOLDER = new URL("../../functions/page/", import.meta.url);

Deno.test("the page is HTML under a strict content security policy", async () => {
  const page = await app.request("/");
  equal(page.status, 200);
  equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  const policy = page.headers.get("content-security-policy")!;
  for (
    const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]
  ) ok(policy.includes(rule), rule);
  ok(!/unsafe|https?:|\*/.test(policy), policy);
  equal(page.headers.get("x-content-type-options"), "nosniff");
  equal(page.headers.get("referrer-policy"), "no-referrer");
  const html = await page.text();
  ok(!/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:\/\//.test(html));
});

Deno.test("all of the page's files are served, and its script is at most 300 KB", async () => {
  const html = await (await app.request("/")).text();
  const named = [...html.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)]
    .map(([, path]) => path);
  ok(named.length > 10);
  for (const path of named) equal((await app.request(path)).status, 200, path);
  const libraries = new Set<string>();
  let bytes = 0;
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!name.endsWith(".js")) continue;
    const script = await app.request(`/page/${name}`);
    equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    const text = await script.text();
    bytes += new TextEncoder().encode(text).length;
    ok(named.includes(`/page/${name}`), `${name} is loaded ahead`);
    // Types may come from elsewhere, in comments; modules may not.
    const code = text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    for (
      const [, from] of code.matchAll(/\b(?:from|import)\b[\s(]*"([^"]+)"/g)
    ) {
      const path = from!.replace(/^\.\//, "/page/");
      if (path.startsWith("/page/libraries/")) libraries.add(path);
      else ok(named.includes(path), `${name}: ${from}`);
    }
  }
  for (const path of libraries) {
    const library = await app.request(path);
    equal(library.status, 200, path);
    bytes += (await library.bytes()).length;
  }
  ok(bytes <= 300_000, `${bytes} bytes`);
});

Deno.test("an unchanged file is answered 304", async () => {
  const first = await app.request("/page/main.js");
  equal(first.headers.get("cache-control"), "no-cache");
  const headers = { "if-none-match": first.headers.get("etag")! };
  equal((await app.request("/page/main.js", { headers })).status, 304);
});

Deno.test("nothing but the page's own files is served", async () => {
  for (
    const path of [
      "deno.json",
      "missing.js",
      "..%2fpage.ts",
      "%2e%2e%2fapp.ts",
      "main.js%00.css",
      "constructor",
      "sample/visit-0.png",
      "sample/visit-6.png",
      "sample/visit-1.jpg",
      "sample/..%2fmain.js",
      "libraries/idb",
      "libraries/idb/build/index.cjs",
      "libraries/idb/build/..%2fpackage.json",
    ]
  ) {
    const answer = await app.request(`/page/${path}`);
    equal(answer.status, 404, path);
    equal((await answer.json()).type, "/problems/no-route");
  }
});

Deno.test("libraries are served from their packages, of the versions that the types are of", async () => {
  for (const path of LIBRARIES.keys()) {
    const library = await app.request(`/page/libraries/${path}`);
    equal(library.status, 200, path);
    match(library.headers.get("content-type")!, /^text\/(css|javascript)/);
    ok((await library.bytes()).length > 100, path);
  }
  const importsOf = async (path: string) =>
    Object.values<string>(
      JSON.parse(await Deno.readTextFile(new URL(path, FOLDER))).imports,
    ).map((npm) => npm.replace(/^npm:\/?|\/$/g, ""));
  const served = await importsOf("../../deno.json");
  for (const typed of await importsOf("deno.json")) {
    ok(served.includes(typed), typed);
  }
});

Deno.test("the sample patient's visits are the generated ones", async () => {
  const limits = { maxPixels: 1_000_000 };
  for (let n = 1; n <= VISIT_COUNT; n++) {
    const read = async (name: string) =>
      await (await app.request(`/page/sample/visit-${n}${name}.png`)).bytes();
    const { image, mask } = drawVisit(n);
    deepEqual(await decodeImage(await read(""), limits), image);
    deepEqual(await decodeMask(await read("_annotation"), limits), mask);
  }
  const sample = await Deno.readTextFile(new URL("sample_patient.js", FOLDER));
  match(sample, new RegExp(`\\[2, .*${VISIT_COUNT}\\];`));
});
