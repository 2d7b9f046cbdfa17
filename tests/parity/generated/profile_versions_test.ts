import { deepEqual, equal, ok } from "node:assert/strict";
import { composeModel } from "../../../deploy/compose_engine.ts";
import { readConfig } from "../../../deploy/config.ts";
import { readProfile, writeProfile } from "../../../lib/format/profile_file.ts";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import { drawPatient } from "../../../lib/sample/patient.ts";

/** Written before profiles stored the places of their patches and the background. */
const OLD = new URL("../golden/profile-1.safetensors", import.meta.url);

Deno.test("a profile of an older version is read, and written back byte for byte", async () => {
  const bytes = await Deno.readFile(OLD);
  const profile = readProfile(bytes);
  equal(profile.patches.length / profile.channels, 47);
  deepEqual(profile.parts.map(({ count }) => count), [1, 2, 3, 4, 5]);
  equal(profile.cells, undefined);
  equal(profile.background, undefined);
  deepEqual(writeProfile(profile), bytes);
});

Deno.test("an older profile and a new one segment together and alone", async () => {
  const { engine } = await composeModel(readConfig({}));
  const { first, second } = drawPatient();
  const annotated = await engine.embed({ bytes: encodePng(first.image) });
  const file = { bytes: encodePng(first.mask) };
  const made = await engine.enrol(annotated.bytes, { file });
  const fresh = readProfile(made.bytes);
  deepEqual(writeProfile(fresh), made.bytes);
  equal(fresh.cells!.length, made.patches);
  ok(fresh.background!.length > 0);
  const old = await Deno.readFile(OLD);
  const target = await engine.embed({ bytes: encodePng(second.image) });
  const alone = await engine.segment(target.bytes, [made.bytes], {});
  for (const profiles of [[old], [old, made.bytes], [made.bytes, made.bytes]]) {
    const { mask } = await engine.segment(target.bytes, profiles, {});
    ok(mask.area > alone.mask.area / 2 && mask.area < alone.mask.area * 2);
  }
});
