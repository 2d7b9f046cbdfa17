import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  embeddingOf,
  enrol,
  files,
  postJson,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";

Deno.test("correct, accept, look back and roll back", async (t) => {
  await using service = await openService();
  const { app } = service;
  equal((await enrol(app, "p", "visit-1")).status, 201);
  const first = await (await segment(app, "p")).json();
  deepEqual(first.profile, {
    revision: 1,
    choice: "pooled",
    references: ["visit-1"],
    why: "It is the only one.",
  });
  equal(first.receipt.profile.revision, 1);
  const embedding = await embeddingOf(app, files.next);
  const { size, counts, box } = first.mask;

  await t.step("a click on what the mask has leaves a mask", async () => {
    const [x0, y0, x1, y1] = box;
    const x = Math.round((x0 + x1) / 2);
    const y = Math.round((y0 + y1) / 2);
    const answer = await postJson(app, "/v1/masks", {
      embedding,
      points: [{ x, y, label: 1 }],
      mask: { size, counts },
    });
    equal(answer.status, 200);
    ok((await answer.json()).mask.area > 0);
  });

  const accepted = { by: "reader-7", at: "2026-11-25T09:44:35Z" };
  const accept = (patient: string, more: Record<string, string> = {}) =>
    enrol(app, patient, "visit-2", {
      image: files.image,
      mask: files.mask,
      accepted: JSON.stringify(accepted),
      ...more,
    });

  await t.step("an accepted result is a reference with a drift", async () => {
    const answer = await accept("p");
    equal(answer.status, 201);
    const made = await answer.json();
    equal(made.revision, 2);
    deepEqual(made.accepted, accepted);
    equal(made.drift.value, 0, "it is the first reference itself");
    equal(made.drift.warning, null);
    const read = await app.request("/v1/patients/p/references/visit-2");
    deepEqual((await read.json()).accepted, accepted);
    const patient = await (await app.request("/v1/patients/p")).json();
    deepEqual(patient.labels, [{
      label: "target",
      revision: 2,
      references: 2,
      drift: { value: 0, warning: null },
    }]);
  });

  await t.step(
    "a result unlike the first reference raises a warning",
    async () => {
      // A corner of the picture, outside the structure.
      const { mask } = visits.first;
      const isCorner = (i: number) =>
        i % mask.width < 60 && i / mask.width < 60;
      const corner = encodePng({
        ...mask,
        data: mask.data.map((_, i) => isCorner(i) ? 255 : 0),
      });
      const answer = await enrol(app, "p", "astray", {
        image: files.image,
        mask: corner,
        accepted: "{}",
      });
      equal(answer.status, 201);
      const { drift, accepted } = await answer.json();
      deepEqual(accepted, { by: null, at: null });
      ok(drift.value > 1.5, `${drift.value}`);
      match(drift.warning, /unlike the first reference/);
    },
  );

  await t.step("each choice states what it used", async () => {
    const by = async (query: string) => {
      const answer = await segment(app, "p", files.next, `?${query}`);
      equal(answer.status, 200, query);
      return (await answer.json()).profile;
    };
    const all = ["astray", "visit-1", "visit-2"];
    const pooled = await by("explain=true");
    deepEqual([pooled.choice, pooled.references], ["pooled", all]);
    deepEqual((await by("references=nearest")).references, all);
    deepEqual((await by("references=latest")).references, ["astray"]);
    deepEqual((await by("references=position&position=0.5")).references, all);
    const old = await by("revision=1");
    deepEqual([old.revision, old.references], [1, ["visit-1"]]);
    for (
      const [query, status] of [
        ["references=position", 422],
        ["references=best", 422],
        ["references=position&position=2", 422],
        ["revision=9", 404],
        ["revision=0", 422],
        ["revision=1e3", 422],
      ] as const
    ) {
      equal((await segment(app, "p", files.next, `?${query}`)).status, status);
    }
  });

  const path = "/v1/patients/p/labels/target/revisions";
  await t.step("an earlier revision is restored as a new one", async () => {
    const post = { method: "POST" };
    const answer = await app.request(`${path}/1/restore`, post);
    equal(answer.status, 200);
    const made = await answer.json();
    deepEqual([made.revision, made.restored], [4, 1]);
    const { revisions } = await (await app.request(path)).json();
    deepEqual(
      revisions.map(({ change }: { change: string }) => change),
      ["restored", "accepted", "accepted", "enrolled"],
    );
    const again = await (await segment(app, "p")).json();
    deepEqual(again.mask, first.mask);
    equal(again.profile.revision, 4);
    for (
      const [wrong, status] of [
        [`${path}/9/restore`, 404],
        [`${path}/x/restore`, 422],
        ["/v1/patients/p/labels/spleen/revisions/1/restore", 404],
        ["/v1/patients/q/labels/target/revisions/1/restore", 404],
      ] as const
    ) {
      equal((await app.request(wrong, post)).status, status, wrong);
    }
    equal(
      (await app.request("/v1/patients/q/labels/target/revisions")).status,
      404,
    );
  });

  await t.step("bad acceptances are refused and change nothing", async () => {
    const tooLong = "x".repeat(257);
    for (
      const text of [
        "no JSON",
        "[]",
        '{"by":7}',
        '{"who":"me"}',
        `{"by":"${tooLong}"}`,
        '{"by":"a\\u0000b"}',
      ]
    ) {
      const answer = await accept("p", { accepted: text });
      ok([400, 422].includes(answer.status), `${text} ${answer.status}`);
      await answer.body?.cancel();
    }
    const { revisions } = await (await app.request(path)).json();
    equal(revisions[0].revision, 4);
  });

  await t.step("erasing the patient erases every revision", async () => {
    const answer = await app.request("/v1/patients/p", { method: "DELETE" });
    equal(answer.status, 204);
    equal((await app.request(path)).status, 404);
    equal((await app.request("/v1/patients/p")).status, 404);
  });
});
