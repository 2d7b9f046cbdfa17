import type { Raster } from "../core/raster.ts";

/** The cell of one character, pixels. */
export const CHARACTER = { width: 7, height: 13 };

/**
 * The printable characters of ASCII in X11's font 7x13, which is in the public domain: a byte for each row, whose
 * lowest bit is the rightmost column.
 */
const GLYPHS = Uint8Array.fromBase64([
  "AAAAAAAAAAAAAAAAAAAACAgICAgICAAIAAAAABQUFAAAAAAAAAAAAAAAFBQ+FD4UFAAAAAAA",
  "AAgeKBwKPAgAAAAAACJSJAgIECRKRAAAAAAAADBISDBKRDoAAAAACAgIAAAAAAAAAAAAAAQI",
  "CBAQEAgIBAAAAAAQCAgEBAQICBAAAAAAAAAkGH4YJAAAAAAAAAAACAg+CAgAAAAAAAAAAAAA",
  "AAAAHBggAAAAAAAAAD4AAAAAAAAAAAAAAAAAAAAIHAgAAAACAgQECBAQICAAAAAAGCRCQkJC",
  "QiQYAAAAAAgYKAgICAgIPgAAAAA8QkICBBggQH4AAAAAfgIECBwCAkI8AAAAAAQMFCRERH4E",
  "BAAAAAB+QEBcYgICQjwAAAAAHCBAQFxiQkI8AAAAAH4CBAgIEBAgIAAAAAA8QkJCPEJCQjwA",
  "AAAAPEJCRjoCAgQ4AAAAAAAACBwIAAAIHAgAAAAAAAgcCAAAHBggAAAAAgQIECAQCAQCAAAA",
  "AAAAAH4AAH4AAAAAAAAgEAgEAgQIECAAAAAAPEJCAgQICAAIAAAAADxCQk5SVkpAPAAAAAAY",
  "JEJCQn5CQkIAAAAAfCIiIjwiIiJ8AAAAADxCQEBAQEBCPAAAAAB8IiIiIiIiInwAAAAAfkBA",
  "QHhAQEB+AAAAAH5AQEB4QEBAQAAAAAA8QkBAQE5CRjoAAAAAQkJCQn5CQkJCAAAAAD4ICAgI",
  "CAgIPgAAAAAOBAQEBAQERDgAAAAAQkRIUGBQSERCAAAAAEBAQEBAQEBAfgAAAABCZmZaWkJC",
  "QkIAAAAAQkJiUkpGQkJCAAAAADxCQkJCQkJCPAAAAAB8QkJCfEBAQEAAAAAAPEJCQkJCUko8",
  "AgAAAHxCQkJ8UEhEQgAAAAA8QkBAPAICQjwAAAAAPggICAgICAgIAAAAAEJCQkJCQkJCPAAA",
  "AABCQkIkJCQYGBgAAAAAQkJCQlpaZmZCAAAAAEJCJCQYJCRCQgAAAAAiIhQUCAgICAgAAAAA",
  "fgIECBgQIEB+AAAAPCAgICAgICAgIDwAAAAgIBAQCAQEAgIAAAA8BAQEBAQEBAQEPAAAAAgU",
  "IgAAAAAAAAAAAAAAAAAAAAAAAAB+AAAQCAAAAAAAAAAAAAAAAAAAADwCPkJGOgAAAABAQEBc",
  "YkJCYlwAAAAAAAAAPEJAQEI8AAAAAAICAjpGQkJGOgAAAAAAAAA8Qn5AQjwAAAAAHCIgIHgg",
  "ICAgAAAAAAAAADpERDhAPEI8AABAQEBcYkJCQkIAAAAAAAgAGAgICAg+AAAAAAACAAYCAgIC",
  "IiIcAABAQEBESHBIREIAAAAAGAgICAgICAg+AAAAAAAAADQqKioqIgAAAAAAAABcYkJCQkIA",
  "AAAAAAAAPEJCQkI8AAAAAAAAAFxiQmJcQEBAAAAAAAA6RkJGOgICAgAAAAAAXCIgICAgAAAA",
  "AAAAADxCMAxCPAAAAAAAICB4ICAgIhwAAAAAAAAAQkJCQkY6AAAAAAAAACIiIhQUCAAAAAAA",
  "AAAiIioqKhQAAAAAAAAAQiQYGCRCAAAAAAAAAEJCQkY6AkI8AAAAAAB+BAgQIH4AAAAOEBAQ",
  "CDAIEBAQDgAAAAgICAgICAgICAAAADgEBAQIBggEBAQ4AAAAEiokAAAAAAAAAAA=",
].join(""));
const FIRST = 32;
const LAST = 126;

/**
 * Writes a line of text onto an RGB picture, cut off at its edges; a character that is not ASCII becomes "?".
 *
 * @param left of the first character's cell, in pixels, as `top` is.
 */
export function drawText(
  { width, height, data }: Raster,
  text: string,
  left: number,
  top: number,
  colour: readonly [number, number, number],
): void {
  [...text].forEach((character, at) => {
    const code = character.codePointAt(0)!;
    const known = code >= FIRST && code <= LAST ? code : "?".charCodeAt(0);
    const glyph = (known - FIRST) * CHARACTER.height;
    for (let row = 0; row < CHARACTER.height; row++) {
      for (let column = 0; column < CHARACTER.width; column++) {
        const bit = 1 << (CHARACTER.width - 1 - column);
        if ((GLYPHS[glyph + row] & bit) === 0) continue;
        const [x, y] = [left + at * CHARACTER.width + column, top + row];
        if (x < width && y < height) data.set(colour, 3 * (y * width + x));
      }
    }
  });
}
