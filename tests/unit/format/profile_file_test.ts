import { deepEqual, equal, throws } from "node:assert/strict";
import { readProfile, writeProfile } from "../../../lib/format/profile_file.ts";
import {
  readSafetensors,
  writeSafetensors,
} from "../../../lib/format/safetensors.ts";
import type { Profile } from "../../../lib/pipeline/profile.ts";

const rows = (count: number) =>
  Float32Array.from({ length: count * 4 }, (_, i) => Math.f16round(i / 7 - 1));
const profile: Profile = {
  model: "ab",
  channels: 4,
  parts: [1, 2].map((count) => ({ count, prototypes: rows(count) })),
  negatives: [{ count: 1, prototypes: rows(1) }],
  patches: rows(9),
  surroundings: rows(3),
  calibrationRange: {
    absent: { structure: 0.6, surroundings: 0.1 + 0.2 },
    present: { structure: 0.9, surroundings: 0.95 },
    augmentations: 4,
    dice: 1 / 3,
  },
};

Deno.test("a profile is read as it was written, bit for bit", () => {
  deepEqual(readProfile(writeProfile(profile)), profile);
});

Deno.test("a profile enrolled before surroundings and calibration ranges is read", () => {
  const before = { ...profile, surroundings: null, calibrationRange: null };
  const file = writeProfile(before);
  const { metadata, tensors } = readSafetensors(file);
  deepEqual({ ...metadata }, { model: "ab" });
  equal(tensors.surroundings, undefined);
  deepEqual(readProfile(file), before);
});

/** A calibration range under the names that files have for it. */
const STORED = {
  absent: { structure: 0.1, surroundings: 0.2 },
  present: { structure: 0.8, surroundings: 0.9 },
  copies: 4,
  dice: 0.9,
};

Deno.test("a stored calibration range that is malformed is refused", () => {
  const { tensors } = readSafetensors(writeProfile(profile));
  for (
    const yardstick of [
      "",
      "null",
      "{",
      "[]",
      '{"absent":{},"present":{},"copies":1,"dice":1}',
      JSON.stringify({ ...STORED, dice: "1" }),
      JSON.stringify({ ...STORED, present: null }),
    ]
  ) {
    const file = writeSafetensors(
      { metadata: { model: "ab", yardstick }, tensors },
      () => "F32",
    );
    throws(() => readProfile(file), /lacks what a profile has/);
  }
});
