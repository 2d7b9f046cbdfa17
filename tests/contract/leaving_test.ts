import { deepEqual, equal, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import type { RequestLine } from "../../functions/middleware/observe.ts";
import { concat } from "../../lib/core/bytes.ts";
import { enrol, files, form, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const SIZE = 2 ** 20;
const TIMES = 6;
/** Series that may be in progress. */
const SERIES = 8;

const text = (value: string) => new TextEncoder().encode(value);

/** The beginning of an upload. */
interface Upload {
  name: string;
  method?: string;
  path: string;
  type: string;
  part: Uint8Array;
}

/** The beginning of a multipart body. */
async function formPart(fields: Parameters<typeof form>[0]) {
  const whole = new Response(form(fields));
  const type = whole.headers.get("content-type")!;
  const bytes = await whole.bytes();
  return { type, part: bytes.slice(0, -200) };
}

Deno.test("a caller that leaves in the middle of its upload leaves nothing behind", async (t) => {
  await using service = await openService(":memory:", {
    MAX_BYTES: `${SIZE}`,
    BODY_MEMORY: `${TIMES * SIZE}`,
  });
  const { services } = service;
  const lines: RequestLine[] = [];
  const app = createApp(services, undefined, {
    log: (line) => lines.push(line),
  });
  equal((await enrol(app, "p", "r")).status, 201);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    app.fetch,
  );
  const { port } = server.addr;
  const { image, mask, next } = files;
  const png = { type: "image/png", part: next };
  const patient = "/v1/patients/p";
  const uploads: Upload[] = [
    {
      name: "an annotated image",
      method: "PUT",
      path: "/v1/patients/q/references/r",
      ...await formPart({ image, mask }),
    },
    {
      name: "a series",
      path: `${patient}/series`,
      ...await formPart({ image: next }),
    },
    { name: "a file of a series", path: `${patient}/series`, ...png },
    { name: "an image", path: "/v1/embeddings", ...png },
    {
      name: "an image to segment",
      path: `${patient}/segmentations`,
      ...png,
    },
    { name: "an image to show", path: "/v1/previews", ...png },
    {
      name: "a prompt",
      path: "/v1/masks",
      type: "application/json",
      part: text('{"embedding":"'),
    },
  ];

  /** Whether all memory for bodies, and every place for a series, is free. */
  const isFree = () => {
    const held: (() => void)[] = [];
    try {
      held.push(services.bodyQuota.take("anyone", TIMES * SIZE));
      for (let i = 0; i < SERIES; i++) {
        held.push(services.seriesQuota.take("anyone"));
      }
      return true;
    } catch {
      return false;
    } finally {
      for (const release of held) release();
    }
  };
  const until = async (isSo: () => boolean, what: string) => {
    for (let polls = 0; !isSo(); polls++) {
      ok(polls < 200, what);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  for (const { name, method = "POST", path, type, part } of uploads) {
    const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\n` +
      `content-type: ${type}\r\n`;
    const size = part.length.toString(16);
    const ways = {
      "": [text(`${head}content-length: ${SIZE}\r\n\r\n`), part],
      ", of unknown length": [
        text(`${head}transfer-encoding: chunked\r\n\r\n${size}\r\n`),
        part,
        text("\r\n"),
      ],
    };
    for (const [way, sent] of Object.entries(ways)) {
      await t.step(name + way, async () => {
        lines.length = 0;
        const callers: Deno.TcpConn[] = [];
        for (let i = 0; i < TIMES; i++) {
          const caller = await Deno.connect({ hostname: "127.0.0.1", port });
          await caller.writable.getWriter().write(concat(sent));
          callers.push(caller);
        }
        await until(() => !isFree(), "no upload has begun");
        for (const caller of callers) caller.close();
        await until(isFree, "the quotas are still held");
        equal((await segment(app, "p")).status, 200);
        await until(() => lines.length > TIMES, "some are not in the log");
        const statuses = lines.map(({ status }) => status);
        deepEqual(statuses.sort(), [200, ...Array(TIMES).fill(400)]);
      });
    }
  }
  equal((await app.request("/v1/patients/q")).status, 404);
});
