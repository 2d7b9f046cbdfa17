import { deepEqual, equal, ok } from "node:assert/strict";
import { concat } from "../../../lib/core/bytes.ts";
import { resultName, writeZip } from "../../../lib/series/write_zip.ts";
import { openZip } from "../../../lib/series/zip.ts";

const ALL = { maxBytes: 1e9, maxSeriesBytes: 1e9, maxImages: 1e4 };

Deno.test("an archive gives its files back, and equal files an equal archive", async () => {
  const files = ["a.png", "Größe.txt", "empty"].map((name, i) => ({
    name,
    bytes: new Uint8Array(70_000 * (2 - i)).fill(i + 1),
  }));
  const zip = concat(await Array.fromAsync(writeZip(files)));
  deepEqual(concat(await Array.fromAsync(writeZip(files))), zip);
  const read = (from: number, length: number) =>
    Promise.resolve(zip.slice(from, from + length));
  const entries = await openZip({ size: zip.length, read }, ALL);
  equal(entries.length, 3);
  for (const entry of entries) {
    const file = files.find(({ name }) => name === entry.name)!;
    deepEqual(await entry.read(), file.bytes);
  }
});

Deno.test("files are written one after another, as they are asked for", async () => {
  let asked = 0;
  async function* files() {
    while (asked < 10) {
      yield { name: `${asked++}`, bytes: new Uint8Array(1000) };
      await Promise.resolve();
    }
  }
  const zip = writeZip(files());
  await zip.next();
  equal(asked, 1);
  await zip.return(undefined);
});

Deno.test("no name leaves its archive", () => {
  const names = [
    "../../etc/passwd",
    "C:\\windows\\a.dcm",
    "/a/..",
    "a\u0000\u202e.png",
    "",
    ".",
    "con:1*?",
    "x".repeat(500),
    null,
  ].map((name) => resultName(3, 11, name, "_mask.png"));
  for (const name of names) {
    ok(/^03_[^/\\:*?"<>|\p{C}]{0,100}_mask\.png$/u.test(name), name);
  }
  equal(resultName(0, 1, "a.nii.gz", "_mask.nii.gz"), "0_a_mask.nii.gz");
});
