import { withArena } from "./kernels.ts";
import { LANES, layPatches, movedDots } from "./moved_dots.ts";

/** A map is flat when more patches than this can be its largest. */
const FEW = 64;

/** One map of `cosineMaps`, of which only the values that are asked for are computed. */
export interface BoundedMap {
  /** For each patch, an upper bound on the map's value there. */
  upper: Float64Array;
  /** The map's value, bit for bit. */
  at(patch: number): number;
  /** Whether the bounds leave so many patches open that computing the whole map is faster. */
  isFlat: boolean;
}

/**
 * The maps of `cosineMaps` with upper bounds, to find where they are largest. The bounds come from float32 dot products
 * with the embedding less an origin. The origin is a patch in the prototypes' direction, so that the bounds are
 * tightest where the maps are largest.
 *
 * @param embedding channels × patches, row-major: the encoder's [1, C, g, g].
 * @param prototypes count × channels, row-major, rows of norm 1.
 * @param work receives a map for each prototype; the maps are valid until it returns.
 */
export function withBoundedMaps<T>(
  embedding: Float32Array,
  channels: number,
  prototypes: Float32Array,
  work: (maps: BoundedMap[]) => T,
): T {
  const patches = embedding.length / channels;
  const count = prototypes.length / channels;
  return withArena((arena) => {
    const single = arena.take(8 * channels);
    const unit = arena.take(8 * channels * LANES);
    const line = arena.take(8 * LANES);
    const laid = layPatches(arena, embedding, channels);
    const { data, stride } = laid;
    const copy = arena.floats(data, channels * stride);
    const centre = originOf(copy, stride, prototypes);
    // The origin is a row of weights too.
    const rows = new Float32Array(prototypes.length + channels);
    rows.set(prototypes);
    rows.set(centre, prototypes.length);
    const { dots, squares } = movedDots(arena, laid, centre, rows);

    /** The map of one prototype at a line of patches. */
    const block = (first: number, prototype: Float32Array) => {
      arena.doubles(single, channels).set(prototype);
      arena.kernels.cosineMaps(
        data + 4 * first,
        channels,
        LANES,
        stride,
        single,
        1,
        unit,
        line,
      );
      return arena.doubles(line, LANES).slice();
    };
    const square = dot(centre, centre);
    const { inverse, slack } = norms(dots(count), squares(), square, channels);
    return work(Array.from({ length: count }, (_, i) => {
      const weight = prototypes.subarray(i * channels, (i + 1) * channels);
      const base = dot(weight, centre);
      const map = dots(i);
      const upper = new Float64Array(patches);
      let largest = -Infinity;
      for (let p = 0; p < patches; p++) {
        const value = (base + map[p]) * inverse[p];
        upper[p] = value + slack[p];
        if (value - slack[p] > largest) largest = value - slack[p];
      }
      let open = 0;
      for (let p = 0; p < patches; p++) if (upper[p] >= largest) open++;
      const lines = new Map<number, Float64Array>();
      return {
        upper,
        isFlat: open > FEW,
        at(patch) {
          const first = patch - patch % LANES;
          let values = lines.get(first);
          if (values === undefined) {
            values = block(first, weight);
            lines.set(first, values);
          }
          return values[patch - first];
        },
      };
    }));
  });
}

/**
 * For each patch x, with μ the origin and δ = x − μ: 1/|x|, and the largest rounding error of (w·μ + w·δ) / |x|. The
 * error of a dot product of C float32 values is at most (C + 1) 2⁻²⁴ of the norms' product, and |x|² is
 * |μ|² + 2 μ·δ + |δ|².
 *
 * @param along μ·δ of every patch.
 * @param squares |δ|² of every patch.
 */
function norms(
  along: Float32Array,
  squares: Float32Array,
  square: number,
  channels: number,
) {
  const inverse = new Float64Array(along.length);
  const slack = new Float64Array(along.length);
  const share = (channels + 16) * 2 ** -24;
  const length = Math.sqrt(square);
  for (let p = 0; p < along.length; p++) {
    const norm = square + 2 * along[p] + squares[p];
    const moved = Math.sqrt(squares[p]);
    const doubt = share * (2 * length * moved + squares[p]) + 1e-12 * square;
    if (!(doubt < norm / 4)) {
      // The patch is too short for a useful bound: no cosine is above 1.
      slack[p] = 1 + 1e-12;
      continue;
    }
    inverse[p] = 1 / Math.sqrt(norm);
    slack[p] = 1.5 * share * moved * inverse[p] + 1.5 * doubt / norm + 1e-12;
  }
  return { inverse, slack };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c] * b[c];
  return sum;
}

/** The direction of the prototypes' mean, with the root mean square length of a sample of patches. */
function originOf(
  data: Float32Array,
  stride: number,
  prototypes: Float32Array,
): Float32Array {
  const channels = data.length / stride;
  const direction = new Float32Array(channels);
  prototypes.forEach((value, i) => direction[i % channels] += value);
  let squares = 0;
  let patches = 0;
  for (let p = 0; p < stride - LANES; p += 61) {
    for (let c = 0; c < channels; c++) squares += data[c * stride + p] ** 2;
    patches++;
  }
  const length = Math.hypot(...direction);
  if (length === 0) return direction;
  const scale = Math.sqrt(squares / patches) / length;
  return direction.map((value) => value * scale);
}
