/** Samples per pixel in the file, by colour type. */
export const STORED: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Sample `x` of a line packed at 1, 2, 4 or 8 bits, high bits first (§7.2). */
export function bits(
  raw: Uint8Array,
  at: number,
  x: number,
  depth: number,
): number {
  const bit = x * depth;
  return (raw[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}
