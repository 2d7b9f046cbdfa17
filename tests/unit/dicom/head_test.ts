import { equal } from "node:assert/strict";
import fc from "fast-check";
import { codingAt, findHead } from "../../../lib/dicom/data_set/head.ts";
import { isDicom } from "../../../lib/dicom/data_set/file.ts";
import { fixtures } from "../../support/fixtures.ts";

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const view = (bytes: number[]) => new DataView(Uint8Array.from(bytes).buffer);
const LITTLE = { littleEndian: true, explicit: true };

Deno.test("DICOM files are recognised without preamble, and no other format is taken for one", () => {
  for (const { name, bytes } of fixtures) {
    if (bytes.length > 0) equal(isDicom(bytes), /\.dcm$/.test(name), name);
  }
});

Deno.test("random bytes are no DICOM", () => {
  const start = fc.constantFrom([8, 0], [2, 0], [0, 8], [0, 2], []);
  fc.assert(
    fc.property(
      start,
      fc.uint8Array({ minLength: 60, maxLength: 400 }),
      (group, rest) => !isDicom(Uint8Array.of(...group, ...rest)),
    ),
    { numRuns: 20_000, seed: 19 },
  );
});

Deno.test("text, zeros and repeated words are no DICOM, whatever group they spell", () => {
  for (const word of ["\b\0\x05\0", "\b\0\b\0", "\x02\0", "\0\b", "\0", "a"]) {
    const bytes = Uint8Array.from(ascii(word.repeat(200)));
    equal(isDicom(bytes), false, JSON.stringify(word));
  }
});

Deno.test("the coding is told by elements, also where only one is there", () => {
  const explicit = [8, 0, 5, 0, ...ascii("CS"), 0, 0];
  const big = [0, 8, 0, 5, ...ascii("CS"), 0, 0];
  const implicit = [8, 0, 5, 0, 2, 0, 0, 0, 1, 1];
  const coding = (bytes: number[]) => codingAt(view(bytes), 0, bytes.length);
  equal(coding(explicit), coding(explicit));
  equal(coding(explicit)?.explicit, true);
  equal(coding(big)?.littleEndian, false);
  equal(coding(implicit)?.explicit, false);
  equal(coding([...implicit, 9]), undefined);
  equal(coding([]), undefined);
});

Deno.test("an odd head is read in the one way in which an element follows", () => {
  const next = [0x28, 0, 2, 0, ...ascii("US"), 2, 0, 1, 0];
  const tag = [0x19, 0, 1, 0x10];
  const value = ascii("abcd");
  for (
    const [head, start] of [
      [[...tag, ...ascii("  "), 4, 0], 8],
      [[...tag, 4, 0, 0, 0], 8],
      [[...tag, ...ascii("??"), 0, 0, 4, 0, 0, 0], 12],
      // A representation with a length of another size.
      [[...tag, ...ascii("UN"), 4, 0], 8],
      [[...tag, ...ascii("LO"), 0, 0, 4, 0, 0, 0], 12],
    ] as const
  ) {
    const bytes = [...head, ...value, ...next];
    const found = findHead(view(bytes), 0, bytes.length, LITTLE);
    if (head[4] === 0x4c) {
      // An empty value is as good a reading, and the stated one.
      equal(found?.length, 0);
    } else {
      equal(found?.start, start, `${head}`);
      equal(found?.length, 4, `${head}`);
    }
  }
});

Deno.test("where no element follows, the stated reading stays", () => {
  const bytes = [0x19, 0, 1, 0x10, ...ascii("  "), 4, 0, ...ascii("abcdefgh")];
  equal(findHead(view(bytes), 0, bytes.length, LITTLE), undefined);
});
