import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Server } from "../support/server.ts";

const python = Deno.env.get("PROGRAMS_PYTHON");
const pathOf = (path: string) => new URL(path, import.meta.url).pathname;

Deno.test({
  name:
    "Label Studio's converter and CVAT's driver read what is answered, and what they write is enrolled (needs PROGRAMS_PYTHON)",
  ignore: python === undefined,
}, async () => {
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: ":memory:",
  });
  const { success, stdout, stderr } = await new Deno.Command(python!, {
    args: [
      pathOf("labelling_tools.py"),
      server.url,
      pathOf("../../functions/page/sample"),
      pathOf("../../deploy/integrations/cvat_function.py"),
    ],
  }).output();
  ok(success, new TextDecoder().decode(stderr));
  const { brush, polygons, cvat } = JSON.parse(
    new TextDecoder().decode(stdout),
  );

  for (const found of [brush, polygons]) {
    deepEqual(found.references, ["task-7~lesion"]);
    match(found.version, /^nano-/);
    equal(found.annotation, 1);
    ok(found.score > 0 && found.score <= 1);
    ok(found.truth > 0.9, `Dice ${found.truth}`);
  }
  equal(brush.own, 1);
  // Pillow, which draws the polygons there, also fills the pixels that an edge touches.
  ok(polygons.own > 0.97, `polygons: Dice ${polygons.own}`);

  const { first, skipped, frame, label, sure, refusal } = cvat;
  deepEqual({ first, skipped, frame, label }, {
    first: 0,
    skipped: [],
    frame: 1,
    label: 5,
  });
  ok(cvat.mask > 0.9, `CVAT's mask: Dice ${cvat.mask}`);
  ok(cvat.polygons > 0.9, `CVAT's polygons: Dice ${cvat.polygons}`);
  deepEqual(sure, []);
  deepEqual(cvat.names[0], "liver");
  match(cvat.names[1], /^Leber_links-[0-9a-f]{8}$/);
  equal(new Set(cvat.names).size, 5);
  for (const name of cvat.names) match(name, /^[A-Za-z0-9._-]{1,48}$/);
  deepEqual(cvat.busy, [null, 3]);
  match(cvat["always busy"], /^503: All are busy/);
  match(refusal, /^404: .*no reference labelled/);
});
