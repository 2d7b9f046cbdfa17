import { equal, rejects } from "node:assert/strict";
import type { Context } from "hono";
import { bytesOf, readMultipart } from "../../../functions/body/multipart.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads a body of two files; what is done with the first takes its time. */
async function read(body: Request, ms: number): Promise<number> {
  const c = {
    req: { raw: body, header: (name: string) => body.headers.get(name) },
  } as unknown as Context;
  let bytes = 0;
  await readMultipart(c, bytesOf(c), {
    async file(_, part) {
      for await (const chunk of part) {
        if (bytes === 0) await pause(ms);
        bytes += chunk.length;
      }
      await pause(ms);
    },
    field() {},
    maxParts: 10,
    maxFieldBytes: 100,
  });
  return bytes;
}

function twoFiles(size: number): Request {
  const form = new FormData();
  for (const name of ["a", "b"]) {
    form.append("image", new File([new Uint8Array(size)], name));
  }
  return new Request("http://localhost/", { method: "POST", body: form });
}

Deno.test("a body is not refused because what is done with its parts takes long", async () => {
  equal(await read(twoFiles(300_000), 1700), 600_000);
});

Deno.test("a body that keeps its parser waiting for ever is refused", async () => {
  const whole = twoFiles(1000);
  const bytes = (await whole.bytes()).slice(0, -40);
  const headers = { "content-type": whole.headers.get("content-type")! };
  const cut = new Request("http://localhost/", {
    method: "POST",
    body: bytes,
    headers,
  });
  await rejects(read(cut, 0), { code: "malformed-request" });
});
