import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  readSafetensors,
  writeSafetensors,
} from "../../lib/format/safetensors.ts";
import { enrol, files, postJson, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const MODELS = new URL("../parity/golden/models/", import.meta.url).pathname;

async function makeEmbedding(
  app: Awaited<ReturnType<typeof openService>>["app"],
) {
  const made = await app.request("/v1/embeddings", {
    method: "POST",
    body: files.next,
    headers: { "content-type": "image/png" },
  });
  equal(made.status, 201);
  return (await made.json()).id as string;
}

for (const id of ["random-natural", "random-sam2"]) {
  Deno.test(`${id}: end to end over HTTP, with both recipes`, async () => {
    await using service = await openService(":memory:", {
      MODEL: MODELS + id,
      THREADS: "1",
    });
    const { app } = service;
    equal((await enrol(app, "p", "r")).status, 201);
    const embedding = await makeEmbedding(app);

    const proposed: Record<string, { points: unknown[] }[]> = {};
    for (const recipe of ["medical", "natural"]) {
      const answer = await postJson(app, "/v1/patients/p/prompts", {
        embedding,
        recipe,
      });
      equal(answer.status, 200);
      proposed[recipe] = (await answer.json()).candidates;
    }
    const positives = (recipe: string) =>
      proposed[recipe].map(({ points }) => points.slice(0, -1));
    deepEqual(positives("natural"), positives("medical"));

    const masks = await postJson(app, "/v1/masks", {
      embedding,
      points: [{ x: 40, y: 60, label: 1 }],
    });
    equal(masks.status, 200);

    for (const recipe of ["medical", "natural"]) {
      const query = `?explain=true&recipe=${recipe}`;
      const answer = await segment(app, "p", files.next, query);
      equal(answer.status, 200);
      const { candidates, distance } = await answer.json();
      deepEqual(
        candidates.map(({ points }: { points: unknown[] }) => points),
        proposed[recipe].map(({ points }) => points),
      );
      const finite = candidates.map((c: { distance: number | null }) =>
        c.distance ?? Infinity
      );
      equal(distance ?? Infinity, Math.min(...finite));
    }
  });
}

Deno.test("a SAM 2 embedding is a bundle, and each of its tensors is checked", async () => {
  await using service = await openService(":memory:", {
    MODEL: `${MODELS}random-sam2`,
    THREADS: "1",
  });
  const { app } = service;
  const id = await makeEmbedding(app);
  const file = await (await app.request(`/v1/embeddings/${id}`)).bytes();
  const { metadata, tensors } = readSafetensors(file);
  deepEqual(
    Object.entries(tensors).map(([name, { dims }]) => [name, dims]),
    [
      ["high_res_feats_0", [1, 4, 64, 64]],
      ["high_res_feats_1", [1, 8, 32, 32]],
      ["image_embeddings", [1, 32, 16, 16]],
    ],
  );
  const upload = async (changed: typeof tensors) => {
    const body = writeSafetensors(
      { metadata, tensors: changed },
      () => "F16",
    );
    const answer = await app.request("/v1/embeddings", {
      method: "POST",
      body,
      headers: { "content-type": "application/x-safetensors" },
    });
    return { status: answer.status, detail: (await answer.json()).detail };
  };
  equal((await upload(tensors)).status, 201);
  const { high_res_feats_0: _, ...lacking } = tensors;
  const lack = await upload(lacking);
  equal(lack.status, 422);
  match(lack.detail, /needs the tensors high_res_feats_0, .* and has 2/);
  const [a, b] = [tensors.high_res_feats_0, tensors.high_res_feats_1];
  const swapped = await upload({
    ...tensors,
    high_res_feats_0: b,
    high_res_feats_1: a,
  });
  equal(swapped.status, 422);
  match(swapped.detail, /high_res_feats_0` needs the shape \[1,4,64,64\]/);
});

Deno.test("a model without the natural recipe's inputs refuses it and says what it lacks", async () => {
  await using service = await openService(":memory:", { MODEL: "tiny" });
  const { app } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const refused = await segment(app, "p", files.next, "?recipe=natural");
  equal(refused.status, 422);
  const problem = await refused.json();
  equal(problem.type, "/problems/recipe-unsupported");
  match(problem.detail, /attention_similarity, target_embedding/);
  ok((await app.request(problem.type)).ok);
  const unknown = await segment(app, "p", files.next, "?recipe=other");
  equal((await unknown.json()).type, "/problems/validation");
});
