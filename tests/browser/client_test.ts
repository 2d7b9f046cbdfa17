import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dice } from "../../lib/core/mask.ts";
import { decodeRle, type Rle } from "../../lib/format/mask/rle.ts";
import { inFolder } from "../support/in_folder.ts";
import { packClient } from "../support/pack_client.ts";
import { Server } from "../support/server.ts";
import { files, visits } from "../support/requests.ts";
import { hasChromium, Visitor } from "./browser.ts";

/** Another origin: an empty page, images, and the client as its npm package has it. */
function serveSite(folder: string) {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async ({ url }) => {
      const name = new URL(url).pathname.slice(1);
      if (name in files) {
        const body = files[name as keyof typeof files];
        return new Response(body, { headers: { "content-type": "image/png" } });
      }
      if (!/^\w+\.js$/.test(name)) {
        const headers = { "content-type": "text/html" };
        return new Response("<!DOCTYPE html><link rel=icon href=data:,>", {
          headers,
        });
      }
      const headers = { "content-type": "text/javascript" };
      const script = await Deno.readFile(`${folder}/client/${name}`);
      return new Response(script, { headers });
    },
  );
}

/** Calls of the client, end to end; a text, since it runs in the page. */
const callsOf = (url: string) =>
  `(async () => {
  const { Client } = await import("/client.js");
  const client = new Client({ url: "${url}" });
  const file = async (name) => (await fetch(name)).blob();
  const [image, mask, next] =
    await Promise.all([file("image"), file("mask"), file("next")]);
  const enrolled = await client.enrol("p", "r", { image, mask });
  const { mask: found } = await client.segment("p", next);
  const png = await client.mask("p", next);
  const lines = [];
  for await (const line of client.series("p", [next, image])) lines.push(line);
  const problem = await client.segment("q", next).catch(({ problem }) => problem);
  return { patches: enrolled.patches, found, png: png.type, lines, problem };
})()`;

const PATIENT = "/v1/patients/p";

/** The headers of an answer that is a file, as a page can read them. */
const headersOf = (url: string) =>
  `(async () => {
  const body = await (await fetch("next")).blob();
  const headers = { accept: "image/png" };
  const init = { method: "POST", body, headers };
  const answer = await fetch("${url}${PATIENT}/segmentations", init);
  const read = (name) => answer.headers.get(name);
  return [
    read("x-structure-present"),
    typeof read("x-confidence"),
    typeof read("x-receipt-id"),
  ];
})()`;

/** Requests that need no leave: of scripts, beacons, forms and pictures; all would restore or read something. */
const attacksOf = (url: string) =>
  `(async () => {
  const patient = "${url}${PATIENT}";
  const restore = patient + "/labels/target/revisions/1/restore";
  await fetch(restore, { method: "POST", mode: "no-cors", body: "x" });
  const beacon = navigator.sendBeacon(restore, "x");
  const loaded = (element) =>
    new Promise((resolve) => {
      element.onload = () => resolve(true);
      element.onerror = () => resolve(false);
      document.body.append(element);
    });
  const frame = document.createElement("iframe");
  frame.name = "frame";
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: restore, target: "frame" });
  document.body.append(form, frame);
  const answered = new Promise((resolve) => frame.onload = resolve);
  form.submit();
  await answered;
  const picture = document.createElement("img");
  picture.src = patient;
  return ["sent", beacon, await loaded(picture)];
})()`;

Deno.test({
  name: "the client works end to end from a page of another origin",
  ignore: !hasChromium,
  fn: () =>
    inFolder(async (folder) => {
      await packClient(folder);
      await using site = serveSite(folder);
      await using other = serveSite(folder);
      const originOf = ({ addr }: typeof site) =>
        `http://127.0.0.1:${addr.port}`;
      const server = await Server.start({
        MODEL: "nano",
        KV_PATH: ":memory:",
        CORS_ORIGINS: originOf(site),
      });
      await using visitor = await Visitor.of(server);
      const page = await visitor.browser.newPage();
      await page.goto(originOf(site));
      const answers = await page.evaluate(callsOf(server.url)) as {
        patches: number;
        found: Rle;
        png: string;
        lines: { index: number; segmentation: { mask: Rle } }[];
        problem: { status: number; type: string };
      };
      ok(answers.patches > 0);
      ok(dice(decodeRle(answers.found).data, visits.second.mask.data) > 0.7);
      equal(answers.png, "image/png");
      deepEqual(answers.lines.map(({ index }) => index), [0, 1]);
      deepEqual(answers.lines[0].segmentation.mask, answers.found);
      equal(answers.problem.type, "/problems/not-found");

      const headers = await page.evaluate(headersOf(server.url));
      deepEqual(headers, ["true", "string", "string"]);

      await page.goto(originOf(other));
      const refused = await page.evaluate(callsOf(server.url)).catch(String);
      match(refused as string, /Failed to fetch/);

      // What pages may send without asking the server first.
      const revisions = async () => {
        const path = `${PATIENT}/labels/target/revisions`;
        return (await (await server.request(path)).json()).revisions.length;
      };
      const before = await revisions();
      const log = [];
      // Another port of the same site, and another site.
      const near = originOf(other);
      for (const origin of [near, near.replace("127.0.0.1", "localhost")]) {
        await page.goto(origin);
        log.push(await page.evaluate(attacksOf(server.url)));
      }
      equal(await revisions(), before);
      deepEqual(log, [["sent", true, false], ["sent", true, false]]);
      // The same from a page whose origin is named: the requests were whole.
      await page.goto(originOf(site));
      await page.evaluate(attacksOf(server.url));
      ok(await revisions() > before);
      await page.close();
    }),
});

Deno.test({
  name: "a call is tried and answered in the documentation",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.browser.newPage();
    await page.goto(`${visitor.server.url}/docs`);
    const call = page.locator(".opblock", { hasText: "/v1/previews" });
    await call.locator(".opblock-summary-control").click();
    await call.getByRole("button", { name: "Try it out" }).click();
    await call.locator(".opblock-section-request-body select.content-type")
      .selectOption("multipart/form-data");
    await call.locator("input[type=file]").setInputFiles({
      name: "visit.png",
      mimeType: "image/png",
      // Playwright accepts only Node's buffers.
      buffer: Buffer.from(files.image),
    });
    await call.getByRole("button", { name: "Execute" }).click();
    const answer = call.locator(".live-responses-table");
    await answer.locator(".response-col_status", { hasText: "200" }).waitFor();
    match((await answer.textContent())!, /x-frame-count: 1/);
    await answer.locator("img").waitFor();
    await page.close();
  },
});
