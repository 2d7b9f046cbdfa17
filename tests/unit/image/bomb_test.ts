import { stepsOf } from "../../support/steps.ts";
import { decodeImage } from "../../../lib/image/decode.ts";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { chunk, fixture } from "../../support/fixtures.ts";
import { workDone } from "../../support/work_done.ts";
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";

const limits = { maxPixels: 1_000_000 };

const is = (code: string) => (error: unknown) =>
  error instanceof EdgeError && error.code === code;

/** A grey 8-bit PNG whose header says width × height over whatever data. */
function png(width: number, height: number, data: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8;
  return Uint8Array.of(
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk("IHDR", header),
    ...chunk("IDAT", data),
    ...chunk("IEND", new Uint8Array(0)),
  );
}

/** Room for a few headers and messages. */
const LITTLE = 4096;

Deno.test("a PNG over the limit is refused from its header, whether its data hold as much or not", async () => {
  const claimed = png(20_000, 20_000, deflateSync(new Uint8Array(1000)));
  const held = png(2000, 2000, deflateSync(new Uint8Array(2000 * 2001)));
  for (const bomb of [held, claimed]) {
    for (const decode of [decodeImage, decodeMask]) {
      const { unpacked, allocated } = await workDone(() =>
        assert.rejects(decode(bomb, limits), is("too-large"))
      );
      assert.equal(unpacked, 0);
      assert.ok(allocated <= LITTLE, `${allocated} bytes`);
    }
  }
});

Deno.test("a small PNG that inflates to far too much is refused early", async () => {
  const bomb = png(10, 10, deflateSync(new Uint8Array(100_000_000)));
  const { unpacked, allocated } = await workDone(() =>
    assert.rejects(decodeImage(bomb, limits), is("malformed"))
  );
  assert.ok(unpacked <= LITTLE, `${unpacked} bytes`);
  assert.ok(allocated <= LITTLE, `${allocated} bytes`);
});

Deno.test("a PNG whose data cannot fill its header is refused before allocating", async () => {
  const empty = png(1000, 1000, deflateSync(new Uint8Array(10)));
  const { unpacked, allocated } = await workDone(() =>
    assert.rejects(decodeImage(empty, limits), is("truncated"))
  );
  assert.equal(unpacked, 0);
  assert.ok(allocated <= LITTLE, `${allocated} bytes`);
});

Deno.test("a PNG whose data end well but early is truncated", async () => {
  const lines = new Uint8Array(5 * 11);
  await assert.rejects(
    decodeImage(png(10, 10, deflateSync(lines)), limits),
    is("truncated"),
  );
});

Deno.test("a JPEG with hundreds of scans is refused before decoding", async () => {
  const { bytes } = fixture("grey-progressive.jpg");
  const scan = bytes.lastIndexOf(0xda) - 1;
  const last = bytes.subarray(scan, bytes.length - 2);
  const parts = [bytes.subarray(0, scan), ...Array(200).fill(last)];
  const many = Uint8Array.of(...parts.flatMap((p) => [...p]), 0xff, 0xd9);
  const { codecs } = await workDone(() =>
    assert.rejects(decodeImage(many, limits), /20\d scans; wanted 1 to 100/)
  );
  assert.equal(codecs, 0);
});

Deno.test("a TIFF whose strips share their bytes is refused before decoding", async () => {
  // 8 × 2000 pixels in 2000 one-row strips that all name one run of 50,000 PackBits no-ops.
  const rows = 2000;
  const run = 50_000;
  const entries = 9;
  const head = 8 + 2 + entries * 12 + 4;
  const bytes = new Uint8Array(head + rows * 8 + run).fill(
    128,
    head + rows * 8,
  );
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8]);
  view.setUint16(8, entries, true);
  const [LONG, offsets, counts] = [4, head, head + rows * 4];
  const table = [
    [256, 1, 8],
    [257, 1, rows],
    [258, 1, 8],
    [259, 1, 32773],
    [262, 1, 1],
    [273, rows, offsets],
    [277, 1, 1],
    [278, 1, 1],
    [279, rows, counts],
  ];
  table.forEach(([tag, count, value], i) => {
    const at = 10 + i * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, LONG, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, value, true);
  });
  for (let i = 0; i < rows; i++) {
    view.setUint32(offsets + 4 * i, head + rows * 8, true);
    view.setUint32(counts + 4 * i, run, true);
  }
  const steps = await stepsOf(() =>
    assert.rejects(decodeImage(bytes, limits), /more bytes than the file/)
  );
  assert.ok(steps < 100 * rows, `${steps} steps`);
});
