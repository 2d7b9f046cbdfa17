import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { concat } from "../../../lib/core/bytes.ts";
import { readDicom } from "../../../lib/dicom/data_set/file.ts";
import { TAG } from "../../../lib/dicom/data_set/tags.ts";
import {
  writeDicom,
  type WriteElement,
} from "../../../lib/dicom/data_set/write.ts";
import { EdgeError } from "../../../lib/core/errors.ts";

const SOFTWARE = { uid: "2.25.1", name: "TEST" };
const SOP = { classUid: "1.2.840.10008.5.1.4.1.1.7", instanceUid: "2.25.2" };

const file = (elements: WriteElement[]) => writeDicom(SOP, SOFTWARE, elements);

/** File meta information alone, then raw bytes as the data set. */
const raw = (
  dataset: number[] | Uint8Array,
  syntax = "1.2.840.10008.1.2.1",
) => {
  const meta: number[] = [...new Uint8Array(128), ...ascii("DICM")];
  const uid = syntax.length % 2 === 0 ? syntax : `${syntax}\0`;
  meta.push(2, 0, 0x10, 0, ...ascii("UI"), uid.length, 0, ...ascii(uid));
  return concat([Uint8Array.from(meta), Uint8Array.from(dataset)]);
};
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));

const is = (code: string, message = /./) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  message.test(error.message);

Deno.test("what is written is read: text, numbers, sequences within sequences", () => {
  const { dataset, transferSyntax } = readDicom(file([
    [TAG.rows, "US", [13]],
    [TAG.patientName, "PN", "odd"],
    [TAG.imagePosition, "DS", "-1.5\\2e1\\.25"],
    [TAG.segments, "SQ", [
      [[TAG.segmentNumber, "US", [1]]],
      [[TAG.propertyType, "SQ", [[[TAG.codeValue, "SH", "T-1"]], []]]],
    ]],
  ]));
  assert.equal(transferSyntax, "1.2.840.10008.1.2.1");
  assert.equal(dataset.short(TAG.rows), 13);
  assert.equal(dataset.text(TAG.patientName), "odd");
  assert.deepEqual(dataset.decimals(TAG.imagePosition), [-1.5, 20, 0.25]);
  const [first, second] = dataset.items(TAG.segments);
  assert.equal(first.short(TAG.segmentNumber), 1);
  assert.equal(second.item(TAG.propertyType)?.text(TAG.codeValue), "T-1");
  assert.equal(second.items(TAG.propertyType).length, 2);
  assert.equal(dataset.has(TAG.columns), false);
  assert.equal(dataset.item(TAG.sharedGroups), undefined);
});

Deno.test("decimals are empty where one of them is no number", () => {
  const decimals = (text: string) =>
    readDicom(file([[TAG.slope, "DS", text]])).dataset.decimals(TAG.slope);
  assert.deepEqual(decimals(" 1.0 \\ -2 "), [1, -2]);
  assert.deepEqual(decimals("-1,5\\ 2,\\,25e1"), [-1.5, 2, 2.5]);
  const long = "1".repeat(65);
  for (
    const text of [
      "",
      "one",
      "1\\",
      "NaN",
      "Infinity",
      "0x10",
      "1e999",
      "1,2,3",
      "1.000,5",
      long,
    ]
  ) {
    assert.deepEqual(decimals(text), [], text);
  }
});

Deno.test("text loses its padding, inside nothing", () => {
  const text = (value: string) =>
    readDicom(file([[TAG.patientId, "LO", value]])).dataset.text(TAG.patientId);
  assert.equal(text("  a  b\0 c \0 "), "a  b\0 c");
  for (const value of ["", "  ", "\0\0"]) assert.equal(text(value), "");
});

Deno.test("a value is turned into numbers once, however many frames share it", () => {
  const { dataset } = readDicom(file([
    [TAG.slope, "DS", "1\\2.\\.5"],
    [TAG.intercept, "DS", "none"],
  ]));
  for (const tag of [TAG.slope, TAG.intercept]) {
    assert.equal(dataset.decimals(tag), dataset.decimals(tag));
  }
  assert.deepEqual(dataset.decimals(TAG.slope), [1, 2, 0.5]);
});

Deno.test("no pattern is matched with a long value, so that reading it is no work of its square", () => {
  const values = [
    " ".repeat(4095) + "x",
    "1".repeat(4095) + "x",
    "1\\".repeat(2047) + "x",
  ];
  const written = values.map((value): WriteElement[] => [
    [TAG.slope, "DS", value],
  ]);
  const { dataset } = readDicom(file([[TAG.segments, "SQ", written]]));
  const items = dataset.items(TAG.segments);
  const asked: string[] = [];
  const { exec } = RegExp.prototype;
  // What all uses of a pattern go through.
  RegExp.prototype.exec = function (text) {
    asked.push(text);
    return exec.call(this, text);
  };
  try {
    for (const item of items) assert.deepEqual(item.decimals(TAG.slope), []);
  } finally {
    RegExp.prototype.exec = exec;
  }
  assert.ok(asked.length > 0);
  for (const text of asked) assert.ok(text.length <= 64, `${text.length}`);
});

Deno.test("a short is the first of many, or none of a single byte", () => {
  const rows = (vr: string, bytes: number[]) =>
    readDicom(raw([0x28, 0, 0x10, 0, ...ascii(vr), bytes.length, 0, ...bytes]))
      .dataset.short(TAG.rows);
  assert.equal(rows("US", [1, 2, 3, 4]), 0x0201);
  assert.equal(rows("US", [1]), undefined);
  assert.equal(rows("US", []), undefined);
});

Deno.test("sequences of undefined length, and of unknown representation, are read", () => {
  const item = [0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff];
  const number = [0x62, 0, 4, 0, ...ascii("US"), 2, 0, 7, 0];
  const itemEnd = [0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0];
  const end = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
  const open = (vr: string) => [
    ...[0x62, 0, 2, 0, ...ascii(vr), 0, 0],
    ...[0xff, 0xff, 0xff, 0xff],
  ];
  const rows = [0x28, 0, 0x10, 0, ...ascii("US"), 2, 0, 9, 0];
  const known = raw([
    ...open("SQ"),
    ...item,
    ...number,
    ...itemEnd,
    ...end,
    ...rows,
  ]);
  // Inside UN the elements are implicit (PS3.5 §6.2.2).
  const bare = [0x62, 0, 4, 0, 2, 0, 0, 0, 7, 0];
  const unknown = raw([
    ...open("UN"),
    ...item,
    ...bare,
    ...itemEnd,
    ...end,
    ...rows,
  ]);
  for (const bytes of [known, unknown]) {
    const { dataset } = readDicom(bytes);
    assert.equal(dataset.item(TAG.segments)?.short(TAG.segmentNumber), 7);
    assert.equal(dataset.short(TAG.rows), 9);
  }
});

Deno.test("items of stated length are read when they are asked for, and not before", () => {
  const junk = [0xfe, 0xff, 0x00, 0xe0, 6, 0, 0, 0, 1, 2, 3, 4, 5, 6];
  const end = [0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0];
  const open = [0x62, 0, 2, 0, ...ascii("SQ"), 0, 0, 255, 255, 255, 255];
  const rows = [0x28, 0, 0x10, 0, ...ascii("US"), 2, 0, 9, 0];
  const { dataset } = readDicom(raw([...rows, ...open, ...junk, ...end]));
  assert.equal(dataset.short(TAG.rows), 9);
  const [item] = dataset.items(TAG.segments);
  for (let i = 0; i < 2; i++) {
    assert.throws(() => item.short(TAG.segmentNumber), is("truncated"));
  }
});

Deno.test("marks without number in a value cost one pass, and delimiters are counted", () => {
  // Every private value looks for its end mark, and finds it at once.
  const one = [9, 0, 1, 16, ...ascii("OB"), 0, 0, 255, 255, 255, 255];
  const bytes = [
    ...one,
    ...ascii("bytes!"),
    0xfe,
    0xff,
    0xdd,
    0xe0,
    0,
    0,
    0,
    0,
  ];
  const many = new Uint8Array(100_000 * bytes.length);
  for (let i = 0; i < many.length; i += bytes.length) many.set(bytes, i);
  assert.ok(readDicom(raw(many)));
  assert.throws(() => readDicom(raw(many.subarray(0, -8))), is("truncated"));
  const marks = new Uint8Array(600_000 * 8);
  for (let i = 0; i < marks.length; i += 8) {
    marks.set([0xfe, 0xff, 0x0d, 0xe0, 0, 0, 0, 0], i);
  }
  assert.throws(() => readDicom(raw(marks)), is("malformed", /more than/));
});

Deno.test("nesting without end is refused, not followed", () => {
  const open = [
    ...[0x62, 0, 2, 0, ...ascii("SQ"), 0, 0, 0xff, 0xff, 0xff, 0xff],
    ...[0xfe, 0xff, 0x00, 0xe0, 0xff, 0xff, 0xff, 0xff],
  ];
  const bytes = raw(Array.from({ length: 100_000 }, () => open).flat());
  assert.throws(() => readDicom(bytes), is("malformed", /nested/));
});

Deno.test("elements and items without number are refused before they fill the memory", () => {
  const element = [9, 0, 1, 0, ...ascii("US"), 0, 0];
  const many = new Uint8Array(600_000 * element.length);
  for (let i = 0; i < many.length; i += element.length) many.set(element, i);
  assert.throws(() => readDicom(raw(many)), is("malformed", /more than/));
  const items = new Uint8Array(12 + 600_000 * 8);
  items.set([0x62, 0, 2, 0, ...ascii("SQ"), 0, 0, 0xff, 0xff, 0xff, 0xff]);
  for (let i = 12; i < items.length; i += 8) {
    items.set([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0], i);
  }
  assert.throws(() => readDicom(raw(items)), is("malformed", /more than/));
});

Deno.test("lengths beyond the file, unknown representations and lost delimiters are refused", () => {
  const cases: [number[], string][] = [
    [[0x28, 0, 0x10, 0, ...ascii("US"), 2, 0], "truncated"],
    [[0x28, 0, 0x10, 0, ...ascii("OB"), 0, 0, 0, 0, 0, 0x80], "truncated"],
    [[0x28, 0, 0x10, 0, ...ascii("U?"), 9, 0, 1, 0], "malformed"],
    [[0x28, 0, 0x10, 0, ...ascii("US")], "truncated"],
    [
      [0x62, 0, 2, 0, ...ascii("SQ"), 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0],
      "ok",
    ],
    [[
      0xe0,
      0x7f,
      0x10,
      0,
      ...ascii("OB"),
      0,
      0,
      255,
      255,
      255,
      255,
      1,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ], "malformed"],
    [
      [0xe0, 0x7f, 0x10, 0, ...ascii("OB"), 0, 0, 255, 255, 255, 255],
      "truncated",
    ],
  ];
  for (const [dataset, code] of cases) {
    if (code === "ok") {
      // Found only when it is asked for.
      const { dataset: read } = readDicom(raw(dataset));
      assert.throws(() => read.items(TAG.segments), is("malformed"));
    } else assert.throws(() => readDicom(raw(dataset)), is(code));
  }
});

Deno.test("a file without transfer syntax, and a bomb of a deflated one, are refused", () => {
  const bare = concat([new Uint8Array(128), Uint8Array.from(ascii("DICM"))]);
  assert.throws(() => readDicom(bare), is("truncated"));
  const data = concat([bare, Uint8Array.from(ascii("no elements at all"))]);
  assert.throws(() => readDicom(data), is("malformed", /transfer syntax/));
  const deflated = "1.2.840.10008.1.2.1.99";
  const bomb = raw(deflateRawSync(new Uint8Array(50_000_000)), deflated);
  assert.throws(() => readDicom(bomb), is("too-large"));
  const cut = raw(
    deflateRawSync(new Uint8Array(5000)).subarray(0, 10),
    deflated,
  );
  assert.throws(() => readDicom(cut), is("truncated"));
});

Deno.test("any bytes behind the signature give a data set or an EdgeError", () => {
  const syntaxes = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
  ];
  // Words that steer the parser come up often.
  const word = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
    fc.constantFrom(
      [0x28, 0, 0x10, 0],
      [0xe0, 0x7f, 0x10, 0],
      [0x62, 0, 2, 0],
      [0xfe, 0xff, 0x00, 0xe0],
      [0xfe, 0xff, 0x0d, 0xe0],
      [0xfe, 0xff, 0xdd, 0xe0],
      [0xff, 0xff, 0xff, 0xff],
      [0, 0, 0, 0],
      [2, 0],
      ascii("US"),
      [...ascii("SQ"), 0, 0],
      [...ascii("UN"), 0, 0],
      [...ascii("OB"), 0, 0],
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...syntaxes),
      fc.array(word, { maxLength: 60 }),
      (syntax, words) => {
        try {
          const { dataset } = readDicom(raw(words.flat(), syntax));
          dataset.items(TAG.segments);
          dataset.fragments(TAG.pixelData);
        } catch (error) {
          assert.ok(error instanceof EdgeError, `threw ${error}`);
        }
      },
    ),
    { numRuns: 5000 },
  );
});
