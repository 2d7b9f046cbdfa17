import { deepEqual, equal, ok } from "node:assert/strict";
import { decodeImage } from "../../lib/image/decode.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { files, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { refuses } from "../support/answers.ts";

const LIMITS = { maxPixels: 25_000_000 };
const fixture = (name: string) =>
  Deno.readFile(new URL(`../parity/golden/images/${name}`, import.meta.url));

Deno.test("previews", async (t) => {
  const path = `${await Deno.makeTempDir()}/edge.kv`;
  await using service = await openService(path);
  const preview = (body: BodyInit, query = "", type?: string) =>
    service.app.request(`/v1/previews${query}`, {
      method: "POST",
      body,
      headers: type === undefined ? {} : { "content-type": type },
    });

  await t.step("a small image is returned as it is", async () => {
    const answer = await preview(files.image);
    equal(answer.status, 200);
    equal(answer.headers.get("content-type"), "image/png");
    equal(answer.headers.get("x-frame-count"), "1");
    deepEqual(
      await decodeImage(await answer.bytes(), LIMITS),
      visits.first.image,
    );
  });

  await t.step(
    "16 bits are shown as the model sees them, and upright",
    async () => {
      for (
        const name of [
          "grey-16-raw.tiff",
          "rgb-lzw.tiff",
          "orientation-6.tiff",
          "orientation-6.jpeg",
        ]
      ) {
        const bytes = await fixture(name);
        const shown = await (await preview(bytes)).bytes();
        deepEqual(
          await decodeImage(shown, LIMITS),
          await decodeImage(bytes, LIMITS),
          name,
        );
      }
    },
  );

  await t.step("the frame that is asked for is shown", async () => {
    for (
      const [name, frames] of [
        ["dicom/frames-8.dcm", "3"],
        ["tiff_files/pages-4.tiff", "4"],
      ]
    ) {
      const bytes = await Deno.readFile(
        new URL(`../parity/golden/${name}`, import.meta.url),
      );
      for (const frame of [0, 1]) {
        const answer = await preview(bytes, `?frame=${frame}`);
        equal(answer.headers.get("x-frame-count"), frames);
        deepEqual(
          await decodeImage(await answer.bytes(), LIMITS),
          await decodeImage(bytes, LIMITS, frame),
        );
      }
      await refuses(
        preview(bytes, "?frame=999"),
        422,
        "frame-choice",
        /frame/,
      );
    }
  });

  await t.step("side bounds the long side", async () => {
    const data = visits.first.image.data.subarray(0, 384 * 200);
    const wide = encodePng({ width: 384, height: 200, channels: 1, data });
    const shown = await (await preview(wide, "?side=96")).bytes();
    const { width, height, channels } = await decodeImage(shown, LIMITS);
    deepEqual({ width, height, channels }, {
      width: 96,
      height: 50,
      channels: 1,
    });
  });

  await t.step("a multipart field is accepted too", async () => {
    const body = new FormData();
    body.set("image", new File([files.image], "a.png"));
    equal((await preview(body)).status, 200);
  });

  await t.step("the bytes decide, whatever type was declared", async () => {
    for (const type of ["image/jpeg", "image/x-tiff", "binary/octet-stream"]) {
      equal((await preview(files.image, "", type)).status, 200);
    }
  });

  await t.step("bad input is refused", async () => {
    await refuses(preview(""), 400, "empty", /0 bytes/);
    await refuses(preview("hello, world"), 415, "unsupported-type", /PNG/);
    await refuses(
      preview(files.image.slice(0, 5000)),
      422,
      "truncated",
      /./,
    );
    for (const side of ["0", "15", "8193", "1e3", "-5", "NaN", ""]) {
      await refuses(
        preview(files.image, `?side=${side}`),
        422,
        "validation",
        /query\.side/,
      );
    }
    await refuses(
      preview(files.image, "?colour=red"),
      422,
      "validation",
      /query/,
    );
    const huge = files.image.slice();
    new DataView(huge.buffer).setUint32(16, 20_000);
    const answer = await preview(huge);
    ok([413, 422].includes(answer.status));
  });

  await t.step(
    "nothing is stored but the audit trail and who sweeps",
    async () => {
      using kv = await Deno.openKv(path);
      const stored = await Array.fromAsync(kv.list({ prefix: [] }));
      const others = stored.filter(({ key }) =>
        !["audit", "lease"].includes(String(key[0]))
      );
      deepEqual(others, []);
    },
  );
});
