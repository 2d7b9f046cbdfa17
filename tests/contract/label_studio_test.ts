import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { createCatalogue } from "../../lib/engine/catalogue.ts";
import type { EngineFor } from "../../lib/engine/work.ts";
import { describeMask } from "../../lib/format/mask/document.ts";
import { readLabelConfig } from "../../lib/label_studio/label_config.ts";
import { type Region, regionsOf } from "../../lib/label_studio/regions.ts";
import { files, postJson, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const CONFIG = `<View><Image name="img" value="$image"/>
  <BrushLabels name="tag" toName="img"><Label value="lesion"/><Label value="other"/></BrushLabels></View>`;
const uri = (bytes: Uint8Array) => `data:image/png;base64,${bytes.toBase64()}`;
const annotated = (label = "lesion") =>
  regionsOf(describeMask(visits.first.mask), label, readLabelConfig(CONFIG), 1);
const event = (
  image: string,
  result: Region[] = annotated(),
  action = "ANNOTATION_CREATED",
) => ({
  action,
  annotation: { id: 3, result },
  task: { id: 41, data: { image } },
  project: { id: 1, label_config: CONFIG },
});
const predict = (image: string, label_config = CONFIG) => ({
  tasks: [{ id: 42, data: { image } }],
  project: "1.2",
  label_config,
});
const at = (path: string) => `/label-studio/p${path}`;

Deno.test("an accepted annotation enrols, and the next task is predicted", async () => {
  await using service = await openService();
  const { app } = service;
  const health = await (await app.request(at("/health"))).json();
  equal(health.status, "UP");
  const setup = await postJson(app, at("/setup"), { schema: CONFIG });
  const versionNow = async () => {
    const answer = await postJson(app, at("/setup"), { schema: CONFIG });
    return (await answer.json()).model_version;
  };
  const model = (await setup.json()).model_version;
  match(model, /^tiny-[0-9a-f]{12}$/);
  const next = predict(uri(files.next));
  const before = await (await postJson(app, at("/predict"), next)).json();
  deepEqual(before.results[0].result, []);

  const saved = await postJson(app, at("/webhook"), event(uri(files.image)));
  equal(saved.status, 201, await saved.clone().text());
  deepEqual((await saved.json()).references, ["task-41~lesion"]);
  const after = await (await postJson(app, at("/predict"), next)).json();
  const enrolled = await versionNow();
  match(enrolled, RegExp(`^${model}-[0-9a-f]{8}$`));
  deepEqual([after.model_version, after.results[0].model_version], [
    enrolled,
    enrolled,
  ]);
  equal(await versionNow(), enrolled);
  const segmented = await app.request(
    "/v1/patients/p/segmentations?label=lesion",
    {
      method: "POST",
      body: files.next,
    },
  );
  const { mask } = await segmented.json();
  const [{ result }] = after.results;
  deepEqual(
    result.map(({ value }: Region) => value),
    regionsOf(mask, "lesion", readLabelConfig(CONFIG), 1)
      .map(({ value }) => value),
  );

  // An update takes the place of what the task had; what is not accepted is left alone.
  const update = event(
    uri(files.image),
    annotated("other"),
    "ANNOTATION_UPDATED",
  );
  deepEqual(
    (await (await postJson(app, at("/webhook"), update)).json()).references,
    ["task-41~other"],
  );
  // Tasks that were predicted are predicted again.
  notEqual(await versionNow(), enrolled);
  const skipped = await postJson(
    app,
    at("/webhook"),
    event(uri(files.image), [], "TASKS_CREATED"),
  );
  equal(skipped.status, 201);
  const { references } = await (await app.request("/v1/patients/p")).json();
  deepEqual(
    references.map(({ reference }: { reference: string }) => reference),
    ["task-41~other"],
  );
});

Deno.test("every task of many is predicted; one that cannot be spoils no other", async () => {
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(files.next),
  );
  await using service = await openService(":memory:", {
    LABEL_STUDIO_URL: `http://127.0.0.1:${host.addr.port}`,
  });
  const { app } = service;
  await postJson(app, at("/webhook"), event(uri(files.image)));
  const image = "/data/next.png";
  const broken = "data:image/png;base64,!!!";
  const { error } = console;
  const said: string[] = [];
  console.error = (line) => said.push(line);
  const answer = await postJson(app, at("/predict"), {
    tasks: Array.from({ length: 70 }, (_, i) => ({
      id: i,
      data: i === 3 ? {} : { image: i === 5 ? broken : image },
    })),
    label_config: CONFIG,
  });
  console.error = error;
  equal(answer.status, 200);
  const { results, model_version } = await answer.json();
  deepEqual(
    results.map(({ result }: { result: Region[] }) => result.length),
    Array.from({ length: 70 }, (_, i) => i === 3 || i === 5 ? 0 : 1),
  );
  equal(results[4].model_version, model_version);
  notEqual(results[5].model_version, model_version);
  deepEqual(
    said.map((line) => JSON.parse(line)).map(({ task, type }) => [task, type]),
    [[3, "/problems/invalid-input"], [5, "/problems/invalid-input"]],
  );
});

Deno.test("an annotation is enrolled when Label Studio has hung up, and when the workers were busy", async () => {
  await using service = await openService();
  const { services } = service;
  const served = services.models.default;
  const leave = new AbortController();
  let tries = 0;
  const engineFor: EngineFor = (work) => {
    const engine = served.engineFor(work);
    return {
      ...engine,
      enrol: (...args) => {
        leave.abort();
        if (++tries === 1) throw new EdgeError("busy", "All are busy.");
        return engine.enrol(...args);
      },
    };
  };
  const models = createCatalogue([{ ...served, engineFor }]);
  const app = createApp({ ...services, models });
  const answer = await app.request(at("/webhook"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(event(uri(files.image))),
    signal: leave.signal,
  });
  equal(answer.status, 201);
  equal(tries, 2);
  const { references } = await (await app.request("/v1/patients/p")).json();
  deepEqual(references.length, 1);
});

Deno.test("a region on another image of the task is not enrolled on the one that is marked", async () => {
  await using service = await openService();
  const { app } = service;
  const two = CONFIG.replace(
    "</View>",
    `<Image name="second" value="$other"/>
     <BrushLabels name="tag2" toName="second"><Label value="lesion"/></BrushLabels></View>`,
  );
  const [own] = annotated("lesion");
  const elsewhere = annotated("other")
    .map((region) => ({ ...region, from_name: "tag2", to_name: "second" }));
  const send = async (result: unknown[], label_config?: string) => {
    const image = uri(files.image);
    const response = await postJson(app, at("/webhook"), {
      action: "ANNOTATION_CREATED",
      annotation: { id: 3, result },
      task: {
        id: 41,
        data: label_config ? { image, other: uri(files.next) } : { image },
      },
      project: { id: 1, label_config },
    });
    return { status: response.status, body: await response.json() };
  };
  const both = await send([own, ...elsewhere], two);
  deepEqual(both.body.references, ["task-41~lesion"]);
  deepEqual((await send(elsewhere, two)).body.references, []);
  // Without the interface it cannot be told which image is meant.
  const unknown = await send([own, ...elsewhere]);
  equal(unknown.status, 422);
  match(unknown.body.detail, /which image/);
  deepEqual((await send([own])).body.references, ["task-41~lesion"]);
  const paged = await send([{ ...own, item_index: 1 }], CONFIG);
  equal(paged.status, 422);
  match(paged.body.detail, /pages/);
});

Deno.test("images come as data URIs or from the host that is named; no other host is asked", async (t) => {
  const asked: string[] = [];
  let elsewhereAsked = 0;
  await using elsewhere = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => {
      elsewhereAsked++;
      return new Response(files.image);
    },
  );
  const other = `http://127.0.0.1:${elsewhere.addr.port}`;
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      asked.push(`${pathname} ${request.headers.get("authorization")}`);
      if (pathname === "/data/redirect.png") {
        return Response.redirect(`${other}/x.png`);
      }
      if (pathname === "/data/large.png") {
        return new Response(new Uint8Array(2 ** 20 + 1));
      }
      if (pathname === "/data/broken.png") {
        return new Response("", { status: 502 });
      }
      if (pathname !== "/data/1.png") return new Response("", { status: 404 });
      return new Response(files.image);
    },
  );
  const url = `http://127.0.0.1:${host.addr.port}`;
  await using service = await openService(":memory:", {
    LABEL_STUDIO_URL: url,
    LABEL_STUDIO_TOKEN: "a-token-of-tests",
    MAX_BYTES: `${2 ** 20}`,
  });
  const send = async (image: string) => {
    const response = await postJson(service.app, at("/webhook"), event(image));
    return { status: response.status, body: await response.json() };
  };
  await t.step("a path, and an address of the host", async () => {
    for (const image of ["/data/1.png", `${url}/data/1.png`]) {
      equal((await send(image)).status, 201);
    }
    deepEqual(new Set(asked), new Set(["/data/1.png Token a-token-of-tests"]));
  });
  const refusals: [string, number, RegExp][] = [
    [`${other}/x.png`, 422, /another host/],
    [`//127.0.0.1:${elsewhere.addr.port}/x.png`, 422, /another host/],
    [`http://a:b@127.0.0.1:${host.addr.port}/data/1.png`, 422, /another host/],
    ["file:///etc/passwd", 422, /another host/],
    ["s3://bucket/1.png", 422, /another host/],
    ["/data/redirect.png", 422, /redirects/],
    ["/data/large.png", 413, /larger/],
    ["/data/none.png", 422, /answered 404/],
    ["/data/broken.png", 503, /answered 502/],
    ["data:image/png;base64,!!!", 422, /base64/],
    ["data:image/png,abc", 422, /base64/],
  ];
  for (const [image, status, said] of refusals) {
    await t.step(`refused: ${image.replace(/:\d+/, "")}`, async () => {
      const { status: got, body } = await send(image);
      equal(got, status, body.detail);
      match(body.detail, said);
    });
  }
  equal(elsewhereAsked, 0);
  await t.step("no host is named", async () => {
    await using bare = await openService();
    const response = await postJson(
      bare.app,
      at("/webhook"),
      event("/data/1.png"),
    );
    equal(response.status, 404);
    match((await response.json()).detail, /LABEL_STUDIO_URL/);
  });
});

Deno.test("what cannot be used is refused; a key is the password that Label Studio sends", async () => {
  await using service = await openService();
  const { app, services } = service;
  const refusals: [string, unknown, number][] = [
    ["/setup", { schema: "<View/>" }, 422],
    ["/predict", { tasks: [] }, 422],
    ["/webhook", { action: "ANNOTATION_CREATED" }, 422],
    [
      "/webhook",
      event(uri(files.image), [{ type: "brushlabels" } as Region]),
      422,
    ],
    ["/webhook", event(uri(new TextEncoder().encode("no image"))), 415],
    ["/webhook", "{", 400],
  ];
  for (const [path, body, status] of refusals) {
    const response = await postJson(app, at(path), body);
    equal(response.status, status, await response.clone().text());
    match(response.headers.get("content-type")!, /problem\+json/);
    await response.body?.cancel();
  }
  const reader = mintKey("reader", "t", ["read"]);
  const access = createAuthenticator({ keys: parseKeys(reader.entry) });
  const closed = createApp(services, undefined, { access });
  const statusOf = async (path: string, authorization?: string) =>
    (await closed.request(at(path), {
      method: path === "/health" ? "GET" : "POST",
      headers: authorization ? { authorization } : {},
    })).status;
  const basic = `Basic ${btoa(`label-studio:${reader.secret}`)}`;
  equal(await statusOf("/health"), 401);
  equal(await statusOf("/health", basic), 200);
  equal(await statusOf("/health", `Basic ${btoa("x:wrong")}`), 401);
  equal(await statusOf("/health", "Basic !"), 401);
  ok([401, 403].includes(await statusOf("/webhook", basic)));
});
