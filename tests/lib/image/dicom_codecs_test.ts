import { equal, rejects } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { fixture, worst } from "./fixtures.ts";

const limits = { maxPixels: 1_000_000 };

for (const name of ["jpegls-8.dcm", "j2k-8.dcm"]) {
  Deno.test(`a codec that could not be loaded is loaded for the next frame of ${name}`, async () => {
    const { bytes, pixels } = fixture(name);
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
}
