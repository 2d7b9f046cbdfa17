import { deepEqual, equal, match, ok } from "node:assert/strict";
import { receiveFiles } from "../../functions/body/uploads.ts";
import { answerProblem } from "../../functions/middleware/answer_problem.ts";
import { createRouter } from "../../functions/router.ts";
import { Spool } from "../../lib/series/range_file.ts";
import { enrol } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const LIMITS = { maxBytes: 1e6, maxSeriesBytes: 1e6, maxImages: 10 };
const MULTIPART = { "content-type": "multipart/form-data; boundary=x" };

/** Sends a body; the answer lists the files that it was read as. */
async function send(
  body: string,
  spool: Spool,
  headers: HeadersInit,
  limits = LIMITS,
) {
  const app = createRouter();
  app.post("/", async (c) => {
    const { files } = await receiveFiles(c, spool, limits);
    return c.json(
      files.map(({ name, mediaType }) => [name, mediaType ?? null]),
    );
  });
  app.onError(answerProblem);
  const response = await app.request("/", { method: "POST", body, headers });
  return { status: response.status, answer: await response.json() };
}

const part = (name: string, type: string | null) =>
  `--x\r\ncontent-disposition: form-data; name="image"; filename="${name}"\r\n` +
  (type === null ? "" : `content-type: ${type}\r\n`) + "\r\nabc\r\n";

Deno.test("a part without a type declares none", async () => {
  using spool = await Spool.create();
  const body = part("a", null) + part("b", "image/png") + part("", null) +
    "--x--\r\n";
  const { answer } = await send(body, spool, MULTIPART);
  deepEqual(answer, [["a", null], ["b", "image/png"], [null, null]]);
});

Deno.test("a full disk is the server's failure, not the body's", async () => {
  for (const headers of [MULTIPART, { "content-type": "image/png" }]) {
    const full = await Deno.open("/dev/full", { write: true });
    using spool = new Spool(full, 0);
    const body = part("a", null) + "--x--\r\n";
    const { status, answer } = await send(body, spool, headers);
    equal(status, 503);
    equal(answer.type, "/problems/store-unavailable");
  }
});

/** 300,000 empty parts, as they arrive over a connection, and a count of what was read of them. */
function emptyParts(head: string) {
  const part = new TextEncoder().encode(
    `--x\r\ncontent-disposition: form-data; ${head}\r\n\r\n\r\n`,
  );
  const perChunk = Math.ceil(65_536 / part.length);
  const chunk = new Uint8Array(perChunk * part.length);
  for (let i = 0; i < perChunk; i++) chunk.set(part, i * part.length);
  const chunks = Math.ceil(300_000 / perChunk);
  let taken = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken++ < chunks) controller.enqueue(chunk);
      else controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = {
    ...MULTIPART,
    "content-length": `${chunks * chunk.length}`,
  };
  return { body, headers, taken: () => taken / chunks };
}

Deno.test("a body of very many parts is refused early, on every route that takes parts", async () => {
  await using service = await openService();
  const { app } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const routes = [
    "POST /v1/embeddings",
    "POST /v1/previews",
    "POST /v1/patients/p/segmentations",
    "PUT /v1/patients/p/references/r",
    "POST /v1/masks/export",
    "POST /v1/patients/p/series",
  ];
  const heads = ['name=""', 'name="image"; filename=""', 'name="label"', "x=1"];
  for (const route of routes) {
    const [method, path] = route.split(" ");
    for (const head of heads) {
      const { body, headers, taken } = emptyParts(head);
      const response = await app.request(path, { method, body, headers });
      const where = `${route} with ${head}`;
      equal(response.status, 422, where);
      equal((await response.json()).type, "/problems/validation", where);
      ok(taken() < 0.05, `${where} took ${taken()} of the body`);
    }
  }
});

Deno.test("a field that is too long is refused, not cut", async () => {
  await using service = await openService();
  const body = `--x\r\ncontent-disposition: form-data; name="prompts"\r\n\r\n` +
    `${"[".repeat(5_000_001)}\r\n--x--\r\n`;
  const response = await service.app.request("/v1/patients/p/references/r", {
    method: "PUT",
    body,
    headers: MULTIPART,
  });
  equal(response.status, 413);
  match((await response.json()).detail, /larger than 5000000 bytes/);
});

Deno.test("the event loop is not blocked while ten thousand parts arrive", async () => {
  using spool = await Spool.create();
  let turns = 0;
  const turn = setInterval(() => turns++);
  const { status } = await send(
    part("a", null).repeat(10_000) + "--x--\r\n",
    spool,
    MULTIPART,
    { ...LIMITS, maxImages: 10_000 },
  );
  clearInterval(turn);
  equal(status, 200);
  ok(turns > 5, `it turned ${turns} times`);
});
