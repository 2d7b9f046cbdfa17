import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { docsFunction } from "../../functions/resources/docs.ts";
import {
  Client,
  ProblemError,
  type SeriesLine,
} from "../../lib/client/client.ts";
import { seriesLines } from "../../lib/client/series_lines.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { decodeRle, encodeRle } from "../../lib/format/mask/rle.ts";
import { readSafetensors } from "../../lib/format/safetensors.ts";
import { Server } from "../support/server.ts";
import { files, visits } from "../support/requests.ts";
import { toNifti } from "../support/dicom_files.ts";
import { inFolder } from "../support/in_folder.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";

const telemetry = createTelemetry();

const blob = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]);
const [image, mask, next] = [files.image, files.mask, files.next].map(blob);
const box: [number, number, number, number] = [212, 114, 270, 162];

Deno.test("the client makes every call end to end", async () => {
  await using server = await Server.start({ KV_PATH: ":memory:" });
  const client = new Client({ url: server.url });

  const { models: [served] } = await client.models();
  const enrolled = await client.enrol("p", "r", { image, mask, position: 0.5 });
  deepEqual([enrolled.position, enrolled.model], [0.5, served.digest]);
  const answer = await client.segment("p", next, { explain: true });
  ok(answer.present && answer.candidates!.length === 5);
  const png = await (await client.mask("p", next)).bytes();
  deepEqual(await decodeMask(png, { maxPixels: 1e6 }), decodeRle(answer.mask));

  const { id } = await client.embed(next);
  const { tensors } = readSafetensors(
    new Uint8Array(await client.tensors(id)),
  );
  ok("image_embeddings" in tensors);
  const again = await client.segment("p", { embedding: id });
  deepEqual(again.mask, answer.mask);
  const proposed = await client.prompts("p", { embedding: id });
  equal(proposed.candidates.length, 5);
  ok((await client.decode({ embedding: id, box })).mask.area > 0);
  const prompts = { points: [], box };
  const drawn = { image: { embedding: id }, mask: { prompts }, label: "drawn" };
  equal((await client.enrol("p", "s", drawn)).label, "drawn");
  equal((await client.reference("p", "s")).label, "drawn");
  const known = { image: next, mask: answer.mask, label: "drawn" };
  equal((await client.enrol("p", "s", known)).label, "drawn");
  equal((await client.patient("p")).references.length, 2);

  const volume = blob(toNifti([visits.second.image]));
  const rle = encodeRle(decodeRle(answer.mask));
  for (const own of [new Blob([png]), rle, answer.mask, answer]) {
    const file = await (await client.exportMask(volume, own)).bytes();
    deepEqual(
      await decodeMask(file, { maxPixels: 1e6 }),
      decodeRle(answer.mask),
    );
  }

  const pair = blob(toNifti([visits.first.image, visits.second.image]));
  const all = await client.seriesFile("p", pair, {}, "application/x-nifti");
  deepEqual(
    await decodeMask(await all.bytes(), { maxPixels: 1e6 }, {
      image: { bytes: await pair.bytes(), frame: 1 },
    }),
    decodeRle(
      (await Array.fromAsync(client.series("p", pair)))[1]!.segmentation!.mask,
    ),
  );
  const facts = await client.readImage(pair);
  deepEqual([facts.frames, facts.width], [2, 384]);
  const own = [{ frame: 1, rle }];
  const written = await client.exportMasks(
    pair,
    own,
    {},
    "application/x-nifti",
  );
  deepEqual(
    await decodeMask(await written.bytes(), { maxPixels: 1e6 }, {
      image: { bytes: await pair.bytes(), frame: 1 },
    }),
    decodeRle(rle),
  );
  const coco = await client.seriesFile("p", [next], {}, "application/x-coco");
  equal(JSON.parse(await coco.text()).annotations.length, 1);

  const missing = await client.segment("q", next).catch((error) => error);
  ok(missing instanceof ProblemError);
  equal(missing.problem.status, 404);
  await client.eraseReference("p", "s");
  await client.erasePatient("p");
  await rejects(client.patient("p"), ProblemError);
  await rejects(
    client.models({ signal: AbortSignal.abort() }),
    { name: "AbortError" },
  );
});

Deno.test("the client resumes a series whose server was killed", () =>
  inFolder(async (folder) => {
    const settings = { KV_PATH: `${folder}/edge.kv` };
    let server = await Server.start(settings);
    try {
      const { port } = new URL(server.url);
      const client = new Client({ url: server.url });
      await client.enrol("p", "r", { image, mask });
      const lines: SeriesLine[] = [];
      const images = [next, image, next, new Blob(["no image"]), image, next];
      let restarted;
      for await (const line of client.series("p", images)) {
        lines.push(line);
        if (lines.length !== 2) continue;
        await server.kill();
        restarted = Server.start({ ...settings, PORT: port })
          .then((started) => server = started);
      }
      await restarted;
      deepEqual(lines.map(({ index }) => index), [0, 1, 2, 3, 4, 5]);
      equal(lines[3].problem!.status, 415);
      deepEqual(lines[5].segmentation!.mask, lines[0].segmentation!.mask);

      const { cursor } = lines[5];
      const none = client.series("p", images, {}, { cursor });
      deepEqual(await Array.fromAsync(none), []);
      const other = client.series("p", [image], {}, { cursor });
      await rejects(
        other.next(),
        (error: ProblemError) => error.problem.status === 409,
      );
    } finally {
      await server.kill();
    }
  }));

Deno.test("lines come from a fetch without streams, too, and a truncated answer is an error", async () => {
  const line = (index: number) => JSON.stringify({ index, total: 2 }) + "\n";
  const answer = (text: string) =>
    ({ body: null, text: () => Promise.resolve(text) }) as unknown as Response;
  const all = (text: string) =>
    Array.fromAsync(seriesLines(answer(text), false));
  equal((await all(line(0) + line(1))).length, 2);
  await rejects(all(line(0) + line(1).slice(0, -3)), TypeError);
  await rejects(all(""), TypeError);
});

Deno.test("a Retry-After that is no number of seconds is ignored", async () => {
  const stated = [null, "7", "Wed, 21 Oct 2026 07:28:00 GMT"];
  const expected = [null, 7, null];
  for (const [i, after] of stated.entries()) {
    const headers = new Headers(after === null ? {} : { "retry-after": after });
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("busy", { status: 503, headers }),
    );
    const client = new Client({ url: `http://127.0.0.1:${server.addr.port}` });
    const error = await client.models().catch((error) => error);
    ok(error instanceof ProblemError);
    equal(error.retryAfter, expected[i]);
  }
});

Deno.test("a series goes on after a server that is busy and a proxy that lost it", async () => {
  const line = { index: 0, total: 1, cursor: "1" };
  const headers = { "retry-after": "0" };
  const problem = (status: number, type: string) =>
    Response.json({ type, title: "", status, detail: "No.", instance: "" }, {
      status,
      headers,
    });
  let asked = 0;
  const answers = [
    () => problem(429, "/problems/too-many-requests"),
    () => new Response("<h1>Bad Gateway</h1>", { status: 502, headers }),
    () => problem(503, "/problems/busy"),
    () => new Response(JSON.stringify(line) + "\n"),
    () => problem(502, "/problems/archive-failed"),
  ];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      await request.bytes();
      return answers[asked++]!();
    },
  );
  const client = new Client({ url: `http://127.0.0.1:${server.addr.port}` });
  deepEqual(await Array.fromAsync(client.series("p", [image])), [line]);
  await rejects(client.series("p", [image]).next(), ProblemError);
  equal(asked, 5);
});

Deno.test("pages of the origins named may call, with the token; others may not", async () => {
  const models = { all: [] };
  const app = createApp({ models, telemetry } as never, [docsFunction], {
    origins: ["https://viewer.example"],
    access: createAuthenticator({ hostSecret: "a-token-for-tests-only" }),
  });
  const ask = (origin: string, method: string) =>
    app.request("/v1/models", {
      method,
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
      },
    });
  const allowed = (response: Response) =>
    response.headers.get("access-control-allow-origin");
  const preflight = await ask("https://viewer.example", "OPTIONS");
  equal(preflight.status, 204);
  equal(allowed(preflight), "https://viewer.example");
  ok(
    preflight.headers.get("access-control-allow-headers")!.includes(
      "authorization",
    ),
  );
  const refused = await ask("https://viewer.example", "GET");
  equal(refused.status, 401);
  equal(allowed(refused), "https://viewer.example");
  ok(
    refused.headers.get("access-control-expose-headers")!.includes(
      "x-request-id",
    ),
  );
  equal(allowed(await ask("https://other.example", "GET")), null);
  const closed = createApp({ models, telemetry } as never, [docsFunction]);
  const none = await closed.request("/openapi.json", {
    headers: { origin: "https://viewer.example" },
  });
  equal(allowed(none), null);
});
