/** The channel on which mortal workers receive the order to end, and how. */
export const MORTAL = "mortal workers";
export const ENDS = [
  "throws",
  "exits",
  "runs out of memory",
] as const;
export type End = typeof ENDS[number];
