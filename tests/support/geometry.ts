import type { ModelGeometry } from "../../lib/pipeline/types.ts";

/** The geometry of a small model of 64 pixels, four channels and 8 × 8 patches, but for what is given. */
export function geometryWith(given: Partial<ModelGeometry>): ModelGeometry {
  return {
    digest: "",
    size: 64,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    channels: 4,
    grid: 8,
    lowResMask: 16,
    tensors: {},
    guided: false,
    matched: false,
    calibration: null,
    ...given,
  };
}
