import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import { enrol, files, segment, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const { mask } = visits.first;
/** The lesion as label 2, and a square beside it as label 1. */
const map = encodePng({
  ...mask,
  channels: 1,
  data: mask.data.map((value, i) =>
    value > 0 ? 2 : i % mask.width < 60 && i < 60 * mask.width ? 1 : 0
  ),
});
const fields = {
  image: files.image,
  mask: map,
  labels: '{"1":"liver","2":"lesion"}',
};

Deno.test("the labels of a label map are enrolled by one call, and segmented by one", async (t) => {
  await using service = await openService();
  let encoded = 0;
  const served = service.services.models.default;
  const embedder = {
    ...served.embedder,
    embed: (...args: Parameters<typeof served.embedder.embed>) => {
      encoded++;
      return served.embedder.embed(...args);
    },
  };
  const models = createCatalogue([{ ...served, embedder }]);
  const app = createApp({ ...service.services, models });

  const answer = await enrol(app, "p", "visit-1", fields);
  const { patient, labels } = await answer.json();
  equal(answer.status, 207);
  equal(patient, "p");
  deepEqual(
    labels.map((
      { label, segment, reference, enrolled }: Record<string, unknown>,
    ) => [
      label,
      segment,
      reference,
      (enrolled as { mask: { value: number } }).mask.value,
    ]),
    [["liver", "1", "visit-1.1", 1], ["lesion", "2", "visit-1.2", 2]],
  );
  equal(encoded, 1);

  await t.step("each answer is that of its label alone", async () => {
    const all = await segment(app, "p", files.next, "?label=*");
    equal(all.status, 207);
    equal(encoded, 2);
    const { labels } = await all.json();
    deepEqual(labels.map(({ label }: { label: string }) => label), [
      "lesion",
      "liver",
    ]);
    const ids = new Set();
    for (const { label, segmentation } of labels) {
      const one = await segment(app, "p", files.next, `?label=${label}`);
      const { mask, receipt } = await one.json();
      deepEqual(segmentation.mask, mask);
      deepEqual(segmentation.receipt.profile, receipt.profile);
      equal(segmentation.receipt.profile.label, label);
      ids.add(JSON.stringify(segmentation.receipt));
    }
    equal(ids.size, 2);
  });

  await t.step("one that fails is stated beside the others", async () => {
    const labels = '{"1":"liver","7":"stone"}';
    const answer = await enrol(app, "p", "visit-2", { ...fields, labels });
    equal(answer.status, 207);
    const [liver, stone] = (await answer.json()).labels;
    ok(liver.enrolled);
    equal(stone.enrolled, undefined);
    equal(stone.problem.status, 422);
    match(stone.problem.detail, /7/);
    const kept = await (await app.request("/v1/patients/p")).json();
    deepEqual(
      kept.labels.map(({ label, references }: Record<string, unknown>) => [
        label,
        references,
      ]),
      [["liver", 2], ["lesion", 1]],
    );
  });

  await t.step(
    "a label without references is left out, and none is 404",
    async () => {
      const erase = (name: string) =>
        app.request(`/v1/patients/p/references/${name}`, { method: "DELETE" });
      await erase("visit-1.2");
      const { labels } = await (await segment(app, "p", files.next, "?label=*"))
        .json();
      deepEqual(labels.map(({ label }: { label: string }) => label), ["liver"]);
      await erase("visit-1.1");
      await erase("visit-2.1");
      equal((await segment(app, "p", files.next, "?label=*")).status, 404);
      equal((await segment(app, "q", files.next, "?label=*")).status, 404);
    },
  );
});

Deno.test("labels that contradict the rest of a request are refused", async () => {
  await using service = await openService();
  const { app } = service;
  const refused = async (
    changed: Record<string, string | Uint8Array<ArrayBuffer>>,
    wanted: RegExp,
  ) => {
    const answer = await enrol(app, "p", "r", { ...fields, ...changed });
    const { detail } = await answer.json();
    equal(answer.status, 422, detail);
    match(detail, wanted);
  };
  await refused({ label: "liver" }, /in place of label and segment/);
  await refused({ segment: "1" }, /in place of label and segment/);
  await refused({ labels: "{}" }, /must name a structure/);
  await refused({ labels: '{"1":"a","2":"a"}' }, /a label of its own/);
  await refused({ labels: '{"1":"*"}' }, /must be letters/);
  await refused({ labels: '{"a b":"x","a.b":"y"}' }, /two references one name/);
  await refused(
    { mask: '{"size":[1,1],"counts":[1]}' },
    /names structures of a mask file/,
  );

  await enrol(app, "p", "r", fields);
  const png = await segment(app, "p", files.next, "?label=*", {
    accept: "image/png",
  });
  equal(png.status, 406);
  const old = await segment(app, "p", files.next, "?label=*&revision=1");
  equal(old.status, 422);
});
