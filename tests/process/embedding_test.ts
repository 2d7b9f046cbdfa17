import { deepEqual, equal, match } from "node:assert/strict";
import { concat } from "../../lib/core/bytes.ts";
import { hexDigest } from "../../lib/core/digest.ts";
import { enrol, files, segment } from "../support/requests.ts";
import { EncodeHosts } from "../support/split.ts";

type Bytes = Uint8Array<ArrayBuffer>;
// deno-lint-ignore no-explicit-any
type Header = any;

const TYPE = "application/x-safetensors";
const NAME = "image_embeddings";

const encode = (text: string) => new TextEncoder().encode(text);
const lengthOf = (header: Bytes) =>
  new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer);

/** The header and the data of a safetensors file. */
function parse(file: Bytes): { header: Header; data: Bytes } {
  const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.slice(8, start)));
  return { header, data: file.slice(start) };
}

function join(header: Bytes, data: Bytes): Bytes {
  return concat([lengthOf(header), header, data]);
}

/** Unsuitable embeddings that a client may send, and how each is refused. */
function unsuitable(file: Bytes): [string, Bytes, number, RegExp][] {
  const { header, data } = parse(file);
  const saying = (change: (header: Header) => void, body = data) => {
    const changed = structuredClone(header);
    change(changed);
    return join(encode(JSON.stringify(changed)), body);
  };
  const holding = (value: number) => {
    const changed = data.slice();
    new DataView(changed.buffer).setFloat16(2 * 1234, value, true);
    return saying(() => {}, changed);
  };
  const [one, channels, height, width] = header[NAME].shape;
  const size = data.length;
  const shape = (shape: number[]) => saying((h) => h[NAME].shape = shape);
  const offsets = (...offsets: unknown[]) =>
    saying((h) => h[NAME].data_offsets = offsets);
  const meta = (change: Record<string, unknown>) =>
    saying((h) => Object.assign(h.__metadata__, change));
  const claiming = (length: bigint) =>
    concat([new Uint8Array(BigUint64Array.of(length).buffer), file.slice(8)]);
  const offsetFault = /does not fit its offsets/;
  const countFault = new RegExp(`take ${size} bytes, but it has \\d+ for them`);

  return [
    ["of another model", meta({ model: "0".repeat(64) }), 409, /another model/],
    [
      "of no model",
      saying((h) => delete h.__metadata__.model),
      422,
      /lacks `model`/,
    ],
    ["without metadata", saying((h) => delete h.__metadata__), 422, /`model`/],
    ["metadata of numbers", meta({ width: 384 }), 422, /is not text/],
    ["no width", meta({ width: "0" }), 422, /needs `width` and `height`/],
    ["a width in words", meta({ width: "many" }), 422, /needs `width`/],
    [
      "too many pixels",
      meta({ width: "99999", height: "99999" }),
      422,
      /at most \d+ pixels/,
    ],
    [
      "as many values in another shape",
      shape([one, channels, height * 2, width / 2]),
      422,
      /needs the shape \[1,\d+,\d+,\d+\], not \[1,\d+,\d+,\d+\]/,
    ],
    ["without batch", shape([channels, height, width]), 422, /needs the shape/],
    ["a shape too large", shape([one, channels, height, 99]), 422, offsetFault],
    [
      "a shape of fractions",
      shape([one, channels, 2 * height, width / 2 + 0.5]),
      422,
      /no proper shape/,
    ],
    ["bfloat16", saying((h) => h[NAME].dtype = "BF16"), 422, /F16 nor F32/],
    ["integers", saying((h) => h[NAME].dtype = "I16"), 422, /F16 nor F32/],
    [
      "float16 that says float32",
      saying((h) => h[NAME].dtype = "F32"),
      422,
      offsetFault,
    ],
    ["NaN", holding(NaN), 422, /no finite float16/],
    ["an infinity", holding(-Infinity), 422, /no finite float16/],
    ["one byte short", file.slice(0, -1), 422, countFault],
    ["the header alone", file.slice(0, -size), 422, countFault],
    ["cut in the header", file.slice(0, 40), 422, /header claims \d+ bytes/],
    ["nothing", file.slice(0, 0), 422, /0 bytes, fewer/],
    ["a trailing byte", concat([file, Uint8Array.of(0)]), 422, countFault],
    ["twice", concat([file, file]), 422, countFault],
    ["a header of 2^63 bytes", claiming(1n << 63n), 422, /claims 9223372/],
    [
      "a header as long as the file",
      claiming(BigInt(file.length)),
      422,
      /claims/,
    ],
    ["a header of no bytes", claiming(0n), 422, /not JSON/],
    ["offsets past the end", offsets(8, size + 8), 422, /gaps/],
    ["offsets before the start", offsets(-8, size - 8), 422, /no proper/],
    ["offsets backwards", offsets(size, 0), 422, offsetFault],
    ["offsets of text", offsets("0", `${size}`), 422, /no proper/],
    ["a header that is a list", join(encode("[]"), data), 422, /not an object/],
    [
      "a header of damaged text",
      join(Uint8Array.of(0x7b, 0xff, 0x7d), data),
      422,
      /not JSON/,
    ],
    [
      "another name",
      saying((h) => {
        h.features = h[NAME];
        delete h[NAME];
      }),
      422,
      /needs the tensors image_embeddings, and has 1 \(\["features"\]\)/,
    ],
    [
      "a second tensor over the first",
      saying((h) => h.features = h[NAME]),
      422,
      /overlap or leave gaps/,
    ],
    ["a picture", files.mask, 422, /header claims/],
  ];
}

Deno.test("an edge refuses unsuitable embeddings by itself, and takes a whole one", async (t) => {
  await using hosts = await EncodeHosts.start(1);
  await using edge = await hosts.edge(":memory:");
  equal((await enrol(edge, "p", "r")).status, 201);
  const byImage = await (await segment(edge, "p")).json();
  const made = await edge.request("/v1/embeddings", {
    method: "POST",
    body: files.next,
    headers: { "content-type": "image/png", accept: TYPE },
  });
  const whole = await made.bytes();
  const { digest } = byImage.model;
  // What follows must be decided at the edge, without a host.
  await hosts.hosts[0].kill();

  const upload = async (path: string, body: Bytes, type = TYPE) => {
    const response = await edge.request(path, {
      method: "POST",
      body,
      headers: { "content-type": type },
    });
    return { response, body: await response.json() };
  };
  const PATHS = ["/v1/embeddings", "/v1/patients/p/segmentations"];

  for (const [name, file, status, detail] of unsuitable(whole)) {
    await t.step(name, async () => {
      for (const path of PATHS) {
        const { response, body } = await upload(path, file);
        equal(response.status, status, body.detail);
        const type = response.headers.get("content-type");
        equal(type, "application/problem+json");
        equal(
          body.type,
          `/problems/${status === 409 ? "model-mismatch" : "invalid-input"}`,
        );
        match(body.detail, detail);
        equal(body.instance, response.headers.get("x-request-id"));
      }
      const id = await hexDigest(concat([encode(digest), file]));
      equal((await edge.request(`/v1/embeddings/${id}`)).status, 404);
    });
  }

  await t.step("an embedding that says it is an image", async () => {
    const { response, body } = await upload(PATHS[0], whole, "image/png");
    equal(response.status, 415);
    match(body.type, /unsupported-type/);
  });

  await t.step("a whole one is kept, and stands for its image", async () => {
    const { response, body } = await upload(PATHS[0], whole);
    equal(response.status, 201);
    const kept = await edge.request(`/v1/embeddings/${body.id}`);
    deepEqual(await kept.bytes(), whole);
    const segmented = await upload(PATHS[1], whole);
    equal(segmented.response.status, 200);
    deepEqual(segmented.body.mask, byImage.mask);
  });
});
