import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createAnswerStore } from "../../lib/store/answers/answer_store.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { type Asked, files, form } from "../support/requests.ts";
import { openService } from "../support/service.ts";
import { openStore } from "../support/store.ts";

const whole = () => form({ image: files.image, mask: files.mask });

function put(app: Asked, key: string, body = whole(), patient = "p-17") {
  return app.request(`/v1/patients/${patient}/references/r`, {
    method: "PUT",
    headers: { "idempotency-key": key },
    body,
  });
}

async function problemOf(answer: Response, status: number, wanted: RegExp) {
  const problem = await answer.json();
  equal(answer.status, status, JSON.stringify(problem));
  match(problem.detail, wanted);
  return problem.type;
}

Deno.test("a request sent again under its key gets its first answer, and is not carried out again", async (t) => {
  await using service = await openService();
  const { app } = service;
  const first = await put(app, "k-1");
  equal(first.status, 201);
  equal(first.headers.get("idempotent-replayed"), null);
  const enrolled = await first.json();

  await t.step(
    "with the form made anew, and so with another boundary",
    async () => {
      for (const key of ["k-1", '"k-1"']) {
        const again = await put(app, key);
        equal(again.status, 201);
        equal(again.headers.get("idempotent-replayed"), "true");
        notEqual(
          again.headers.get("x-request-id"),
          first.headers.get("x-request-id"),
        );
        deepEqual(await again.json(), enrolled);
      }
      const kept = await (await app.request("/v1/patients/p-17")).json();
      equal(kept.labels[0].revision, 1);
    },
  );

  await t.step("another body or address is refused", async () => {
    const other = form({
      image: files.image,
      mask: files.mask,
      label: "liver",
    });
    const reused = await put(app, "k-1", other);
    const type = await problemOf(reused, 409, /used with another request/);
    equal(type, "/problems/key-reused");
    const elsewhere = await app.request("/v1/patients/p-17/segmentations", {
      method: "POST",
      headers: { "idempotency-key": "k-1", "content-type": "image/png" },
      body: files.next,
    });
    await problemOf(elsewhere, 409, /used with another request/);
  });

  await t.step("a key is a patient's own", async () => {
    equal((await put(app, "k-1", whole(), "p-18")).status, 201);
  });

  await t.step("it goes with the patient", async () => {
    await app.request("/v1/patients/p-17", { method: "DELETE" });
    const anew = await put(app, "k-1");
    equal(anew.status, 201);
    notEqual((await anew.json()).createdAt, enrolled.createdAt);
  });
});

Deno.test("files and headers are given again too, also where no patient is concerned", async () => {
  await using service = await openService();
  const { app } = service;
  await put(app, "k");
  const segment = () =>
    app.request("/v1/patients/p-17/segmentations", {
      method: "POST",
      headers: {
        "idempotency-key": "s",
        "content-type": "image/png",
        accept: "image/png",
      },
      body: files.next,
    });
  const [first, again] = [await segment(), await segment()];
  equal(again.headers.get("idempotent-replayed"), "true");
  equal(again.headers.get("x-receipt"), first.headers.get("x-receipt"));
  equal(again.headers.get("content-type"), "image/png");
  deepEqual(await again.bytes(), await first.bytes());

  const embed = () =>
    app.request("/v1/embeddings", {
      method: "POST",
      headers: { "idempotency-key": "e" },
      body: files.image,
    });
  const made = await embed();
  const repeated = await embed();
  equal(repeated.status, made.status);
  equal(repeated.headers.get("location"), made.headers.get("location"));
  equal(repeated.headers.get("idempotent-replayed"), "true");
});

Deno.test("while the first is running, the same key is refused", async () => {
  await using service = await openService();
  const { app } = service;
  const answers = await Promise.all([put(app, "k"), put(app, "k")]);
  deepEqual(answers.map(({ status }) => status).sort(), [201, 409]);
  const refused = answers.find(({ status }) => status === 409)!;
  await problemOf(refused, 409, /still running/);
  equal(refused.headers.get("retry-after"), "2");
  equal((await put(app, "k")).status, 201);
});

Deno.test("a key is free some seconds after the process of its request ended", async () => {
  await using kv = await openStore();
  let now = 1e6;
  const answers = createAnswerStore(new RecordStore(kv, { now: () => now }));
  const whose = { tenant: "t", caller: "c", patient: "p", key: "k" };
  const claim = (holder: string) => answers.claim(whose, holder, 30_000);
  equal(await claim("first"), true);
  now += 20_000;
  equal(await claim("second"), false);
  equal(await claim("first"), true, "it goes on");
  now += 20_000;
  await answers.release(whose, "second");
  equal(await claim("second"), false, "it is not the second's to end");
  now += 10_001;
  equal(await claim("second"), true);
  await answers.release(whose, "second");
  equal(await claim("third"), true);
});

Deno.test("what was refused or failed is not kept", async () => {
  await using service = await openService();
  const { app, services } = service;
  const broken = form({ image: files.image });
  equal((await put(app, "k", broken)).status, 422);
  equal((await put(app, "k")).status, 201);

  const failing = createApp({
    ...services,
    profiles: {
      ...services.profiles,
      list: () => Promise.reject(new Error("The disk failed.")),
    },
  });
  const log = console.error;
  console.error = () => {};
  try {
    equal((await put(failing, "f")).status, 500);
  } finally {
    console.error = log;
  }
  const after = await put(app, "f");
  equal(after.headers.get("idempotent-replayed"), null);
  equal(after.status, 200);
});

Deno.test("a key that cannot be kept, or has no use, is refused", async () => {
  await using service = await openService();
  const { app } = service;
  await problemOf(await put(app, "a b"), 422, /visible ASCII/);
  await problemOf(await put(app, "k".repeat(256)), 422, /1 to 255/);
  const series = await app.request("/v1/patients/p-17/series", {
    method: "POST",
    headers: { "idempotency-key": "k" },
    body: new FormData(),
  });
  await problemOf(series, 422, /continue a series by its cursor/);
});

Deno.test("a key is taken for a reference that is named as a stream is", async () => {
  await using service = await openService();
  const { app } = service;
  for (const name of ["series", "uploads", "enrolments"]) {
    const put = () =>
      app.request(`/v1/patients/uploads/references/${name}`, {
        method: "PUT",
        headers: { "idempotency-key": name },
        body: whole(),
      });
    equal((await put()).status, 201);
    equal((await put()).headers.get("idempotent-replayed"), "true");
  }
});

Deno.test("a body that the route leaves unread is no obstacle: over HTTP every POST has one", async () => {
  await using service = await openService();
  const { app } = service;
  for (const key of ["a", "b"]) equal((await put(app, key)).ok, true);
  for (const body of ["", "{}"]) {
    const restore = () =>
      app.request(
        "/v1/patients/p-17/labels/target/revisions/1/restore",
        { method: "POST", headers: { "idempotency-key": `r${body}` }, body },
      );
    const first = await restore();
    equal(first.status, 200);
    const { revision } = await first.json();
    const again = await restore();
    equal(again.headers.get("idempotent-replayed"), "true");
    equal((await again.json()).revision, revision);
  }
});

Deno.test("in an encrypted store, neither key nor answer is legible, and an unknown patient keeps none", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/kv`;
  try {
    await using service = await openService(path, {
      OPERATOR_KEYS: stated(operatorKey("k1")),
    });
    const { app, services } = service;
    equal((await put(app, "plain-key")).status, 201);
    const whose = { tenant: "default", caller: "c", patient: "gone", key: "k" };
    const body = new Uint8Array([1]);
    const answer = { request: "", status: 200, headers: [], body };
    await services.answers.keep(whose, answer);
    equal(await services.answers.find(whose), null);
    using kv = await Deno.openKv(path);
    let seen = "";
    for await (const { key, value } of kv.list({ prefix: [] })) {
      seen += Deno.inspect([key, value], { iterableLimit: 1e6, depth: 9 });
    }
    for (const secret of ["plain-key", "p-17", "createdAt", "gone"]) {
      equal(seen.includes(secret), false, secret);
    }
    equal(
      (await put(app, "plain-key")).headers.get("idempotent-replayed"),
      "true",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
