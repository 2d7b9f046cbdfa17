import { deepEqual, equal } from "node:assert/strict";
import { receiveFiles } from "../../functions/http/parts.ts";
import { answerProblem } from "../../functions/http/problem.ts";
import { createRouter } from "../../functions/http/router.ts";
import { Spool } from "../../lib/series/spool.ts";

const LIMITS = { maxSeriesBytes: 1e6, maxImages: 10 };
const MULTIPART = { "content-type": "multipart/form-data; boundary=x" };

/** Sends a body, which is answered by the files it was taken for. */
async function send(body: string, spool: Spool, headers: HeadersInit) {
  const app = createRouter();
  app.post("/", async (c) => {
    const { files } = await receiveFiles(c, spool, LIMITS);
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

Deno.test("a part that states no type declares none", async () => {
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
