import { deepEqual, equal } from "node:assert/strict";
import { simulatedClick } from "../../../lib/evaluation/clicks.ts";

/** A mask drawn with `#`. */
const drawn = (...rows: string[]) => ({
  width: rows[0].length,
  height: rows.length,
  data: Uint8Array.from(rows.join(""), (c) => c === "#" ? 255 : 0),
});

Deno.test("the click is on the deepest pixel of the largest piece, positive where something is missing", () => {
  const truth = drawn("###..", "###..", "###..", "....#");
  const none = drawn(".....", ".....", ".....", ".....");
  deepEqual(simulatedClick(none, truth), { x: 1, y: 1, label: 1 });
});

Deno.test("the click is negative where something is too much", () => {
  const mask = drawn("#....", "..###", "..###", "..###");
  const truth = drawn("##...", ".....", ".....", ".....");
  deepEqual(simulatedClick(mask, truth), { x: 3, y: 2, label: 0 });
});

Deno.test("pixels that touch at a corner are two pieces, and the first is taken of equal ones", () => {
  deepEqual(
    simulatedClick(drawn("...", "..."), drawn("#..", ".#.")),
    { x: 0, y: 0, label: 1 },
  );
});

Deno.test("where the masks are equal there is no click", () => {
  const mask = drawn("#.", ".#");
  equal(simulatedClick(mask, mask), null);
});
