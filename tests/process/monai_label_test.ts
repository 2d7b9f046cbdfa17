import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Server } from "../support/server.ts";

const python = Deno.env.get("PROGRAMS_PYTHON");
const SAMPLES = new URL("../../functions/page/sample", import.meta.url);

Deno.test({
  name:
    "MONAI Label's own client goes the whole road: label, segment, correct, learn (needs PROGRAMS_PYTHON)",
  ignore: python === undefined,
}, async () => {
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: ":memory:",
  });
  const tmpdir = await Deno.makeTempDir();
  try {
    const { success, stdout, stderr } = await new Deno.Command(python!, {
      args: [
        new URL("monai_label.py", import.meta.url).pathname,
        `${server.url}/monailabel/p-17`,
        SAMPLES.pathname,
        tmpdir,
      ],
    }).output();
    ok(success, new TextDecoder().decode(stderr));
    const out = JSON.parse(new TextDecoder().decode(stdout));

    equal(out.auth, false);
    deepEqual(out.infoBefore.labels, ["target"]);
    deepEqual(out.infoBefore.models, {});
    deepEqual(Object.keys(out.datastore.objects), ["CT 1: first visit"]);
    equal(out.next.id, "CT 1: first visit");
    equal(out.next.name, "CT 1: first visit.nii.gz");
    ok(out.downloaded);
    deepEqual(
      out.saved.references.map(({ label }: { label: string }) => label),
      Array(2).fill("lesion"),
    );
    match(
      out.saved.references[0].reference,
      /^CT_1_first_visit-[0-9a-f]{8}~1~lesion$/,
    );
    deepEqual(out.nextAfter, {});
    deepEqual(out.info.labels, ["lesion"]);
    deepEqual(out.info.datastore, {
      total: 1,
      completed: 1,
      label_tags: { final: 1 },
    });
    equal(out.info.models.nano.type, "segmentation");
    deepEqual(out.info.models.nano.labels, { lesion: 1 });

    equal(out.session.expiry, 3600);
    ok(out.second.same, "the answer lies elsewhere");
    equal(out.second.type, "8-bit unsigned integer");
    match(out.second.name, /\.nrrd$/);
    deepEqual(out.second.params.label_names, { lesion: 1 });
    equal(out.second.params.slices, 4);
    ok(out.second.dice > 0.9, `second visit: Dice ${out.second.dice}`);
    equal(out.corrected.references.length, 2);
    ok(out.third.same);
    ok(out.third.dice > 0.9, `third visit: Dice ${out.third.dice}`);
    equal(out.third.params.references.length, 4);
    deepEqual(out.references, [4, 4]);

    equal(out.training, false);
    equal(out.train.status, "DONE");
    match(out.train.details[0], /nothing to train/);
    ok(out.removed);
    const [session, image, model, tag] = out.refusals;
    match(session, /Status: 404.*Not Found/);
    match(image, /Status: 404.*upload it again/);
    match(model, /Status: 422.*served: nano/);
    match(tag, /Status: 422.*final labels/);
    deepEqual(out.erased, [204, {}, {}]);
  } finally {
    await Deno.remove(tmpdir, { recursive: true });
  }
});
