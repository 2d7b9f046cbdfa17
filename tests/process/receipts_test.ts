import { deepEqual, equal, match, ok } from "node:assert/strict";
import { findDatasets } from "../../lib/evaluation/data_set.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import type { Receipt } from "../../lib/receipt/receipt.ts";
import { drawVisit, VISIT_COUNT } from "../../lib/sample/patient.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import { form } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";
import { copyDarker } from "../support/model_package.ts";
import { length } from "../support/length.ts";
import { hasOneshot, ONESHOT } from "../support/oneshot.ts";
import { Server } from "../support/server.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A stored receipt, what is needed to replay it, and the mask that it was given for. */
interface Kept {
  patient: string;
  image: Bytes;
  receipt: Receipt;
  counts: string;
}

const WANTED = length(16, 50);
/** How many of them are of generated images; all where there are no real ones. */
const GENERATED = 10;

/** The generated patient: pictures, a DICOM file of frames, a NIfTI volume; alone, as a mask, in a series. */
async function keepGenerated(server: Server, count: number): Promise<Kept[]> {
  const kept: Kept[] = [];
  const visits = Array.from(
    { length: VISIT_COUNT },
    (_, i) => drawVisit(i + 1),
  );
  const pictures = visits.map(({ image }) => image);
  const [image, mask] = [visits[0].image, visits[0].mask].map(encodePng);
  const patient = "sample";
  equal((await server.enrol(patient, "v1", form({ image, mask }))).status, 201);
  const path = `/v1/patients/${patient}`;

  const volumes = [toDicom(pictures.slice(1)), toNifti(pictures.slice(1))];
  for (const volume of volumes) {
    const body = new FormData();
    body.set("image", new File([volume], "volume"));
    const lines = await (await server.request(`${path}/series`, {
      method: "POST",
      body,
    })).text();
    for (const line of lines.trim().split("\n")) {
      const { segmentation: { receipt, mask } } = JSON.parse(line);
      kept.push({ patient, image: volume, receipt, counts: mask.counts });
    }
  }
  for (let n = 0; kept.length < count; n++) {
    const { image: { data, ...size } } = visits[1 + n % (VISIT_COUNT - 1)];
    const noisy = data.map((value, i) => i % 97 === n ? value ^ 8 : value);
    const image = encodePng({ ...size, data: noisy });
    const query = n % 2 === 0 ? "" : "?explain=true";
    const { body: { receipt, mask } } = await server.json(
      `${path}/segmentations${query}`,
      { method: "POST", body: image },
    );
    kept.push({ patient, image, receipt, counts: mask.counts });
  }
  return kept;
}

/** Receipts of real images, in turn from every set and subject. */
async function keepReal(server: Server, count: number): Promise<Kept[]> {
  const subjects = findDatasets(ONESHOT.pathname).flatMap((
    { name, subjects },
  ) =>
    subjects.map((subject) => ({
      ...subject,
      patient: `${name}.${subject.name}`,
    }))
  ).slice(0, length(3, Infinity));
  for (const { patient, pairs: [{ image, mask }] } of subjects) {
    const files = {
      image: await Deno.readFile(image),
      mask: await Deno.readFile(mask),
    };
    equal((await server.enrol(patient, "00", form(files))).status, 201);
  }
  const kept: Kept[] = [];
  for (let turn = 1; kept.length < count; turn++) {
    for (const { patient, pairs } of subjects) {
      if (pairs[turn] === undefined || kept.length === count) continue;
      const image = await Deno.readFile(pairs[turn].image);
      const response = await server.segment(patient, image);
      const { receipt, mask } = await response.json();
      kept.push({ patient, image, receipt, counts: mask.counts });
    }
  }
  return kept;
}

const replay = (server: Server, { patient, image, receipt }: Kept) =>
  server.json("/v1/receipts/replay", {
    method: "POST",
    body: form({ receipt: JSON.stringify(receipt), patient, image }),
  });

Deno.test(`${WANTED} stored receipts: identical after a restart, refused by another model`, () =>
  inFolder(async (folder) => {
    const environment = {
      MODEL: "nano",
      KV_PATH: `${folder}/edge.kv`,
      DEADLINE: "600",
    };
    const kept: Kept[] = [];
    {
      await using server = await Server.start({ ...environment, THREADS: "2" });
      const generated = hasOneshot ? GENERATED : WANTED;
      kept.push(...await keepGenerated(server, generated));
      if (hasOneshot) kept.push(...await keepReal(server, WANTED - generated));
    }
    equal(kept.length, WANTED);
    equal(new Set(kept.map(({ receipt }) => receipt.id)).size, WANTED);
    ok(new Set(kept.map(({ counts }) => counts)).size > WANTED / 2);

    // With one thread, since the mask must not depend on their number.
    const threads = { THREADS: "1" };
    {
      await using server = await Server.start({ ...environment, ...threads });
      for (const one of kept) {
        const { status, body } = await replay(server, one);
        equal(status, 200, JSON.stringify(body));
        equal(body.identical, true);
        equal(body.mask.counts, one.counts);
        deepEqual(
          body.notes.map(({ path }: { path: string }) => path),
          ["receipt.runtime.threads"],
        );
      }
    }

    const darker = await copyDarker(`${folder}/darker`, "darker");
    const other = { ...environment, ...threads, MODEL: `${folder}/darker` };
    await using server = await Server.start(other);
    for (const one of kept) {
      const { status, body } = await replay(server, one);
      const { id, digest } = one.receipt.model;
      equal(status, 409);
      match(
        body.detail,
        new RegExp(`the model "${id}" \\(${digest}\\) is not`),
      );
      deepEqual(
        body.errors.map((
          { path, expected, actual }: Record<string, string>,
        ) => [path, expected, actual]),
        [["receipt.model.digest", digest, darker.digest]],
      );
    }
  }));
