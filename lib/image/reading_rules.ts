import { createHash } from "node:crypto";
import { PERCENTILES } from "../codecs/grey_histogram.ts";

/**
 * The rules by which the pixels of a file become those that the model sees, as far as they are a choice of ours. A
 * change of any picture changes this list: its digest is part of every embedding's content address and of every
 * receipt. Rules 1 were those before the list: the whole range of values in place of percentiles.
 */
const RULES = [
  "2",
  `greys of more than 8 bits and floats, without a window: linear between percentiles ${
    PERCENTILES.join(" and ")
  }; single pixels far outside of that range: like their neighbours`,
  "greys of volumes, of any depth, without a window: the same over the whole file",
  "a stated window that shows a picture all black, all white or in one grey, or a volume in these two, is not used",
  "a look-up table is scaled by its own greatest output",
  "alpha is dropped; palettes become RGB, by their low bytes where the high ones are all 0",
  "TIFF: the first page that is no thumbnail; CMYK without a profile; signed 8-bit greys over their full range",
];

/** sha256 of the rules, lower-case hex. */
export const READING_RULES: string = createHash("sha256")
  .update(JSON.stringify(RULES)).digest("hex");
