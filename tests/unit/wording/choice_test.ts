import { equal, ok } from "node:assert/strict";
import {
  explainChoice,
  explainDenseChoice,
} from "../../../lib/wording/choice.ts";

const one = (parts: number, distance: number, profile = 0, negatives = 1) => ({
  parts,
  negatives,
  profile,
  distance,
});
const why = (...candidates: ReturnType<typeof one>[]) => {
  const winner = candidates.reduce((best, next) =>
    next.distance < best.distance ? next : best
  );
  return explainChoice(winner, candidates, (profile) => `visit-${profile + 1}`);
};

Deno.test("a choice is told with the numbers that decided it", () => {
  equal(
    why(one(1, 15), one(2, 13.42), one(3, 12.1)),
    "n = 3 has the smallest distance, 12.1; the next, n = 2, 13.4.",
  );
  equal(
    why(one(1, 12.10004), one(2, 12.10001), one(3, Infinity)),
    "n = 2 has the smallest distance, 12.10001; the next, n = 1, 12.10004. One candidate found nothing.",
  );
  equal(
    why(one(1, 1234.5), one(2, 1234.5), one(3, 2000), one(4, Infinity)),
    "n = 1 has the smallest distance, 1235 (n = 2 has the same, and the earliest counts); the next, n = 3, 2000. One candidate found nothing.",
  );
  equal(
    why(one(1, 0.0123), one(1, 0.0234, 1)),
    'n = 1 of "visit-1" has the smallest distance, 0.01; the next, n = 1 of "visit-2", 0.02.',
  );
});

Deno.test("many equals are not all listed", () => {
  const equals = [1, 2, 3, 4, 5, 6].map((parts) => one(parts, 3));
  equal(
    why(...equals),
    "n = 1 has the smallest distance, 3.00 (n = 2, n = 3, n = 4, and 2 more have the same, and the earliest counts).",
  );
});

Deno.test("dense matching is told by the overlap that the decoder expects of the first masks", () => {
  const rated = (parts: number, predictedIou: number, area = 9) => ({
    parts,
    profile: 0,
    passes: [{ predictedIou, mask: { area } }],
  });
  const all = [rated(0, 0.81), rated(1, 0.7)];
  equal(
    explainDenseChoice(all[0], all, () => "visit-1"),
    "Every patch was matched with all patches of the references. Of the first masks, the decoder expects the largest " +
      "overlap with the structure of that of the match without points, IoU 0.810; the next, n = 1, 0.700.",
  );
  equal(
    explainDenseChoice(all[1], [all[1]], () => "visit-1"),
    "Every patch was matched with all patches of the references. Of the first masks, the decoder expects the largest " +
      "overlap with the structure of that of n = 1, IoU 0.700.",
  );
  ok(
    explainDenseChoice(all[1], [rated(0, 0.81, 0), all[1]], () => "visit-1")
      .endsWith("IoU 0.700; the next, the match without points, 0.000."),
  );
});

Deno.test("choices without a second", () => {
  equal(why(one(1, 5.5)), "n = 1 is the only candidate; its distance is 5.50.");
  equal(
    why(one(1, Infinity), one(2, 5.5), one(3, Infinity)),
    "n = 2 is the only candidate that found something; its distance is 5.50.",
  );
  equal(
    why(one(1, Infinity), one(2, Infinity)),
    "No candidate found a patch of the structure, so n = 1 stands for all with an empty mask.",
  );
  equal(
    why(one(1, 7, 0, 1), one(1, 8, 0, 0)),
    "n = 1, m = 1 has the smallest distance, 7.00; the next, n = 1, m = 0, 8.00.",
  );
});
