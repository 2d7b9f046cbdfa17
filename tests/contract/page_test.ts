import { deepEqual, equal, match, ok } from "node:assert/strict";
import { parse } from "acorn";
import { createApp } from "../../functions/app.ts";
import { pageFunction } from "../../functions/resources/page.ts";
import { LIBRARIES } from "../../functions/resources/page_libraries.ts";
import { packScript } from "../../functions/resources/page_script.ts";
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

/** Specifiers that a script imports or runs as a worker. */
const IMPORTS = /\b(?:from|import|new Worker)\b[\s(]*(["'])([^"'\n]+)\1/g;

/** The bytes of every script that the page loads, libraries included, by path. */
async function loadedScripts(html: string): Promise<Map<string, number>> {
  const loaded = new Map<string, number>();
  const waiting = [...html.matchAll(/<script[^>]* src="([^"]+)"/g)]
    .map(([, path]) => path!);
  for (let path; (path = waiting.pop()) !== undefined;) {
    if (loaded.has(path)) continue;
    const script = await app.request(path);
    equal(script.status, 200, path);
    equal(script.headers.get("content-type"), "text/javascript; charset=utf-8");
    const bytes = await script.bytes();
    loaded.set(path, bytes.length);
    for (
      const [, , from] of new TextDecoder().decode(bytes).matchAll(IMPORTS)
    ) {
      ok(/^[./]/.test(from!), `${path}: ${from}`);
      waiting.push(new URL(from!, `http://page${path}`).pathname);
    }
  }
  return loaded;
}

Deno.test("all script that the page loads is named to be loaded ahead, and is at most 300 KB", async () => {
  const html = await (await app.request("/")).text();
  const loaded = await loadedScripts(html);
  const named = [...html.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g)]
    .map(([, path]) => path!);
  for (const path of named) equal((await app.request(path)).status, 200, path);
  const scripts = named.filter((path) => path.endsWith(".js"));
  deepEqual(scripts.toSorted(), [...loaded.keys()].toSorted());
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  const own = files.filter((name) => name.endsWith(".js"));
  deepEqual(own.filter((name) => !loaded.has(`/page/${name}`)), [], "unused");
  const sum = [...loaded.values()].reduce((a, b) => a + b, 0);
  ok(sum <= 300_000, `${sum} bytes`);
});

/** What a script is made of. */
function read(script: string) {
  const tokens: unknown[] = [];
  const comments: string[] = [];
  parse(script, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
    onToken: ({ type, start, end, loc }) =>
      tokens.push([type.label, script.slice(start, end), loc!.start.line]),
    onComment: (_, text) => comments.push(text),
  });
  return { tokens, comments };
}

Deno.test("a script is sent without comments and needless blanks, and does the same", async () => {
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!name.endsWith(".js")) continue;
    const source = await Deno.readTextFile(new URL(name, FOLDER));
    const sent = await (await app.request(`/page/${name}`)).text();
    const { tokens } = read(source);
    deepEqual(read(sent), { tokens, comments: [] }, name);
  }
  equal(
    packScript(
      "a = `  // ${ b /* c */ } `; /* d\n */ x\n  / e /*f*/ / g // h\n",
    ),
    "a=`  // ${b} `;\nx\n/ e / g\n",
  );
  equal(packScript("{ // not a script"), "{ // not a script");
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
