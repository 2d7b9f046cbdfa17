import { deepEqual, equal, match, ok } from "node:assert/strict";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { enrol, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

Deno.test("explain reports every candidate, its mask after every pass, and why one won", async () => {
  await using service = await openService();
  const { app } = service;
  await enrol(app, "p", "visit-1");
  await enrol(app, "p", "visit-1-again");
  const ask = async (query: string) =>
    await (await segment(app, "p", undefined, query)).json();
  const plain = await ask("?references=nearest");
  const explained = await ask("?explain=True&references=nearest");

  for (const key of ["candidates", "why"]) ok(!(key in plain), key);
  ok(!("passes" in plain) && !("passes" in explained));
  for (const key of ["mask", "points", "parts", "distance", "reference"]) {
    deepEqual(explained[key], plain[key], key);
  }

  const { candidates, why } = explained;
  equal(candidates.length, 10);
  for (const { passes, points, distance } of candidates) {
    equal(passes.length, 3);
    ok(
      points.every(({ similarity }: { similarity: number }) =>
        similarity >= -1 && similarity <= 1
      ),
    );
    ok(distance === null || distance > 0);
    for (const { mask, predictedIou } of passes) {
      ok(Number.isFinite(predictedIou));
      const { data, width, height } = decodeRle(mask);
      deepEqual(mask.size, [height, width]);
      deepEqual(mask.size, plain.mask.size);
      equal(data.filter((value) => value !== 0).length, mask.area);
    }
  }
  const won = candidates.find((
    one: { parts: number; reference: string },
  ) => one.parts === explained.parts && one.reference === explained.reference);
  const last = won.passes[2];
  equal(last.mask.counts, explained.mask.counts);
  equal(last.predictedIou, explained.predictedIou);
  const distances = candidates.map((
    { distance }: { distance: number | null },
  ) => distance ?? Infinity);
  equal(Math.min(...distances), explained.distance);
  // Both references are the same image, so that the first of them wins a tie.
  match(
    why,
    /^n = \d of "visit-1" has the smallest distance, [\d.]+ \(n = \d of .* have the same, and the earliest counts\)/,
  );
  ok(why.includes(String(explained.distance.toFixed(1)).slice(0, 4)), why);

  const pooled = await ask("?explain=true");
  match(pooled.why, /The mask is what the 3 nearest have in common/);
  // Those of both, and of the two together.
  ok(pooled.candidates.length > 10);
});
