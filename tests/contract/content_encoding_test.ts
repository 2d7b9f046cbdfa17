import { deepEqual, equal, match } from "node:assert/strict";
import { deflateSync, gzipSync } from "node:zlib";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { files } from "../support/requests.ts";
import { openService } from "../support/service.ts";

async function refuses(
  answer: Response | Promise<Response>,
  status: number,
  code: string,
  detail: RegExp,
) {
  const problem = await (await answer).json();
  equal(problem.type, `/problems/${code}`);
  equal(problem.status, status);
  match(problem.detail, detail);
}

Deno.test("compressed bodies", async (t) => {
  await using service = await openService();
  const { app, services } = service;
  const preview = (body: Uint8Array<ArrayBuffer>, coding?: string) =>
    app.request("/v1/previews", {
      method: "POST",
      body,
      headers: coding === undefined ? {} : { "content-encoding": coding },
    });
  const packed = (pack: typeof gzipSync, bytes: Uint8Array) =>
    new Uint8Array(pack(bytes));
  const plain = await (await preview(files.image)).bytes();

  await t.step("are read as if they were plain", async () => {
    for (
      const [coding, pack] of [
        ["gzip", gzipSync],
        ["X-GZIP", gzipSync],
        ["deflate", deflateSync],
      ] as const
    ) {
      const answer = await preview(packed(pack, files.image), coding);
      equal(answer.status, 200);
      deepEqual(await answer.bytes(), plain);
    }
    equal((await preview(files.image, "identity")).status, 200);
  });

  await t.step("and so is JSON", async () => {
    const body = packed(gzipSync, new TextEncoder().encode('{"embedding":1}'));
    const headers = {
      "content-type": "application/json",
      "content-encoding": "gzip",
    };
    const request = { method: "POST", body, headers };
    await refuses(
      app.request("/v1/masks", request),
      422,
      "validation",
      /body\.embedding/,
    );
  });

  await t.step("are refused in a coding that is not known", async () => {
    const answer = await preview(files.image, "br");
    equal(answer.headers.get("accept-encoding"), "gzip, deflate");
    await refuses(answer, 415, "unsupported-type", /gzip or deflate/);
  });

  await t.step("are refused where they are damaged or cut", async () => {
    const whole = packed(gzipSync, files.image);
    for (const body of [files.image, whole.slice(0, -9)]) {
      await refuses(
        preview(body, "gzip"),
        400,
        "malformed-request",
        /damaged or cut short/,
      );
    }
  });

  await t.step("are limited by what they decode to", async () => {
    const bomb = packed(gzipSync, new Uint8Array(services.maxBytes + 1));
    await refuses(preview(bomb, "gzip"), 413, "too-many-bytes", /larger than/);
  });

  await t.step("a gzip file as the body is unpacked too", async () => {
    const answer = await preview(packed(gzipSync, files.image));
    deepEqual(await answer.bytes(), plain);
    await refuses(
      preview(packed(gzipSync, new TextEncoder().encode("no image"))),
      415,
      "unsupported-type",
      /a gzip file of text; send an image/,
    );
    const large = new Uint8Array(140 * 2 ** 20);
    const tiny = { width: 1, height: 1, channels: 1 as const };
    large.set(encodePng({ ...tiny, data: Uint8Array.of(7) }));
    const body = packed(gzipSync, large);
    await refuses(preview(body), 413, "too-large", /unpacked it holds more/);
    match(String(body.length), /^\d{6}$/);
  });
});
