import { mulberry32 } from "../../../../lib/numerics/random.ts";

/** Points, count × dim, as tests/parity/golden/emd.py makes them. */
export function goldenPoints(
  kind: string,
  stream: number,
  count: number,
  dim: number,
  offset: number,
): Float32Array {
  const random = mulberry32(stream);
  const centre = mulberry32(7);
  const centres = Float64Array.from({ length: 5 * dim }, centre);
  const points = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const cluster = Math.floor(5 * random());
    const r = Float64Array.from({ length: dim }, random);
    for (let d = 0; d < dim; d++) {
      let x = r[d];
      if (kind === "duplicates") x = Math.floor(3 * x);
      else if (kind === "line") x = Math.floor(50 * r[0]) * (d + 1);
      else if (kind === "clusters") {
        x = 4 * centres[cluster * dim + d] + 0.25 * x;
      } else if (kind === "far") x += offset;
      points[i * dim + d] = x;
    }
  }
  return points;
}
