import { encodePng } from "../../lib/image/encode_png.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";

const SIDE = 384;
/** Blotches along one side. */
const BLOTCHES = 24;

/** A PNG of nothing that the generated patient has: blotches of all greys. */
export const strange = (() => {
  const random = mulberry32(3);
  const greys = Array.from({ length: BLOTCHES ** 2 }, () => random() * 255);
  const data = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor(i % SIDE * BLOTCHES / SIDE);
    const y = Math.floor(Math.floor(i / SIDE) * BLOTCHES / SIDE);
    data[i] = greys[y * BLOTCHES + x];
  }
  return encodePng({ width: SIDE, height: SIDE, channels: 1, data });
})();
