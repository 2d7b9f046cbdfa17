import { deepEqual, equal, match } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { toSlices } from "../support/dicom_slices.ts";
import { files, form, postJson, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { refuses } from "../support/answers.ts";

Deno.test("what an image file is", async (t) => {
  const path = `${await Deno.makeTempDir()}/edge.kv`;
  await using service = await openService(path);
  const { app } = service;
  const read = (body: BodyInit, query = "") =>
    app.request(`/v1/images/read${query}`, { method: "POST", body });
  const plain = {
    format: "image/png",
    width: 384,
    height: 384,
    frames: 1,
    spacing: null,
    slice: null,
    slices: null,
    acquiredAt: null,
    series: null,
  };

  await t.step("a picture, as a body, a form and in JSON", async () => {
    const base64 = files.image.toBase64();
    for (
      const answer of [
        await read(files.image),
        await read(form({ image: files.image })),
        await postJson(app, "/v1/images/read", { image: { base64 } }),
      ]
    ) {
      equal(answer.status, 200);
      deepEqual(await answer.json(), plain);
    }
  });

  await t.step("a slice of a series", async () => {
    const { width, height, data } = visits.first.image;
    const grey = data.filter((_, i) => i % visits.first.image.channels === 0);
    const pictures = [1, 2].map(() => ({ width, height, data: grey }));
    const [, second] = toSlices(pictures);
    const answer = await (await read(second!)).json();
    match(answer.series, /^[0-9a-f]{64}$/);
    deepEqual(answer, {
      ...plain,
      series: answer.series,
      format: "application/dicom",
      spacing: { x: 0.7, y: 0.8, z: null },
      slice: -37.5,
      acquiredAt: "2020-01-02T03:04:05",
    });
  });

  await t.step("the frame that is asked for", async () => {
    const bytes = await Deno.readFile(
      new URL("../parity/golden/dicom/enhanced.dcm", import.meta.url),
    );
    const places = [];
    for (const frame of [0, 1]) {
      const answer = await (await read(bytes, `?frame=${frame}`)).json();
      places.push(answer.slice);
    }
    equal(new Set(places).size, 2);
    await refuses(read(bytes, "?frame=999"), 422, "frame-choice", /frame/);
  });

  await t.step("an image that is too large to be segmented", async () => {
    const data = new Uint8Array(5200 * 5000);
    const large = encodePng({ width: 5200, height: 5000, channels: 1, data });
    const { width, height } = await (await read(large)).json();
    deepEqual([width, height], [5200, 5000]);
  });

  await t.step("bad input is refused", async () => {
    await refuses(read(""), 400, "empty", /0 bytes/);
    await refuses(read("hello, world"), 415, "unsupported-type", /PNG/);
    await refuses(read(files.image, "?side=9"), 422, "validation", /query/);
    const cut = files.image.slice(0, 20);
    await refuses(read(cut), 422, "truncated", /./);
  });

  await t.step("nothing is stored", async () => {
    using kv = await Deno.openKv(path);
    const stored = await Array.fromAsync(kv.list({ prefix: [] }));
    const others = stored.filter(({ key }) =>
      !["audit", "lease"].includes(String(key[0]))
    );
    deepEqual(others, []);
  });
});
