import { concat } from "../../core/bytes.ts";
import type { Jpeg2000Header } from "./header.ts";

/**
 * A JP2 file around a codestream, whose channels are some of its components: the package's OpenJPEG gives pictures of
 * one or three channels alone. Channels that a component mapping box (T.800 §I.5.3.5) names are taken directly; the
 * palette that must stand beside it is not used.
 */
export function selectComponents(
  codestream: Uint8Array,
  { width, height, components, precision }: Jpeg2000Header,
  wanted: number[],
): Uint8Array {
  const depth = precision - 1;
  const size = new Uint8Array(8);
  const view = new DataView(size.buffer);
  view.setUint32(0, height);
  view.setUint32(4, width);
  const header = box(
    "jp2h",
    box("ihdr", size, [components >> 8, components & 255, depth, 7, 1, 0]),
    box("colr", [1, 0, 0, 0, 0, 0, wanted.length === 1 ? 17 : 16]),
    box(
      "pclr",
      [0, 1, wanted.length],
      wanted.map(() => 7),
      wanted.map(() => 0),
    ),
    box("cmap", wanted.flatMap((component) => [0, component, 0, 0])),
  );
  return concat([
    box("jP  ", [0x0d, 0x0a, 0x87, 0x0a]),
    box("ftyp", letters("jp2 "), [0, 0, 0, 0], letters("jp2 ")),
    header,
    box("jp2c", codestream),
  ]);
}

function box(type: string, ...parts: (Uint8Array | number[])[]): Uint8Array {
  const body = concat(parts.map((part) => Uint8Array.from(part)));
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, 8 + body.length);
  head.set(letters(type), 4);
  return concat([head, body]);
}

const letters = (text: string) =>
  Array.from(text, (letter) => letter.charCodeAt(0));
