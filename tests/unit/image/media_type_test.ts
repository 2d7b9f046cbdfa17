import assert from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import {
  checkMediaType,
  sniffMediaType,
} from "../../../lib/image/media_type.ts";
import { fixtures } from "../../support/fixtures.ts";

const is = (code: string, text = /./) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  text.test(error.message);

const bytesOf = (text: string) =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const TYPES: Record<string, string> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  tiff: "image/tiff",
  avif: "image/avif",
  heic: "image/heic",
  jxl: "image/jxl",
  dcm: "application/dicom",
  nii: "application/x-nifti",
  gz: "application/x-nifti",
};

Deno.test("sniffMediaType knows every fixture by its bytes", () => {
  for (const { name, bytes } of fixtures) {
    assert.equal(sniffMediaType(bytes), TYPES[name.split(".").pop()!], name);
  }
});

Deno.test("checkMediaType ignores declarations that say nothing", () => {
  const jpeg = bytesOf("\xff\xd8\xff\xe0");
  for (
    const declared of [
      undefined,
      "",
      "application/octet-stream",
      "image/*",
      "image/jpeg",
      "image/jpg",
      "IMAGE/JPEG; charset=binary",
      "image/pjpeg",
    ]
  ) {
    assert.equal(checkMediaType(jpeg, declared), "image/jpeg");
  }
});

Deno.test("checkMediaType refuses a declaration that the bytes contradict", () => {
  const jpeg = bytesOf("\xff\xd8\xff\xe0");
  for (
    const declared of [
      "image/png",
      "image/heic",
      "application/dicom",
      "text/plain",
    ]
  ) {
    assert.throws(
      () => checkMediaType(jpeg, declared),
      is("media-type-mismatch", /declared as .+ its bytes are image\/jpeg/),
    );
  }
});

Deno.test("checkMediaType says what it cannot read", () => {
  assert.throws(() => checkMediaType(new Uint8Array(0)), is("empty"));
  const refused = (text: string) => {
    let found: EdgeError | undefined;
    try {
      checkMediaType(bytesOf(text));
    } catch (error) {
      found = error as EdgeError;
    }
    return `${found?.code}: ${found?.message}`;
  };
  assert.match(refused("GIF89a......"), /^unsupported-type.+a GIF/);
  assert.match(refused("hello, world"), /^unsupported-type.+none of these/);
  assert.match(refused("\x89PN"), /^truncated/);
  assert.match(refused("RIFF\0\0\0\0WE"), /^truncated/);
});

Deno.test("HEIC, AVIF and JPEG XL are known by their brands and signatures", () => {
  const kinds = [
    ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heic"],
    ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"],
    ["\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif", "image/avif"],
    ["\0\0\0\x18ftypavis\0\0\0\0avifmif1", "image/avif"],
    ["\0\0\0\x14ftypmsf1\0\0\0\0hevc", "image/heic"],
    ["\xff\x0a", "image/jxl"],
    ["\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"],
  ];
  for (const [text, type] of kinds) {
    assert.equal(checkMediaType(bytesOf(text)), type);
    assert.equal(checkMediaType(bytesOf(text), type), type);
  }
  const [[heic]] = kinds;
  assert.equal(checkMediaType(bytesOf(heic), "image/heif"), "image/heic");
  assert.equal(
    sniffMediaType(bytesOf("\0\0\0\x14ftypisom\0\0\0\0mp42")),
    undefined,
  );
});

Deno.test("DICOM is known with and without its preamble, NIfTI plain and gzipped", () => {
  const kinds = [
    ["\0".repeat(128) + "DICM", "application/dicom"],
    ["\x02\0\0\0UL\x04\0", "application/dicom"],
    ["\0".repeat(344) + "n+1\0", "application/x-nifti"],
    ["\x1f\x8b\x08", "application/x-nifti"],
  ];
  for (const [text, type] of kinds) {
    assert.equal(checkMediaType(bytesOf(text)), type);
    assert.equal(checkMediaType(bytesOf(text), type), type);
  }
  const zipped = bytesOf("\x1f\x8b\x08");
  assert.equal(
    checkMediaType(zipped, "application/gzip"),
    "application/x-nifti",
  );
});
