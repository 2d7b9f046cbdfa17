import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import {
  onlyPart,
  relatedBoundary,
} from "../../../lib/archive/related_part.ts";
import { concat } from "../../../lib/core/bytes.ts";

const text = (content: string) => new TextEncoder().encode(content);

/** A body in chunks of these lengths, again and again. */
async function* chunked(body: Uint8Array, lengths: number[]) {
  for (let at = 0, i = 0; at < body.length; i++) {
    const next = at + lengths[i % lengths.length]!;
    yield body.subarray(at, next);
    at = next;
  }
}

const read = async (body: Uint8Array, lengths = [65_536], boundary = "B") =>
  concat(await Array.fromAsync(onlyPart(chunked(body, lengths), boundary)));

const HEAD = "--B\r\nContent-Type: application/dicom\r\n\r\n";
const END = "\r\n--B--";
const lengths = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
/** Bytes in which beginnings of the delimiter are frequent, but never a whole one (RFC 2046, section 5.1.1). */
const content = fc.array(
  fc.oneof(
    fc.constantFrom("\r", "\n", "\r\n", "\r\n-", "\r\n--", "--B", "\r\n\r\n"),
    fc.string(),
  ),
).map((parts) => parts.join(""))
  .filter((content) => !content.includes("\r\n--B"))
  .map(text);

Deno.test("the content of the part is given whole, however the body comes in chunks", async () => {
  const heads = [HEAD, `\r\n${HEAD}`, "--B\r\n\r\n", `preamble\r\n${HEAD}`];
  const ends = [END, `${END}\r\n`, `${END}  \r\nepilogue\r\n--B\r\n`];
  await fc.assert(
    fc.asyncProperty(
      content,
      lengths,
      fc.constantFrom(...heads),
      fc.constantFrom(...ends),
      async (bytes, lengths, head, end) => {
        const body = concat([text(head), bytes, text(end)]);
        deepEqual(await read(body, lengths), concat([bytes]));
      },
    ),
  );
});

Deno.test("a body that is cut anywhere is refused", async () => {
  const body = concat([text(HEAD), new Uint8Array(200), text(END)]);
  for (let length = 0; length < body.length; length++) {
    await rejects(read(body.slice(0, length), [7]), {
      code: "archive-failed",
      message: /is cut short/,
    });
  }
});

Deno.test("another number of parts, and endless headers, are refused", async () => {
  const refused: [string, RegExp][] = [
    ["--B--", /has no part/],
    [`${HEAD}a\r\n${HEAD}b${END}`, /has several parts/],
    [`${HEAD}a\r\n--BC--`, /has several parts/],
    [`--B\r\nx: ${"a".repeat(20_000)}\r\n\r\n${END}`, /has endless headers/],
    [`--C\r\n\r\na\r\n--C--`, /is cut short/],
  ];
  for (const [body, message] of refused) {
    for (const lengths of [[1], [65_536]]) {
      await rejects(read(text(body), lengths), { message });
    }
  }
});

Deno.test("a body is read no further than its fault, and then let go", async () => {
  let given = 0;
  let isClosed = false;
  async function* endless() {
    try {
      yield text("--B\r\n");
      for (;;) {
        given += 4096;
        yield new Uint8Array(4096);
      }
    } finally {
      isClosed = true;
    }
  }
  await rejects(Array.fromAsync(onlyPart(endless(), "B")), /endless headers/);
  equal(given <= 32_768, true);
  equal(isClosed, true);
});

Deno.test("the boundary is that of multipart/related alone", () => {
  const boundaries: [string, string | null][] = [
    ["multipart/related; boundary=B", "B"],
    ['Multipart/Related; type="application/dicom"; Boundary="a b"', "a b"],
    ['multipart/related;boundary="x";type=a', "x"],
    ["multipart/related", null],
    ["multipart/related; boundary=", null],
    [`multipart/related; boundary=${"b".repeat(71)}`, null],
    ['multipart/related; boundary="ends "', null],
    ["multipart/form-data; boundary=B", null],
    ["application/dicom; x=multipart/related; boundary=B", null],
  ];
  for (const [type, boundary] of boundaries) {
    equal(relatedBoundary(type), boundary, type);
  }
});
