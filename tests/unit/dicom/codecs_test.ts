import { equal, rejects } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
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
