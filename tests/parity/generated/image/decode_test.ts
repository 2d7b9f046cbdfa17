import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Raster } from "../../../../lib/core/raster.ts";
import { workDone } from "../../../support/work_done.ts";
import { decodeImage } from "../../../../lib/image/decode.ts";
import { decodeMask } from "../../../../lib/image/decode_mask.ts";
import { EdgeError } from "../../../../lib/core/errors.ts";
import {
  type Fixture,
  fixture,
  fixtures,
  readFixture,
  worst,
} from "../../../support/fixtures.ts";

const limits = { maxPixels: 20_000_000 };

for (const f of fixtures.filter((f) => !f.refused)) {
  Deno.test(`decodeImage reads ${f.name} as its oracle`, async () => {
    const raster = await decodeImage(f.bytes, limits, 0);
    assert.deepEqual(
      [raster.width, raster.height, raster.channels],
      [f.width, f.height, f.channels],
    );
    const difference = worst(raster.data, f.pixels);
    assert.ok(
      difference <= f.tolerance,
      `${difference} levels off, at most ${f.tolerance} allowed`,
    );
  });
}

for (const f of fixtures.filter((f) => f.refused)) {
  Deno.test(`decodeImage refuses ${f.name} as ${f.refused}`, async () => {
    for (const decode of [decodeImage, decodeMask]) {
      await assert.rejects(
        decode(f.bytes, limits),
        (error) => error instanceof EdgeError && error.code === f.refused,
      );
    }
  });
}

for (const f of fixtures.filter(isMask)) {
  Deno.test(`decodeMask finds the structure in ${f.name}`, async () => {
    const mask = await decodeMask(f.bytes, limits, {
      image: { bytes: new Uint8Array(), frame: 0 },
    });
    assert.deepEqual([mask.width, mask.height], [f.width, f.height]);
    const wanted = f.mask!.map((v) => v * 255);
    // Lossy files move the edge by a pixel at most: count, do not compare.
    const wrong = mask.data.filter((v, i) => v !== wanted[i]).length;
    assert.ok(wrong <= (f.tolerance > 0 ? 6 : 0), `${wrong} pixels differ`);
    assert.ok(mask.data.every((v) => v === 0 || v === 255));
  });
}

/** Whether a fixture shows one structure: its picture has one colour besides black. */
function isMask({ name, mask, pixels, channels }: Fixture): boolean {
  if (!mask || /labels|window/.test(name)) return false;
  const seen = new Set<string>();
  for (let at = 0; at < pixels.length; at += channels) {
    seen.add(pixels.subarray(at, at + channels).join());
  }
  seen.delete(channels === 1 ? "0" : "0,0,0");
  return seen.size === 1 || /jpg|lossy/.test(name);
}

for (const name of ["12mp.jpg", "12mp-progressive.jpg"]) {
  Deno.test(`decodeImage reads ${name} rightly and in little memory`, async () => {
    const bytes = new Uint8Array(gunzipSync(readFixture(`${name}.gz`)));
    await decodeImage(fixture("rgb-420.jpg").bytes, limits); // compile first
    let raster!: Raster;
    const { allocated, grown } = await workDone(async () => {
      raster = await decodeImage(bytes, limits);
    });
    assert.deepEqual([raster.width, raster.height, raster.channels], [
      4000,
      3000,
      3,
    ]);
    assert.equal(raster.data.length, 36_000_000);
    assert.equal(raster.data.buffer.byteLength, 36_000_000);
    for (let i = 0; i < 12; i++) {
      const x = (i % 4) * 992 + 500;
      const y = Math.floor(i / 4) * 992 + 500;
      const colour = raster.data.subarray(
        (y * 4000 + x) * 3,
        (y * 4000 + x) * 3 + 3,
      );
      assert.ok(
        worst(colour, [20 * i, 250 - 20 * i, 100 + 10 * i]) <= 6,
        `block ${i}: ${colour}`,
      );
    }
    const taken = (allocated + grown) / 2 ** 20;
    assert.ok(taken < 220, `it took ${taken} MiB`);
  });
}

Deno.test("decodeImage works inside a worker", async () => {
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    type: "module",
  });
  try {
    for (
      const name of [
        "rgb-420.jpg",
        "lossy.webp",
        "rgb-8.png",
        "rgb-lzw.tiff",
        "ct.dcm",
        "j2k-16.dcm",
        "jpegls-12.dcm",
        "htj2k-rgb.dcm",
        "jxl-rgb.dcm",
        "rgb-8.jxl",
        "rgb.avif",
        "rgb.heic",
      ]
    ) {
      const f = fixture(name);
      const data = await new Promise<Uint8Array>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(f.bytes);
      });
      assert.ok(worst(data, f.pixels) <= f.tolerance, name);
    }
  } finally {
    worker.terminate();
  }
});

Deno.test("decodeImage can run many times at once", async () => {
  const names = ["rgb-420.jpg", "lossless.webp", "animated.webp", "rgb-8.png"];
  const jobs = Array.from({ length: 40 }, (_, i) => fixture(names[i % 4]));
  const results = await Promise.allSettled(
    jobs.map((f) => decodeImage(f.bytes, limits)),
  );
  results.forEach((result, i) => {
    if (jobs[i].refused) assert.equal(result.status, "rejected");
    else {
      assert.ok(result.status === "fulfilled");
      assert.ok(worst(result.value.data, jobs[i].pixels) <= jobs[i].tolerance);
    }
  });
});
