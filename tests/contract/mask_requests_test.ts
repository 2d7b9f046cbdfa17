import { deepEqual, equal, match } from "node:assert/strict";
import { encodeRle } from "../../lib/format/mask/rle.ts";
import { toNifti } from "../support/dicom_files.ts";
import {
  embeddingOf,
  enrol,
  files,
  form,
  postJson,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";

const { image } = files;
const drawn = visits.first.mask;
const { size, counts } = encodeRle(drawn);

/** The run lengths of the drawn mask, pixel after pixel down the columns. */
const runs = (() => {
  const { width, height, data } = drawn;
  const found = [0];
  let before = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const pixel = data[y * width + x]!;
      if (pixel !== before) found.push(0);
      found[found.length - 1]!++;
      before = pixel;
    }
  }
  return found;
})();

/** A mask as an answer gives it; what it says besides its pixels is not used. */
const answered = {
  size,
  counts,
  area: 3,
  box: [0, 0, 1, 1],
  polygons: [[[0, 0.5], [1, 1]]],
};

const positive = { x: 242, y: 138, label: 1 };
const negative = { x: 3, y: 3, label: 0 };
const box = [212, 114, 270, 162];

/** Asserts a refusal, and gives its sentence. */
async function refused(answer: Response, wanted: RegExp, status = 422) {
  const problem = await answer.json();
  equal(answer.status, status, JSON.stringify(problem).slice(0, 300));
  match(problem.detail, wanted);
}

Deno.test("negative points alone are no annotation", async (t) => {
  await using service = await openService();
  const { app } = service;
  const embedding = await embeddingOf(app, image);
  const enrolBy = (prompts: unknown) =>
    enrol(app, "p", "r", { image, prompts: JSON.stringify(prompts) });
  const decode = (prompt: Record<string, unknown>) =>
    postJson(app, "/v1/masks", { embedding, ...prompt });

  await t.step("at enrolment", async () => {
    const why = /body\.prompts: needs at least one positive point.* or a box/;
    await refused(await enrolBy({ points: [negative] }), why);
    await refused(await enrolBy({ points: [negative, negative] }), why);
    await refused(await enrolBy({ points: [] }), why);
    await refused(await enrolBy({}), why);
    equal((await enrolBy({ points: [negative, positive] })).status, 201);
    equal((await enrolBy({ points: [negative], box })).status, 200);
  });

  await t.step("nor a prompt, but they correct a box or a mask", async () => {
    const why = /body: needs at least one positive point.*, a box or a mask/;
    await refused(await decode({ points: [negative] }), why);
    await refused(await decode({}), why);
    equal((await decode({ points: [negative], box })).status, 200);
    const mask = { size, counts };
    equal((await decode({ points: [negative], mask })).status, 200);
    equal((await decode({ points: [positive, negative] })).status, 200);
  });
});

Deno.test("a mask is taken as an answer gives it, and with uncompressed counts", async (t) => {
  await using service = await openService();
  const { app } = service;
  const embedding = await embeddingOf(app, image);
  const volume = toNifti([visits.first.image]);
  const decode = (mask: unknown) =>
    postJson(app, "/v1/masks", { embedding, points: [positive], mask });
  const write = (rle: unknown) =>
    app.request("/v1/masks/export", {
      method: "POST",
      body: form({ image: volume, rle: JSON.stringify(rle) }),
    });
  const enrolBy = (fields: Record<string, unknown>, patient = "p") =>
    enrol(app, patient, "r", {
      image,
      ...Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          typeof value === "string" || value instanceof Uint8Array
            ? value
            : JSON.stringify(value),
        ]),
      ) as Record<string, string>,
    });
  const ways = {
    plain: { size, counts },
    answered,
    runs: { size, counts: runs },
  };

  await t.step("to be corrected", async () => {
    const masks = [];
    for (const mask of Object.values(ways)) {
      const answer = await decode(mask);
      equal(answer.status, 200);
      masks.push(await answer.json());
    }
    deepEqual(masks[1], masks[0]);
    deepEqual(masks[2], masks[0]);
    // The very object of an answer.
    const again = await decode(masks[0].mask);
    equal(again.status, 200);
    await again.body?.cancel();
  });

  await t.step("to be written in the format of its image", async () => {
    const written = [];
    for (const mask of Object.values(ways)) {
      const answer = await write(mask);
      equal(answer.status, 200);
      written.push(await answer.bytes());
    }
    const asMask = await app.request("/v1/masks/export", {
      method: "POST",
      body: form({ image: volume, mask: JSON.stringify(answered) }),
    });
    written.push(await asMask.bytes());
    for (const other of written.slice(1)) deepEqual(other, written[0]);
  });

  await t.step("to be enrolled like the same picture", async () => {
    const masks = [];
    const { mask } = files;
    const text = JSON.stringify(answered);
    const all = {
      picture: { mask },
      ...ways,
      "text-as-mask": { mask: text },
      "file-as-mask": { mask: new TextEncoder().encode(text) },
    };
    for (const [patient, way] of Object.entries(all)) {
      const fields = "mask" in way ? way : { rle: way };
      const answer = await enrolBy(fields, patient);
      equal(answer.status, 201, await answer.clone().text());
      const { report: { selfDice }, patches } = await answer.json();
      const found = await (await segment(app, patient)).json();
      masks.push({ selfDice, patches, mask: found.mask });
    }
    for (const other of masks.slice(1)) deepEqual(other, masks[0]);
    // With the id of its image's embedding, and as a result that was accepted.
    const accepted = JSON.stringify({ by: "reader-7", at: "today" });
    const rle = JSON.stringify(answered);
    const answer = await enrol(app, "q", "r", { embedding, rle, accepted });
    equal(answer.status, 201, await answer.clone().text());
    await answer.body?.cancel();
  });

  await t.step("and refused at its first fault", async () => {
    const all = size[0] * size[1];
    const faults: [unknown, RegExp][] = [
      [
        { size, counts: [1, 2] },
        /counts: must add up to 384 × 384 pixels, not 3/,
      ],
      [{ size, counts: [all + 1] }, /must add up to .*, not 147457/],
      [{ size, counts: [] }, /must add up to .*, not 0/],
      [{ size, counts: [all, -1, 1] }, /counts\.1: must be a whole number/],
      [{ size, counts: [1, 0.5] }, /counts\.1: must be a whole number/],
      [{ size, counts: ["1"] }, /counts\.0: must be a whole number/],
      [{ size, counts: [1e300] }, /counts\.0: must be a whole number/],
      [{ size, counts: new Array(2_000_001).fill(0) }, /at most 2000000 runs/],
      [{ size, counts: new Array(900_000).fill(-1) }, /counts\.0: must be/],
      [{ size, counts: 7 }, /counts: must be text or an array/],
      [{ size, counts: { 0: all } }, /counts: must be text or an array/],
      [{ size, counts: "~" }, /outside its alphabet/],
      [{ size, counts: "221O" }, /do not fill the size, 384 × 384.* 6 pixels/],
      [{ size }, /counts: must be text or an array/],
      [{ counts }, /size/],
      [{ size: [384], counts }, /size/],
      [{ size: [0, 384], counts }, /size/],
      [{ ...answered, label: "kidney" }, /label/],
    ];
    for (const [mask, why] of faults) {
      await refused(await decode(mask), why);
      await refused(await enrolBy({ rle: mask }), why);
      await refused(await write(mask), why);
    }
    const huge = { size: [65536, 65536], counts: [2 ** 32] };
    for (const mask of [{ ...answered, counts: "221O", size: [2, 3] }, huge]) {
      const why = new RegExp(`${mask.size[1]}×${mask.size[0]}`);
      await refused(await decode(mask), why);
      await refused(await enrolBy({ rle: mask }), why);
    }
    await refused(await write(huge), /./, 413);
  });

  await t.step("as one of the ways to annotate", async () => {
    const { mask } = files;
    const prompts = { box };
    const rle = ways.plain;
    const needs = /body: needs either mask, prompts or rle, /;
    for (
      const fields of [{ mask, rle }, { prompts, rle }, { mask, prompts, rle }]
    ) {
      await refused(await enrolBy(fields), needs);
      await refused(await enrolBy(fields), /not several/);
    }
    await refused(await enrolBy({}), /needs either .* and has none/);
    for (const fields of [{ rle }, { prompts }]) {
      await refused(
        await enrolBy({ ...fields, segment: "2" }),
        /body\.segment: chooses a segment of a mask file/,
      );
    }
    await refused(await enrolBy({ rle: "{" }), /not JSON/, 400);
  });
});

Deno.test("a mask is decoded in one to three passes", async () => {
  await using service = await openService();
  const { app } = service;
  const embedding = await embeddingOf(app, image);
  const decode = (more: object) =>
    postJson(app, "/v1/masks", { embedding, points: [positive], ...more });
  const maskOf = async (more: object) => {
    const answer = await decode(more);
    equal(answer.status, 200);
    return (await answer.json()).mask;
  };
  deepEqual(await maskOf({ passes: 3 }), await maskOf({}));
  equal((await maskOf({ passes: 1 })).area > 0, true);
  for (const passes of [0, 4, 1.5, "1"]) {
    await refused(await decode({ passes }), /passes/);
  }
});
