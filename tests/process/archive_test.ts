import { deepEqual, equal, match, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { decodeRle, type Rle } from "../../lib/format/mask/rle.ts";
import { twoStudies } from "../support/archived_patient.ts";
import { checkByReaders, dicomPython } from "../support/independent_dicom.ts";
import { hasOrthanc, Orthanc } from "../support/orthanc.ts";
import { postJson } from "../support/requests.ts";
import { Server } from "../support/server.ts";

Deno.test({
  name: "a hospital's archive: images and an annotation out, results in",
  ignore: !hasOrthanc,
  fn: openArchive,
});

async function openArchive(t: Deno.TestContext) {
  await using archive = await Orthanc.start();
  const folder = await Deno.makeTempDir();
  await using server = await Server.start({
    KV_PATH: `${folder}/edge.kv`,
    DEADLINE: "600",
    ...archive.environment,
  });
  const [first, second] = twoStudies();
  const { study, series } = first;
  for (const { slices } of [first, second]) {
    for (const { file } of slices.toReversed()) await archive.put(file);
  }
  await archive.put(first.annotation.file);

  await t.step(
    "the patient's series are listed, and nobody else's",
    async () => {
      const find = async (patientId: string) => {
        const answer = await postJson(server, "/v1/archive/series", {
          patientId,
        });
        equal(answer.status, 200);
        return await answer.json();
      };
      const { series: found, complete } = await find(first.patientId);
      ok(complete);
      const named = found.map((one: { series: string; modality: string }) =>
        `${one.modality} ${one.series}`
      );
      deepEqual(
        named.toSorted(),
        [
          `CT ${first.series}`,
          `CT ${second.series}`,
          `SEG ${first.annotation.series}`,
        ].toSorted(),
      );
      deepEqual((await find("somebody-else")).series, []);
    },
  );

  await t.step("its objects are listed in slice order", async () => {
    const answer = await postJson(server, "/v1/archive/instances", {
      study,
      series,
    });
    const { instances } = await answer.json();
    deepEqual(
      instances,
      first.slices.map(({ instance }) => ({ instance, frames: 1 })),
    );
  });

  await t.step("a structure is enrolled from its segmentation", async () => {
    const reference = { study, series, instance: first.slices[1]!.instance };
    const answer = await server.request("/v1/patients/p-17/references/ct-1", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        image: { dicomweb: reference },
        // The only object of its series.
        mask: { dicomweb: { study, series: first.annotation.series } },
        segment: first.annotation.segment,
        label: "liver",
      }),
    });
    const { mask } = await answer.json();
    equal(answer.status, 201);
    equal(mask.kind, "segment");
    ok(mask.pixels > 1000);
  });

  let masks: Rle[] = [];
  await t.step("the next series is segmented in slice order", async () => {
    const answer = await postJson(
      server,
      "/v1/patients/p-17/series?label=liver",
      { dicomweb: { study: second.study, series: second.series } },
    );
    equal(answer.status, 200);
    const text = await answer.text();
    const lines = text.trim().split("\n").map((line) => JSON.parse(line));
    deepEqual(
      lines.map(({ name, position, problem }) => ({
        name,
        position: Math.round(2 * position) / 2,
        problem,
      })),
      second.slices.map(({ instance }, i) => ({
        name: instance,
        position: i / 2,
        problem: undefined,
      })),
    );
    for (const { segmentation } of lines) ok(segmentation.present);
    masks = lines.map(({ segmentation }) => segmentation.mask);
    // A connection that broke continues.
    const rest = await postJson(
      server,
      `/v1/patients/p-17/series?label=liver&cursor=${lines[1].cursor}`,
      { dicomweb: { study: second.study, series: second.series } },
    );
    const [last, ...more] = (await rest.text()).trim().split("\n");
    equal(JSON.parse(last!).index, 2);
    deepEqual(more, []);
  });

  const { instance, file } = second.slices[1]!;
  const path = "/v1/patients/p-17/segmentations?label=liver&store=true";
  const reference = {
    study: second.study,
    series: second.series,
    instance,
  };
  let png: Uint8Array<ArrayBuffer>;
  let stored: { study: string; series: string; instance: string };
  await t.step("a result is stored, and found again by a search", async () => {
    const json = await postJson(server, path, { dicomweb: reference });
    equal(json.status, 200);
    ({ stored } = await json.json());
    equal(stored.study, second.study);
    const answer = await server.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "image/png" },
      body: JSON.stringify({ image: { dicomweb: reference } }),
    });
    // The same result is the same object.
    equal(answer.headers.get("x-stored-instance"), stored.instance);
    png = await answer.bytes();
    const found = await archive.list(
      `studies/${second.study}/instances?Modality=SEG&includefield=00080018`,
    );
    deepEqual(
      found.map((dataset) => dataset["00080018"]!.Value[0]),
      [stored.instance],
    );
  });

  await t.step({
    name: "highdicom reads it from the archive",
    ignore: dicomPython === undefined,
    async fn() {
      const { study, series, instance } = stored;
      const segmentation = await archive.take(
        `studies/${study}/series/${series}/instances/${instance}`,
      );
      await checkByReaders(segmentation, [{ image: file, png }]);
    },
  });

  const { study: later, series: images } = second;
  for (const type of ["seg", "rtstruct"]) {
    await t.step(`a whole series is stored as ${type}`, async () => {
      const answer = await server.request(
        "/v1/patients/p-17/series?label=liver&store=true",
        {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: `application/dicom; type=${type}`,
          },
          body: JSON.stringify({ dicomweb: { study: later, series: images } }),
        },
      );
      const sent = await answer.bytes();
      equal(answer.status, 200, new TextDecoder().decode(sent));
      const uid = answer.headers.get("x-stored-instance")!;
      const [found] = await archive.list(
        `studies/${later}/instances?SOPInstanceUID=${uid}`,
      );
      const modality = found!["00080060"]!.Value[0];
      equal(modality, type === "seg" ? "SEG" : "RTSTRUCT");
      const taken = await archive.take(
        `studies/${later}/series/${
          found!["0020000E"]!.Value[0]
        }/instances/${uid}`,
      );
      // Byte for byte.
      deepEqual(taken, sent);
      if (type !== "seg" || dicomPython === undefined) return;
      const pairs = second.slices.map(({ file }, i) => ({
        image: file,
        png: encodePng(decodeRle(masks[i]!)),
      }));
      await checkByReaders(taken, pairs);
    });
  }

  await t.step("an image that was sent cannot be stored beside", async () => {
    const answer = await server.request(path, { method: "POST", body: file });
    const problem = await answer.json();
    equal(answer.status, 422);
    match(problem.detail, /query.store: needs an image of the archive/);
  });

  await t.step("what the archive does not have is not found", async () => {
    const answer = await postJson(server, path, {
      dicomweb: { ...reference, instance: "2.25.404" },
    });
    const problem = await answer.json();
    equal(answer.status, 404);
    match(problem.detail, /has no such study, series or instance/);
    ok(!JSON.stringify(problem).includes("2.25.404"));
  });

  await t.step("a series of several objects needs one named", async () => {
    const { instance: _, ...whole } = reference;
    const answer = await postJson(server, path, { dicomweb: whole });
    equal(answer.status, 422);
    const { errors } = await answer.json();
    equal(errors[0].path, "body.image.dicomweb.instance");
  });
  await Deno.remove(folder, { recursive: true });
}
