import type { Words } from "./native.ts";

/** Turns YBR_FULL into RGB in place (PS3.3 §C.7.6.3.1.2), 8 bits, interleaved. */
export function fromYbrFull(data: Words): void {
  const clamp = (v: number) => Math.min(Math.max(Math.round(v), 0), 255);
  for (let i = 0; i < data.length; i += 3) {
    const y = data[i];
    const cb = data[i + 1] - 128;
    const cr = data[i + 2] - 128;
    data[i] = clamp(y + 1.402 * cr);
    data[i + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    data[i + 2] = clamp(y + 1.772 * cb);
  }
}
