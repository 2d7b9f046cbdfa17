import { deepEqual, equal, ok } from "node:assert/strict";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import {
  joinMaps,
  MATCH_MAPS,
  matchMaps,
} from "../../../lib/pipeline/match_maps.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";
import { Target } from "../../../lib/pipeline/target.ts";
import type { Decoder, Embedding } from "../../../lib/pipeline/types.ts";
import { geometryWith } from "../../support/geometry.ts";
import golden from "../golden/match_maps.json" with { type: "json" };

/** The target and the profiles of a golden case, whose numbers are one stream. */
function setUp({ seed, channels, grid, shown, references }: typeof golden[0]) {
  const random = mulberry32(seed);
  const take = (count: number) =>
    Float32Array.from(
      { length: count * channels },
      () => Math.fround(Math.fround(random()) - 0.5),
    );
  const rows = take(grid * grid);
  const data = rows.map((_, i) =>
    rows[(i % grid ** 2) * channels + Math.floor(i / grid ** 2)]
  );
  const profiles = references.map(([inside = 0, outside = 0]): Profile => ({
    model: "",
    channels,
    parts: [],
    negatives: [],
    patches: take(inside),
    background: take(outside),
    cells: Int32Array.from({ length: inside }, (_, i) => i),
    surroundings: null,
    calibrationRange: null,
  }));
  const size = grid * 8;
  const lowResMask = 2 * grid;
  const model = geometryWith({ size, channels, grid, lowResMask });
  const [width = 0, height = 0] = shown.map((cells) => cells * 8);
  const embedding: Embedding = {
    model: "",
    image: { width, height },
    tensors: { image_embeddings: { dims: [1, channels, grid, grid], data } },
  };
  const target = new Target(embedding, {} as Decoder, model);
  return { target, profiles };
}

for (const one of golden) {
  const { seed, channels, grid, references, maps: wanted, nearestUnrounded } =
    one;
  Deno.test(`match maps of ${references.length} references, ${channels} channels, ${grid}² patches equal NumPy's (${seed})`, () => {
    const { target, profiles } = setUp(one);
    const maps = matchMaps(target, profiles)!;
    for (const name of MATCH_MAPS) {
      maps[name].forEach((value, p) =>
        ok(
          Math.abs(value - wanted[name][p]) < 2e-5,
          `${name} of patch ${p} is ${value}, wanted ${wanted[name][p]}`,
        )
      );
    }
    maps.nearest.forEach((value, p) =>
      ok(Math.abs(value - nearestUnrounded[p]) < 0.006)
    );
    deepEqual(
      joinMaps(maps),
      Float32Array.from(MATCH_MAPS.flatMap((name) => [...maps[name]])),
    );
    deepEqual(matchMaps(target, profiles), maps);
  });
}

Deno.test("profiles without a background give no match maps, and without cells no place", () => {
  const { target, profiles: [first] } = setUp(golden[0]);
  const { background: _, ...older } = first;
  equal(matchMaps(target, [first, older]), null);
  const { cells: __, ...placeless } = first;
  ok(matchMaps(target, [placeless])!.place.every((value) => value === 0));
});

Deno.test("more patches than are compared are spread over all of them", () => {
  const { target, profiles: [first] } = setUp(golden[1]);
  const { channels } = first;
  // Each patch many times: an even sample has the same density.
  const many = (rows: Float32Array) => {
    const of = (i: number) =>
      Math.floor(i / channels / 2048) * channels + i % channels;
    return Float32Array.from(
      { length: 2048 * rows.length },
      (_, i) => rows[of(i)],
    );
  };
  const large = {
    ...first,
    patches: many(first.patches),
    background: many(first.background!),
  };
  const [few, all] = [first, large].map((one) => matchMaps(target, [one])!);
  few.evidence.forEach((value, p) =>
    ok(Math.abs(value - all.evidence[p]) < 1e-4)
  );
});
