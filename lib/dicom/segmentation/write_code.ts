import { TAG } from "../data_set/tags.ts";
import type { WriteElement } from "../data_set/write.ts";
import type { Code } from "./segment_description.ts";

/** A code sequence of one item (PS3.3 §8.8). */
export function coded(tag: number, code: Code): WriteElement {
  return [tag, "SQ", [[
    [TAG.codeValue, "SH", code.value],
    [TAG.codingScheme, "SH", code.scheme],
    [TAG.codeMeaning, "LO", toAscii(code.meaning)],
  ]]];
}

/**
 * Text as 1 to 64 plain characters, which every character set has, since the image's may be any. Backslashes are
 * replaced, because they would split the value in two.
 */
export function toAscii(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]|\\/g, "_").slice(0, 64).trim() || "Segment";
}
