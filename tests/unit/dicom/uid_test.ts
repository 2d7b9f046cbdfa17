import assert from "node:assert/strict";
import fc from "fast-check";
import { deriveUid } from "../../../lib/dicom/data_set/uid.ts";

Deno.test("a derived UID is valid and follows from its parts", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (parts) => {
      const uid = deriveUid(...parts);
      assert.match(uid, /^2\.25\.[1-9]\d{30,38}$/);
      assert.ok(uid.length <= 64);
      assert.equal(deriveUid(...parts), uid);
      assert.notEqual(deriveUid(...parts, ""), uid);
    }),
  );
  assert.notEqual(deriveUid("ab", "c"), deriveUid("a", "bc"));
});

Deno.test("a derived UID holds a UUID of version 8", () => {
  const hex = BigInt(deriveUid("x").slice(5)).toString(16).padStart(32, "0");
  assert.equal(hex[12], "8");
  assert.match(hex[16], /[89ab]/);
});
