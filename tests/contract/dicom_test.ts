import assert from "node:assert/strict";
import { readDicom } from "../../lib/dicom/data_set/file.ts";
import { TAG } from "../../lib/dicom/data_set/tags.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { countFrames } from "../../lib/image/frames.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import {
  type Asked,
  enrol,
  files,
  form,
  postJson,
  segment,
  visits,
} from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { workOf } from "../support/work.ts";

const limits = { maxPixels: 1_000_000 };
const DICOM = "application/dicom";
const NIFTI = "application/x-nifti";

const pictures = [visits.first.image, visits.second.image];
const scan = toDicom(pictures);
const volume = toNifti(pictures);

const ask = (
  app: Asked,
  body: Uint8Array<ArrayBuffer>,
  query: string,
  accept: string,
  type = DICOM,
) => segment(app, "p", body, query, { accept, "content-type": type });

async function problemOf(
  response: Response,
): Promise<[number, string, string]> {
  const { type, detail } = await response.json();
  return [response.status, type.replace("/problems/", ""), detail];
}

Deno.test("DICOM and NIfTI over HTTP", async (t) => {
  await using service = await openService();
  const { app } = service;
  let seg: Uint8Array<ArrayBuffer>;
  let masked: Uint8Array<ArrayBuffer>;

  await t.step(
    "a frame of a DICOM image is enrolled as the picture that it holds",
    async () => {
      const asPng = await enrol(app, "q", "png");
      assert.equal(asPng.status, 201);
      const fields = { image: scan, mask: files.mask, frame: "0" };
      const response = await enrol(app, "p", "dicom", fields);
      assert.equal(response.status, 201);
      const { patches, image } = await response.json();
      const wanted = await asPng.json();
      assert.deepEqual([patches, image], [wanted.patches, wanted.image]);
    },
  );

  await t.step(
    "a frame is segmented like the same picture as PNG",
    async () => {
      const asPng = await (await segment(app, "p")).json();
      const asDicom =
        await (await ask(app, scan, "?frame=1", "application/json")).json();
      assert.deepEqual(asDicom.mask, asPng.mask);
      assert.ok(asDicom.mask.area > 0);
    },
  );

  await t.step("each frame has its own embedding", async () => {
    const ids = [];
    for (const query of ["?frame=0", "?frame=1", "?frame=1"]) {
      const response = await app.request(`/v1/embeddings${query}`, {
        method: "POST",
        body: scan,
      });
      ids.push((await response.json()).id);
    }
    assert.notEqual(ids[0], ids[1]);
    assert.equal(ids[1], ids[2]);
  });

  await t.step(
    "a DICOM segmentation refers to the frame and is coded as asked",
    async () => {
      const query =
        "?frame=1&category=123037004:SCT:Anatomical%20Structure&property=64033007:SCT:Kidney";
      const response = await ask(app, scan, query, DICOM);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), DICOM);
      seg = await response.bytes();
      const mask = await decodeMask(seg, limits, {
        image: { bytes: scan, frame: 1 },
      });
      const png = await (await ask(app, scan, "?frame=1", "image/png")).bytes();
      assert.deepEqual(mask, await decodeMask(png, limits));
      const described = readDicom(seg).dataset.item(TAG.segments)!;
      assert.equal(
        described.item(TAG.propertyType)!.text(TAG.codeMeaning),
        "Kidney",
      );
    },
  );

  await t.step("a DICOM segmentation is the mask of a reference", async () => {
    const fields = { image: scan, mask: seg, frame: "1" };
    const response = await enrol(app, "q", "corrected", fields);
    assert.equal(response.status, 201);
    const elsewhere = await enrol(app, "p", "wrong", { ...fields, frame: "0" });
    assert.deepEqual(
      (await problemOf(elsewhere)).slice(0, 2),
      [422, "frame-choice"],
    );
    const numbered = await enrol(app, "p", "wrong", {
      ...fields,
      segment: "2",
    });
    const [status, code, detail] = await problemOf(numbered);
    assert.deepEqual([status, code], [422, "frame-choice"]);
    assert.match(detail, /no segment 2; it has: 1\.$/);
  });

  await t.step(
    "a slice of a NIfTI volume is answered in its volume",
    async () => {
      const response = await ask(app, volume, "?frame=1", NIFTI, NIFTI);
      assert.equal(response.status, 200);
      assert.match(
        response.headers.get("content-disposition")!,
        /mask\.nii\.gz/,
      );
      masked = await response.bytes();
      assert.equal(countFrames(masked).count, 2);
      const of = (frame: number) =>
        decodeMask(masked, limits, {
          image: { bytes: volume, frame },
        });
      const png = await ask(app, volume, "?frame=1", "image/png", NIFTI);
      assert.deepEqual(
        await of(1),
        await decodeMask(await png.bytes(), limits),
      );
      assert.ok((await of(0)).data.every((v) => v === 0));
    },
  );

  await t.step(
    "a mask volume is the mask of its image volume's slice",
    async () => {
      const fields = { image: volume, mask: masked, frame: "1" };
      assert.equal((await enrol(app, "q", "slice", fields)).status, 201);
      const empty = await enrol(app, "p", "empty", { ...fields, frame: "0" });
      assert.match((await problemOf(empty))[2], /The mask is empty/);
    },
  );

  await t.step(
    "an answer that takes its geometry from elsewhere is not acceptable",
    async () => {
      const made = await app.request("/v1/embeddings", {
        method: "POST",
        body: scan,
      });
      const { id } = await made.json();
      const path = "/v1/patients/p/segmentations";
      const byEmbedding = (accept: string) =>
        app.request(path, {
          method: "POST",
          body: JSON.stringify({ embedding: id }),
          headers: { "content-type": "application/json", accept },
        });
      const answers = [
        await byEmbedding(DICOM),
        await byEmbedding(NIFTI),
        await ask(app, files.next, "", DICOM, "image/png"),
        await ask(app, scan, "", NIFTI),
        await ask(app, volume, "?frame=0", DICOM, NIFTI),
      ];
      for (const answer of answers) {
        const [status, code, detail] = await problemOf(answer);
        assert.deepEqual([status, code], [406, "not-acceptable"]);
        assert.match(detail, /send a (DICOM image|volume)/);
      }
    },
  );

  await t.step("bad parameters and files are reported precisely", async () => {
    const cases: [Response, number, string, RegExp][] = [
      [
        await ask(app, scan, "?frame=2", "*/*"),
        422,
        "frame-choice",
        /count from 0 to 1/,
      ],
      [
        await ask(app, scan, "?frame=-1", "*/*"),
        422,
        "validation",
        /query.frame/,
      ],
      [
        await ask(app, volume, "", "*/*", NIFTI),
        422,
        "frame-choice",
        /2 slices/,
      ],
      [
        await ask(app, files.next, "?frame=1", "*/*", "image/png"),
        422,
        "frame-choice",
        /frame 1/,
      ],
      [
        await ask(app, scan, "?property=Liver", DICOM),
        422,
        "validation",
        /value:scheme:meaning/,
      ],
      [
        await ask(app, scan.subarray(0, 900), "", "*/*"),
        422,
        "truncated",
        /ends inside/,
      ],
      [
        await ask(app, toDicom(pictures, false), "", DICOM),
        422,
        "invalid-input",
        /no series UID/,
      ],
      [
        await enrol(app, "p", "x", {
          image: scan,
          mask: files.mask,
          segment: "x".repeat(65),
        }),
        422,
        "validation",
        /body.segment/,
      ],
      [
        await enrol(app, "p", "x", {
          image: scan,
          mask: volume.subarray(0, 500),
        }),
        422,
        "truncated",
        /NIfTI/,
      ],
    ];
    for (const [response, status, code, message] of cases) {
      const found = await problemOf(response);
      assert.deepEqual(found.slice(0, 2), [status, code], found[2]);
      assert.match(found[2], message);
    }
    const lost = await app.request("/v1/patients/p/references/x");
    assert.equal(lost.status, 404);
  });

  await t.step("DICOM in a form, and its types in the contract", async () => {
    const response = await app.request("/v1/patients/p/segmentations?frame=1", {
      method: "POST",
      body: form({ image: scan }),
      headers: { accept: DICOM },
    });
    assert.equal(response.status, 200);
    const contract = await (await app.request("/openapi.json")).json();
    const { requestBody, responses } =
      contract.paths["/v1/patients/{patient}/segmentations"].post;
    for (const type of [DICOM, NIFTI]) {
      assert.ok(requestBody.content[type], type);
      assert.ok(responses["200"].content[type], type);
    }
  });

  await t.step("workers count and read the frames of a file", async () => {
    const engine = service.services.models.default.engineFor(
      workOf("default"),
    );
    const file = () => ({ bytes: scan.slice(), mediaType: DICOM });
    const { count, positions } = await engine.countFrames(file());
    assert.deepEqual([count, positions], [2, [0, 1]]);
    const [second, ...none] = await engine.readFrames(file(), 1, 5);
    assert.equal(none.length, 0);
    assert.deepEqual([second.index, second.position], [1, 1]);
    const picture = await decodeImage(second.bytes, limits);
    assert.deepEqual(picture, visits.second.image);
    assert.deepEqual(await engine.readFrames(file(), 2, 5), []);
    await assert.rejects(
      engine.countFrames({ bytes: scan.slice(0, 5000) }),
      /ends inside/,
    );
  });

  await t.step("decodes a prompt on an embedding of a frame", async () => {
    const made = await app.request("/v1/embeddings?frame=1", {
      method: "POST",
      body: scan,
    });
    const { id } = await made.json();
    const answer = await postJson(app, "/v1/masks", {
      embedding: id,
      points: [{ x: 260, y: 140, label: 1 }],
    });
    assert.equal(answer.status, 200);
  });
});

Deno.test("no attribute of a DICOM file's patient is stored or logged", async () => {
  const folder = await Deno.makeTempDir();
  const lines: string[] = [];
  const kept = { log: console.log, error: console.error, warn: console.warn };
  Object.assign(console, {
    log: (...parts: unknown[]) => lines.push(parts.join(" ")),
    error: (...parts: unknown[]) => lines.push(parts.join(" ")),
    warn: (...parts: unknown[]) => lines.push(parts.join(" ")),
  });
  try {
    {
      await using service = await openService(`${folder}/edge.kv`);
      const { app } = service;
      const fields = { image: scan, mask: files.mask };
      assert.equal((await enrol(app, "p", "r", fields)).status, 201);
      assert.equal((await ask(app, scan, "?frame=1", DICOM)).status, 200);
      const damaged = scan.slice();
      damaged.fill(0xff, 400, 420);
      for (const bytes of [damaged, scan.subarray(0, 700)]) {
        const text = await (await ask(app, bytes, "", DICOM)).text();
        assert.doesNotMatch(text, /Roe|Richard|hidden-4711|2\.25\.7/);
      }
    }
    const stored = [];
    for await (const { name } of Deno.readDir(folder)) {
      stored.push(await Deno.readFile(`${folder}/${name}`));
    }
    assert.ok(stored.reduce((sum, { length }) => sum + length, 0) > 100_000);
    for (const bytes of stored) {
      const text = new TextDecoder("latin1").decode(bytes);
      assert.doesNotMatch(text, /Roe|Richard|hidden-4711|2\.25\.7[789]/);
    }
    assert.doesNotMatch(lines.join("\n"), /Roe|Richard|hidden-4711|2\.25\.7/);
  } finally {
    Object.assign(console, kept);
    await Deno.remove(folder, { recursive: true });
  }
});
