import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { Receipt } from "../../lib/receipt/receipt.ts";
import { copyDarker } from "../support/model_package.ts";
import {
  altered,
  canonical,
  resealed,
  sha256,
} from "../support/receipt_files.ts";
import { toDicom } from "../support/dicom_files.ts";
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

const DICOM = "application/dicom";

Deno.test("receipts and their replay", async (t) => {
  const folder = await Deno.makeTempDir();
  await copyDarker(`${folder}/darker`, "darker");
  await using service = await openService(":memory:", {
    MODEL: `tiny, ${folder}/darker`,
  });
  const { app } = service;
  await enrol(app, "p", "visit-1");
  const answer = await (await segment(app, "p")).json();
  const receipt: Receipt = answer.receipt;

  const replay = async (fields: Record<string, string | Uint8Array>) => {
    const body = form(fields as Record<string, string>);
    const request = { method: "POST", body };
    const response = await app.request("/v1/receipts/replay", request);
    return { status: response.status, body: await response.json() };
  };
  const given = (changed: Receipt, patient = "p") => ({
    receipt: JSON.stringify(changed),
    patient,
    image: files.next,
  });
  const refusals = async (fields: Record<string, string | Uint8Array>) => {
    const { status, body } = await replay(fields);
    equal(status, 409, JSON.stringify(body));
    equal(body.type, "/problems/not-reproduced");
    return body as {
      detail: string;
      errors: { path: string; expected: string; actual?: string }[];
    };
  };

  await t.step("a receipt belongs to its answer and names no patient", () => {
    deepEqual(resealed(Receipt.parse(receipt)), receipt);
    const { size, counts, area } = answer.mask;
    equal(receipt.mask.sha256, sha256(canonical({ counts, size })));
    equal(receipt.mask.area, area);
    equal(receipt.input.sha256, sha256(files.next));
    equal(receipt.model.digest, answer.model.digest);
    ok(!JSON.stringify(receipt).includes('"p"'));
  });

  await t.step("equal requests have equal receipts", async () => {
    const again = await (await segment(app, "p")).json();
    deepEqual(again.receipt, receipt);
    const explained =
      await (await segment(app, "p", undefined, "?explain=true"))
        .json();
    deepEqual(explained.receipt, receipt, "explaining changes nothing");
  });

  await t.step("it is replayed to the identical mask", async () => {
    const { status, body } = await replay(given(receipt));
    equal(status, 200);
    deepEqual(body, { identical: true, mask: answer.mask, notes: [] });
    const asFile = new TextEncoder().encode(JSON.stringify(receipt));
    equal((await replay({ ...given(receipt), receipt: asFile })).status, 200);
  });

  await t.step(
    "answers that are only a mask have it in their headers",
    async () => {
      const scan = toDicom([visits.second.image]);
      const answers = [
        await segment(app, "p", undefined, "", { accept: "image/png" }),
        await segment(app, "p", scan, "?frame=0", {
          accept: DICOM,
          "content-type": DICOM,
        }),
      ];
      for (const [i, response] of answers.entries()) {
        equal(response.status, 200);
        await response.body?.cancel();
        const bytes = Uint8Array.fromBase64(
          response.headers.get("x-receipt")!,
          { alphabet: "base64url" },
        );
        const held = Receipt.parse(JSON.parse(new TextDecoder().decode(bytes)));
        equal(response.headers.get("x-receipt-id"), held.id);
        if (i === 0) deepEqual(held, receipt);
        else {deepEqual([held.input.frame, held.input.sha256], [
            0,
            sha256(scan),
          ]);}
        const image = i === 0 ? files.next : scan;
        equal((await replay({ ...given(held), image })).status, 200);
      }
    },
  );

  await t.step("of an embedding, by its id or its file", async () => {
    const embedding = await embeddingOf(app, files.next);
    const path = "/v1/patients/p/segmentations";
    const byId = await (await postJson(app, path, { embedding })).json();
    equal(byId.receipt.input.kind, "embedding");
    equal(byId.receipt.mask.sha256, receipt.mask.sha256);
    const tensor = await (await app.request(`/v1/embeddings/${embedding}`))
      .bytes();
    equal(byId.receipt.input.sha256, sha256(tensor));
    const byFile = await (await segment(app, "p", tensor, "", {
      "content-type": "application/x-safetensors",
    })).json();
    deepEqual(byFile.receipt, byId.receipt);
    for (const one of [byId.receipt, receipt]) {
      const { image: _, ...rest } = given(one);
      const { status, body } = await replay({ ...rest, embedding });
      equal(status, 200, JSON.stringify(body));
      equal(body.mask.counts, answer.mask.counts);
    }
    // The image serves as well as its embedding.
    equal((await replay(given(byId.receipt))).status, 200);
  });

  await t.step("another model is refused by name", async () => {
    const other = altered(receipt, "model", {
      id: "large",
      digest: "ab".repeat(32),
    });
    const { detail, errors } = await refusals(given(other));
    match(detail, /the model "large" \((ab){32}\) is not here, but "tiny"/);
    deepEqual(errors[0].path, "receipt.model.digest");
    deepEqual(errors[0].expected, "ab".repeat(32));
    const namesake = altered(receipt, "model.digest", "ab".repeat(32));
    match((await refusals(given(namesake))).detail, /"tiny" is another here/);
    // The other model that is served has another profile.
    const { digest, id } = service.services.models.all[1].manifest;
    const darker = altered(receipt, "model", { id, digest });
    const wrong = await refusals(given(darker));
    deepEqual(wrong.errors.map(({ path }) => path), [
      "receipt.profile.references.0",
    ]);
  });

  await t.step("another image is refused with both digests", async () => {
    const { errors } = await refusals({
      ...given(receipt),
      image: files.image,
    });
    deepEqual(errors[0].path, "receipt.input.sha256");
    equal(errors[0].expected, sha256(files.next));
    equal(errors[0].actual, sha256(files.image));
    const embedding = await embeddingOf(app, files.image);
    const { image: _, ...rest } = given(receipt);
    const wrong = await refusals({ ...rest, embedding });
    equal(wrong.errors[0].path, "receipt.input.embedding");
  });

  await t.step(
    "another file of the same pixels is identical with a note",
    async () => {
      // A chunk of text in front of the PNG's end.
      const chunk = Uint8Array.fromHex("0000000374455874410042");
      const crc = crc32(chunk.subarray(4));
      const at = files.next.length - 12;
      const image = Uint8Array.from([
        ...files.next.subarray(0, at),
        ...chunk,
        ...crc,
        ...files.next.subarray(at),
      ]);
      const { status, body } = await replay({ ...given(receipt), image });
      equal(status, 200, JSON.stringify(body));
      deepEqual(
        body.notes.map(({ path }: { path: string }) => path),
        ["receipt.input.sha256"],
      );
    },
  );

  await t.step(
    "another profile is refused, and a reference that is gone",
    async () => {
      await enrol(app, "q", "visit-1");
      await enrol(app, "q", "visit-2", { image: files.next, mask: files.mask });
      const before = await (await segment(app, "q")).json();
      deepEqual(
        before.receipt.profile.references.map((
          { reference }: { reference: string },
        ) => reference),
        ["visit-1", "visit-2"],
      );
      equal((await replay(given(before.receipt, "q"))).status, 200);
      // One more reference does not change those that were used.
      await enrol(app, "q", "visit-3");
      equal((await replay(given(before.receipt, "q"))).status, 200);

      const mask = files.mask;
      await enrol(app, "q", "visit-1", { image: files.next, mask });
      // The revision that answered is kept; of one that is not, the current references count.
      equal((await replay(given(before.receipt, "q"))).status, 200);
      const dropped = altered(before.receipt, "profile.revision", 999);
      const changed = await refusals(given(dropped, "q"));
      deepEqual(changed.errors.map(({ path }) => path), [
        "receipt.profile.references.0",
      ]);
      match(changed.detail, /"visit-1" was enrolled anew or changed/);
      await app.request("/v1/patients/q/references/visit-2", {
        method: "DELETE",
      });
      const gone = await refusals(given(dropped, "q"));
      equal(gone.errors.length, 2);
      match(gone.detail, /no reference "visit-2" of this label and model/);
      equal("actual" in gone.errors[1], false);
      // Other patients' references do not count, nor those of another label.
      const stranger = await refusals(given(receipt, "nobody"));
      match(stranger.detail, /no reference "visit-1"/);
      const label = altered(receipt, "profile.label", "liver");
      match((await refusals(given(label))).detail, /no reference "visit-1"/);
    },
  );

  await t.step("other parameters are refused by name", async () => {
    for (
      const [path, value] of [
        ["recipe", "newest"],
        ["passes", 2],
        ["parts", [1, 2]],
        ["guided", true],
        ["negatives", "least"],
      ] as const
    ) {
      const other = altered(receipt, `parameters.${path}`, value);
      const { errors } = await refusals(given(other));
      deepEqual(errors.map(({ path }) => path), [`receipt.parameters.${path}`]);
    }
    // The embedded model cannot run it, now or ever.
    const natural = altered(receipt, "parameters", {
      ...{ recipe: "natural", parts: [1, 2, 3, 4, 5], negatives: "least" },
      ...{ guided: true, passes: 3, position: null },
    });
    const { status, body } = await replay(given(natural));
    deepEqual([status, body.type], [422, "/problems/recipe-unsupported"]);
  });

  await t.step(
    "another runtime is a note while the mask is identical, and a reason when it is not",
    async () => {
      const other = altered(
        altered(receipt, "runtime.threads", 64),
        "version",
        "9.9.9",
      );
      const { status, body } = await replay(given(other));
      equal(status, 200);
      deepEqual(
        body.notes.map((
          { path, expected }: { path: string; expected: string },
        ) => [path, expected]),
        [["receipt.runtime.threads", "64"], ["receipt.version", "9.9.9"]],
      );
      const wrong = altered(other, "mask.sha256", "00".repeat(32));
      const { errors } = await refusals(given(wrong));
      deepEqual(errors.map(({ path }) => path), [
        "receipt.mask.sha256",
        "receipt.runtime.threads",
        "receipt.version",
      ]);
      equal(errors[0].actual, receipt.mask.sha256);
    },
  );

  await t.step(
    "an image that was read by older rules is said to be, where it makes a difference",
    async () => {
      const { reading: _, ...input } = receipt.input;
      const old = altered(receipt, "input", input);
      deepEqual(
        (await replay(given(old))).body.notes,
        [],
        "the older rules gave the same pixels",
      );
      const otherwise = altered(
        altered(old, "input.embedding", "0a".repeat(32)),
        "mask.sha256",
        "00".repeat(32),
      );
      const { errors, detail } = await refusals(given(otherwise));
      deepEqual(errors.map(({ path }) => path), [
        "receipt.input.reading",
        "receipt.mask.sha256",
        "receipt.input.embedding",
      ]);
      match(detail, /the image was read by older rules/);
    },
  );

  await t.step(
    "what is not a receipt is refused with the place that is wrong, fast",
    async () => {
      const text = JSON.stringify(receipt);
      const huge = { ...receipt, profile: { ...receipt.profile } };
      huge.profile.references = Array(1001).fill(receipt.profile.references[0]);
      const cases: [string, number, RegExp][] = [
        ["", 422, /body\.receipt: is missing/],
        ["{", 400, /it is not JSON/],
        [text.slice(0, -5), 400, /it is not JSON/],
        ["null", 422, /body\.receipt: .*object/],
        ["[]", 422, /body\.receipt: .*object/],
        ["{}", 422, /body\.receipt\.model: /],
        [JSON.stringify({ ...receipt, more: 1 }), 422, /more/],
        [
          JSON.stringify({ ...receipt, format: 2 }),
          422,
          /body\.receipt\.format/,
        ],
        [
          JSON.stringify({ ...receipt, id: "00".repeat(32) }),
          422,
          /body\.receipt\.id: .*was changed/,
        ],
        [text.replace('"threads":', '"threads":1'), 422, /was changed/],
        [
          text.replace('"passes":3', '"passes":1e400'),
          422,
          /parameters\.passes/,
        ],
        [text.replace('"passes":3', '"passes":"3"'), 422, /parameters\.passes/],
        [
          text.replace('"label":"target"', '"label":"\\ud800"'),
          422,
          /profile\.label: must be well-formed/,
        ],
        [
          text.replace(
            '"reference":"visit-1"',
            `"reference":"${"x".repeat(200)}"`,
          ),
          422,
          /references\.0\.reference/,
        ],
        [JSON.stringify(huge), 422, /profile\.references/],
        [text + " ".repeat(300_000), 422, /is longer than/],
        ["[".repeat(200_000), 400, /it is not JSON/],
      ];
      for (const [wrong, status, detail] of cases) {
        const { status: actual, body } = await replay({
          ...given(receipt),
          receipt: wrong,
        });
        deepEqual(
          [actual, detail.test(body.detail)],
          [status, true],
          body.detail,
        );
        ok(body.detail.length < 5000, "nothing is quoted at length");
      }
      const bad = async (
        fields: Record<string, string | Uint8Array>,
        status: number,
        detail: RegExp,
      ) => {
        const { status: actual, body } = await replay(fields);
        deepEqual(
          [actual, detail.test(body.detail)],
          [status, true],
          body.detail,
        );
      };
      const { image, patient, ...rest } = given(receipt);
      await bad({ ...rest, image }, 422, /body\.patient/);
      await bad({ ...rest, image, patient: "a/b" }, 422, /body\.patient/);
      await bad({ ...rest, patient }, 422, /needs either image or embedding/);
      await bad(
        { ...rest, patient, image: "text" },
        422,
        /body\.image: must be a file/,
      );
      const unknown = "0".repeat(64);
      await bad({ ...rest, patient, embedding: unknown }, 404, /no embedding/);
      await bad(
        { ...rest, patient, image, more: "1" },
        422,
        /unknown or repeated/,
      );
      const bare = await postJson(app, "/v1/receipts/replay", receipt);
      equal(bare.status, 422);
      match((await bare.json()).detail, /unknown field; it takes receipt/);
      const base64 = image.toBase64();
      const json = { receipt, patient, image: { base64 } };
      const replayed = await postJson(app, "/v1/receipts/replay", json);
      equal(replayed.status, 200);
      await replayed.body?.cancel();
    },
  );

  await t.step(
    "a series' lines carry receipts that are replayed with the file",
    async () => {
      const scan = toDicom([visits.first.image, visits.second.image]);
      const body = new FormData();
      body.append("image", new File([scan], "scan.dcm", { type: DICOM }));
      body.append("image", new File([files.next], "next.png"));
      const path = "/v1/patients/p/series";
      const response = await app.request(path, { method: "POST", body });
      const lines = (await response.text()).trim().split("\n")
        .map((line) => JSON.parse(line));
      equal(lines.length, 3);
      for (const [i, { segmentation }] of lines.entries()) {
        const { input } = segmentation.receipt;
        const image = i < 2 ? scan : files.next;
        deepEqual([input.sha256, input.frame], [
          sha256(image),
          i < 2 ? i : null,
        ]);
        const { status, body } = await replay({
          ...given(segmentation.receipt),
          image,
        });
        equal(status, 200, JSON.stringify(body));
        deepEqual(body, {
          identical: true,
          mask: segmentation.mask,
          notes: [],
        });
      }
      deepEqual(lines[2].segmentation.receipt, receipt);
      notEqual(lines[0].segmentation.receipt.id, receipt.id);
    },
  );
  await Deno.remove(folder, { recursive: true });
});

/** CRC-32 as PNG has it, big-endian. */
function crc32(bytes: Uint8Array): number[] {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) {
      crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    }
  }
  crc = ~crc;
  return [crc >>> 24, crc >>> 16 & 255, crc >>> 8 & 255, crc & 255];
}
