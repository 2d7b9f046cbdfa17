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
  gif: "image/gif",
  bmp: "image/bmp",
  jp2: "image/jp2",
  j2k: "image/jp2",
  avif: "image/avif",
  heic: "image/heic",
  jxl: "image/jxl",
  dcm: "application/dicom",
  nii: "application/x-nifti",
  gz: "application/x-nifti",
  hdr: "application/x-nifti",
  nrrd: "application/x-nrrd",
  nhdr: "application/x-nrrd",
  mha: "application/x-metaimage",
  mhd: "application/x-metaimage",
};

Deno.test("sniffMediaType knows every fixture by its bytes", () => {
  for (const { name, bytes } of fixtures) {
    assert.equal(sniffMediaType(bytes), TYPES[name.split(".").pop()!], name);
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
  for (
    const [text, wanted] of [
      ["PK\x03\x04......", /a zip archive; send one image/],
      ["\0".repeat(257) + "ustar", /a tar archive; unpack it/],
      ["%PDF-1.7", /a PDF document; export its picture/],
      ["8BPS\0\x01", /a Photoshop file/],
      ["\0\0\0\x18ftypmp42....", /an MP4 video; send its frames/],
      ["\0\0\0\x14ftypqt  ....", /a QuickTime video/],
      ["RIFF\0\0\0\0AVI ....", /an AVI video/],
      ["II*\0\x10\0\0\0CR\x02\0", /a camera's raw file; develop it/],
      ["MATLAB 5.0 MAT-file, Platform", /a MATLAB file; convert it to NIfTI/],
      ["\x89HDF\r\n\x1a\n", /an HDF5 file/],
      ["\x5c\x01\0\0" + "\0".repeat(344), /an Analyze 7.5 header/],
      ["@\0\0\0\0\0\0\0{}", /safetensors.+application\/x-safetensors/],
      ["<svg xmlns='…'>", /an SVG drawing/],
      ["<?xml version='1.0'?>\n<svg>", /an SVG drawing/],
      ["<!DOCTYPE html><p>", /an HTML page/],
      ['{"error": 1}', /JSON; send an image/],
      ["hello, world", /got text; send an image/],
      ["\x05\x06\x07\x08", /bytes that are none of these/],
    ] as const
  ) {
    assert.match(refused(text), /^unsupported-type: .+ wanted PNG, JPEG, /);
    assert.match(refused(text), wanted);
  }
  for (
    const text of [
      "\x89PN",
      "RIFF\0\0\0\0WE",
      "\0".repeat(99),
      "\x5c\x01\0\0\0\0",
    ]
  ) assert.match(refused(text), /^truncated/);
});

Deno.test("a raw file that poses as a TIFF is known by its tags", () => {
  const raw = (...entries: [tag: number, value: number][]) => {
    const bytes = new Uint8Array(10 + 12 * entries.length + 4);
    const view = new DataView(bytes.buffer);
    bytes.set(bytesOf("MM\0*\0\0\0\x08"));
    view.setUint16(8, entries.length);
    entries.forEach(([tag, value], i) => {
      view.setUint16(10 + 12 * i, tag);
      view.setUint32(18 + 12 * i, value);
    });
    return bytes;
  };
  for (const bytes of [raw([50706, 0]), raw([254, 1], [271, 0], [330, 0])]) {
    assert.throws(
      () => checkMediaType(bytes),
      is("unsupported-type", /a camera's raw file/),
    );
  }
  assert.equal(checkMediaType(raw([254, 0], [271, 0], [330, 0])), "image/tiff");
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
  }
  assert.equal(
    sniffMediaType(bytesOf("\0\0\0\x14ftypisom\0\0\0\0mp42")),
    undefined,
  );
});

Deno.test("DICOM is known with and without its preamble, NIfTI plain and gzipped", () => {
  const kinds = [
    ["\0".repeat(128) + "DICM", "application/dicom"],
    ["\x02\0\0\0UL\x04\0", "application/dicom"],
    ["\x5c\x01\0\0" + "\0".repeat(340) + "n+1\0", "application/x-nifti"],
    ["\x1f\x8b\x08", "application/x-nifti"],
  ];
  for (const [text, type] of kinds) {
    assert.equal(checkMediaType(bytesOf(text)), type);
  }
});
