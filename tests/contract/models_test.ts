import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { copyDarker, copyTiny } from "../support/model_package.ts";
import { enrol, files, form, postJson, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

Deno.test("several models are served at once, chosen per request", async (t) => {
  const folder = await Deno.makeTempDir();
  const darker = await copyDarker(`${folder}/darker`, "darker");
  await using service = await openService(":memory:", {
    MODEL: `tiny, ${folder}/darker`,
  });
  const { app, services } = service;
  const tiny = services.models.default.manifest;
  const post = async (query: string, body = files.next) => {
    const path = `/v1/embeddings${query}`;
    const response = await app.request(path, { method: "POST", body });
    return { status: response.status, body: await response.json() };
  };
  const refuses = async (
    response: Response,
    [status, type]: [number, string],
    detail: RegExp,
  ) => {
    equal(response.status, status);
    const problem = await response.json();
    equal(problem.type, `/problems/${type}`);
    match(problem.detail, detail);
  };

  await t.step("the list marks the default", async () => {
    const { models } = await (await app.request("/v1/models")).json();
    deepEqual(
      models.map((m: Record<string, unknown>) => [m.id, m.digest, m.default]),
      [["tiny", tiny.digest, true], ["darker", darker.digest, false]],
    );
  });

  await t.step("each model makes a separate embedding", async () => {
    const byDefault = await post("");
    equal(byDefault.body.model.id, "tiny");
    equal((await post("?model=tiny")).status, 200, "the default is the first");
    const other = await post("?model=darker");
    deepEqual([other.status, other.body.model], [201, {
      id: "darker",
      digest: darker.digest,
    }]);
    notEqual(other.body.id, byDefault.body.id);
    const read = (id: string) => app.request(`/v1/embeddings/${id}`);
    const tensors = await Promise.all(
      [byDefault, other].map(async ({ body }) => (await read(body.id)).bytes()),
    );
    notEqual(tensors[0].toHex(), tensors[1].toHex());
  });

  await t.step("an embedding is of one model", async () => {
    const { body: { id } } = await post("?model=darker");
    const why =
      /embedding "[0-9a-f]{64}" was made by the model "darker", not by "tiny"/;
    const click = {
      embedding: id,
      points: [{ x: 242, y: 138, label: 1 }],
    };
    equal((await postJson(app, "/v1/masks?model=darker", click)).status, 200);
    const mismatch: [number, string] = [409, "model-mismatch"];
    await refuses(await postJson(app, "/v1/masks", click), mismatch, why);
    const drawn = { embedding: id, mask: files.mask };
    await refuses(await enrol(app, "p", "a", drawn), mismatch, why);
    equal((await enrol(app, "q", "a")).status, 201);
    for (const call of ["segmentations", "prompts"]) {
      const path = `/v1/patients/q/${call}`;
      await refuses(
        await postJson(app, path, { embedding: id }),
        mismatch,
        why,
      );
    }
  });

  await t.step("references of different models are not mixed", async () => {
    const put = (query: string, reference: string) =>
      app.request(`/v1/patients/p/references/${reference}${query}`, {
        method: "PUT",
        body: form({ image: files.image, mask: files.mask }),
      });
    equal((await put("?model=darker", "dark")).status, 201);
    await refuses(
      await segment(app, "p"),
      [409, "model-mismatch"],
      /were made by the model "darker", not by "tiny"/,
    );
    equal((await put("", "plain")).status, 201);
    for (const [model, reference] of [["tiny", "plain"], ["darker", "dark"]]) {
      const query = `?model=${model}&explain=true`;
      const answer = await (await segment(app, "p", files.next, query)).json();
      equal(answer.model.id, model);
      const proposers = answer.candidates.map((
        c: { reference: string },
      ) => c.reference);
      deepEqual([...new Set(proposers)], [reference]);
      const { body: { id } } = await post(`?model=${model}`);
      const path = `/v1/patients/p/prompts?model=${model}`;
      const { candidates } =
        await (await postJson(app, path, { embedding: id })).json();
      equal(candidates[0].reference, reference);
      deepEqual(candidates[0].points, answer.candidates[0].points);
    }
  });

  await t.step("an unknown model is refused by name", async () => {
    const unknown: [number, string] = [422, "invalid-input"];
    const why = /no model "vit-h" here; served: tiny, darker/;
    const path = "/v1/embeddings?model=vit-h";
    const body = files.next;
    await refuses(
      await app.request(path, { method: "POST", body }),
      unknown,
      why,
    );
    await refuses(
      await segment(app, "p", files.next, "?model=vit-h"),
      unknown,
      why,
    );
    await refuses(
      await segment(app, "p", files.next, "?model=a%2Fb"),
      [422, "validation"],
      /query\.model/,
    );
    await refuses(
      await app.request("/v1/embeddings?modle=tiny", { method: "POST", body }),
      [422, "validation"],
      /modle/,
    );
  });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("two packages of one id are refused at the start", async () => {
  const folder = await Deno.makeTempDir();
  await copyTiny(folder, {});
  await rejects(
    openService(":memory:", { MODEL: `tiny,${folder}` }),
    /two packages of the id "tiny"/,
  );
  await rejects(
    openService(":memory:", { MODEL: "tiny,,tiny" }),
    /MODEL must be ids or folders/,
  );
  await Deno.remove(folder, { recursive: true });
});
