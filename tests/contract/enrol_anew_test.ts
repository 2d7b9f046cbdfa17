import { deepEqual, equal, match } from "node:assert/strict";
import { copyDarker, TINY } from "../support/model_package.ts";
import { inFolder } from "../support/in_folder.ts";
import { enrol, files, form, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { freshPath } from "../support/store.ts";

interface Listed {
  references: { reference: string; label: string; modelId?: string }[];
  waiting: { reference: string; modelId: string | null; needs: string }[];
}

Deno.test("a new default model strands no patient: the old one serves on, and the image alone enrols anew", () =>
  inFolder(async (folder) => {
    const path = await freshPath(`${folder}/edge.kv`);
    const { image, mask, next } = files;
    const read = async (
      app: { request(path: string): Response | Promise<Response> },
    ) => await (await app.request("/v1/patients/p")).json() as Listed;
    let before: { mask: unknown };
    {
      await using old = await openService(path);
      const fields = { image, mask, label: "liver", position: "0.25" };
      equal((await enrol(old.app, "p", "r", fields)).status, 201);
      const { id } = await (await old.app.request("/v1/embeddings", {
        method: "POST",
        body: image,
      })).json();
      equal(
        (await enrol(old.app, "p", "s", {
          embedding: id,
          mask,
          label: "liver",
        })).status,
        201,
      );
      before = await (await segment(old.app, "p", next, "?label=liver")).json();
      deepEqual((await read(old.app)).waiting, []);
    }
    await copyDarker(`${folder}/darker`, "darker");
    await using service = await openService(path, {
      MODEL: `${folder}/darker,tiny`,
      MODELS: TINY.MODELS,
    });
    const { app } = service;
    deepEqual(
      (await read(app)).waiting.map((
        { reference, modelId, needs },
      ) => [reference, modelId, needs]),
      [
        ["r", "tiny", "image"],
        ["s", "tiny", "image and annotation"],
      ],
    );
    const still =
      await (await segment(app, "p", next, "?label=liver&model=tiny")).json();
    deepEqual(still.mask, before.mask);
    equal((await segment(app, "p", next, "?label=liver")).status, 409);

    const refused = async (
      name: string,
      fields: Record<string, Uint8Array<ArrayBuffer>>,
      why: RegExp,
    ) => {
      const response = await enrol(app, "p", name, fields);
      equal(response.status, 422);
      match((await response.json()).detail, why);
    };
    await refused("r", { image: next }, /another file, or frame/);
    await refused(
      "s",
      { image },
      /needs either mask, prompts or rle, and has none/,
    );
    await refused("new", { image }, /and has none/);
    const anew = await enrol(app, "p", "r", { image });
    equal(anew.status, 200, await anew.clone().text());
    const { label, position, modelId, mask: reading } = await anew.json();
    deepEqual([label, position, modelId, reading.kind], [
      "liver",
      0.25,
      "darker",
      "binary",
    ]);
    // The same as with the mask itself.
    const again = await enrol(app, "p", "q", {
      image,
      mask,
      label: "liver",
      position: "0.25",
    });
    deepEqual(reading, (await again.json()).mask);
    deepEqual((await read(app)).waiting.map(({ reference }) => reference), [
      "s",
    ]);
    equal((await segment(app, "p", next, "?label=liver")).status, 200);
    equal(
      (await app.request("/v1/patients/p", { method: "DELETE" })).status,
      204,
    );
    equal(
      (await app.request("/v1/patients/p/references/r", {
        method: "PUT",
        body: form({ image }),
      })).status,
      422,
    );
  }));
