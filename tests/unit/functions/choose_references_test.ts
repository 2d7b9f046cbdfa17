import { deepEqual, equal, throws } from "node:assert/strict";
import {
  chooseReferences,
  MAX_POOLED,
} from "../../../functions/patients/choose_references.ts";
import type { Enrolled } from "../../../lib/store/profiles/reference.ts";

const enrolled = Array.from({ length: 12 }, (_, i): Enrolled => ({
  reference: {
    patient: "p",
    reference: `r${String(i).padStart(2, "0")}`,
    label: "target",
    position: i / 11,
    model: "",
    image: { width: 1, height: 1 },
    patches: 1,
    // Enrolled in the opposite order of their names.
    createdAt: new Date(1e12 - i).toISOString(),
  },
  profile: new Uint8Array(),
}));
const names = (list: Enrolled[]) => list.map((one) => one.reference.reference);

Deno.test("the number of pooled references is bounded: the first and the newest, in order of name", () => {
  const chosen = chooseReferences(enrolled, "pooled");
  deepEqual(names(chosen.enrolled), [
    "r00",
    "r01",
    "r02",
    "r03",
    "r04",
    "r05",
    "r06",
    "r11",
  ]);
  equal(chosen.enrolled.length, MAX_POOLED);
  const few = enrolled.slice(0, 3);
  deepEqual(chooseReferences(few, "pooled").enrolled, few);
});

Deno.test("nearest, latest and position choose as they say", () => {
  equal(chooseReferences(enrolled, "nearest").enrolled.length, 12);
  equal(chooseReferences(enrolled, "nearest").combine, "nearest");
  deepEqual(names(chooseReferences(enrolled, "latest").enrolled), ["r00"]);
  deepEqual(
    names(chooseReferences(enrolled, "position", 0.5).enrolled),
    ["r05", "r06"],
  );
  throws(() => chooseReferences(enrolled, "position"), /give position/);
});
