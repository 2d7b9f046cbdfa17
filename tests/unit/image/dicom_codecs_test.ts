import { equal, ok, rejects } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { ImageError } from "../../../lib/image/errors.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { fixture, worst } from "../../support/fixtures.ts";

const limits = { maxPixels: 1_000_000 };

Deno.test("a codec that could not be loaded is loaded for the next frame", async () => {
  const { bytes, pixels } = fixture("j2k-8.dcm");
  const decode = () => decodeImage(bytes, limits);
  const { readFile } = Deno;
  Deno.readFile = () => Promise.reject(new Error("too many open files"));
  try {
    await rejects(decode(), /too many open files/);
  } finally {
    Deno.readFile = readFile;
  }
  equal(worst((await decode()).data, pixels), 0);
});

Deno.test("JPEG-LS damaged in any byte of its scan ends, and soon", async () => {
  const { bytes } = fixture("jpegls-signed.dcm");
  const random = mulberry32(1);
  const scan = bytes.lastIndexOf(0xda) + 10;
  for (let round = 0; round < 2000; round++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 40; i++) {
      const at = scan + Math.floor(random() * (bytes.length - scan));
      damaged[at] = Math.floor(random() * 256);
    }
    await decodeImage(damaged, limits).catch((error) =>
      ok(error instanceof ImageError)
    );
  }
});
