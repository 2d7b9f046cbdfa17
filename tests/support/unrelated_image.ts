import { encodePng } from "../../lib/codecs/png/encode.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";

const SIDE = 384;

/** A PNG that shares nothing with the generated patient: noise without any structure. */
export const unrelatedImage = (() => {
  const random = mulberry32(3);
  const data = Uint8Array.from(
    { length: SIDE * SIDE },
    () => 80 + 60 * random(),
  );
  return encodePng({ width: SIDE, height: SIDE, channels: 1, data });
})();
