import type { CalibrationRange } from "./calibration_range.ts";
import { calibrateNearness, type NearnessCalibration } from "./nearness.ts";
import { poolProfiles } from "./pool.ts";
import type { Profile } from "./profile.ts";
import { refineRange } from "./similarity.ts";

/**
 * The references that an image is compared with, and what follows from them alone. That is worked out when it is first
 * needed and kept, since the same references meet many images.
 */
export class ReferenceSet {
  #pools = new Map<string, Profile>();
  #nearness: NearnessCalibration | null | undefined;
  #ranges = new Map<number, CalibrationRange | null>();

  /** @param profiles at least one, all of one model. */
  constructor(readonly profiles: readonly Profile[]) {}

  /** All references as one profile, with prototypes for these part counts. */
  poolOf(parts: number[]): Profile {
    const key = parts.join();
    const pool = this.#pools.get(key) ?? poolProfiles(this.profiles, parts);
    this.#pools.set(key, pool);
    return pool;
  }

  /** How the references divide one another; null where that is not known. */
  get nearness(): NearnessCalibration | null {
    if (this.#nearness === undefined) {
      this.#nearness = calibrateNearness(this.profiles);
    }
    return this.#nearness;
  }

  /** The calibration range of one reference beside the others. */
  rangeOf(index: number): CalibrationRange | null {
    let range = this.#ranges.get(index);
    if (range === undefined) {
      const others = this.profiles.filter((_, other) => other !== index);
      range = refineRange(this.profiles[index]!, others);
      this.#ranges.set(index, range);
    }
    return range;
  }
}
