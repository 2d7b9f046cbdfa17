import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import type { Scope } from "../../lib/access/caller.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { niftiOf } from "../support/series_bodies.ts";
import { enrol, files, form, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

type App = Awaited<ReturnType<typeof openService>>["app"];
const { first, second } = visits;
const { width, height } = first.image;
const blank = new Uint8Array(width * height);
const volume = niftiOf([second.image.data, blank], width, height);
const json = { result_extension: ".nii" };

const put = (app: App, path: string, body: FormData, headers = {}) =>
  app.request(`/monailabel/p${path}`, { method: "PUT", body, headers });
const infer = (app: App, query: string, fields: Parameters<typeof form>[0]) =>
  app.request(`/monailabel/p/infer/tiny${query}`, {
    method: "POST",
    body: form(fields),
  });

/** The parts of a multipart answer: its parameters, and its file. */
async function partsOf(response: Response) {
  equal(response.status, 200);
  const parts = await response.formData();
  const file = parts.get("image") as File;
  const params = parts.get("params")!;
  const text = typeof params === "string" ? params : await params.text();
  return { params: JSON.parse(text), file, bytes: await file.bytes() };
}

/** A label map of the first visit on the first slice of two: the structure, and a square in the corner. */
function labelMap() {
  const map = first.mask.data.map((value) => value === 0 ? 0 : 1);
  for (let y = 0; y < 60; y++) map.fill(7, y * width, y * width + 60);
  return niftiOf([map, blank], width, height);
}

Deno.test("two labels of a map are enrolled by their names, and answered as the program asks", async (t) => {
  await using service = await openService();
  const { app } = service;
  const image = niftiOf([first.image.data, blank], width, height);
  await put(app, "/datastore/?image=a", form({ file: image }));
  const label_info = [
    { name: "lesion", idx: 1 },
    { SegmentLabel: "corner", labelID: 7 },
  ];

  await t.step(
    "values without a name, and names that are none, are refused",
    async () => {
      for (
        const [params, said] of [
          ["{}", /value 1, which has no name/],
          [JSON.stringify({ label_info: label_info.slice(0, 1) }), /value 7/],
          [
            JSON.stringify({
              label_info: [{ name: "?", idx: 1 }, { name: "x", idx: 7 }],
            }),
            /label_info/,
          ],
          ["{", /not JSON/],
        ] as const
      ) {
        const response = await put(
          app,
          "/datastore/label?image=a",
          form({ label: labelMap(), params }),
        );
        ok(response.status === 422 || response.status === 400);
        match((await response.json()).detail, said);
      }
    },
  );

  await t.step(
    "a picture of one of the structures that are named",
    async () => {
      const data = first.mask.data.map((value) => value > 0 ? 7 : 0);
      const picture = encodePng({ ...first.mask, data, channels: 1 });
      await put(app, "/datastore/?image=b", form({ file: files.image }));
      const response = await put(
        app,
        "/datastore/label?image=b",
        form({ label: picture, params: JSON.stringify({ label_info }) }),
      );
      equal(response.status, 200, await response.clone().text());
      const { references: [reference] } = await response.json();
      match(reference.reference, /~corner$/);
      await app.request(`/v1/patients/p/references/${reference.reference}`, {
        method: "DELETE",
      });
    },
  );

  await t.step("saving enrols one reference for each label", async () => {
    const response = await put(
      app,
      "/datastore/label?image=a&tag=final",
      form({ label: labelMap(), params: JSON.stringify({ label_info }) }),
    );
    equal(response.status, 200, await response.clone().text());
    const { references } = await response.json();
    for (const [i, label] of ["lesion", "corner"].entries()) {
      match(references[i].reference, RegExp(`^a-[0-9a-f]{8}~0~${label}$`));
    }
    const stored = await (await app.request("/v1/patients/p")).json();
    deepEqual(
      stored.references.map((
        { label, position, mask }: {
          label: string;
          position: number;
          mask: { pixels: number };
        },
      ) => [label, position, mask.pixels]),
      [["corner", 0, 3600], [
        "lesion",
        0,
        first.mask.data.filter((value, i) =>
          value > 0 && !(i % width < 60 && i < 60 * width)
        ).length,
      ]],
    );
  });

  await t.step("OHIF's form: 16 bits, raw, the numbers of /info/", async () => {
    const info = await (await app.request("/monailabel/p/info")).json();
    const labels: Record<string, number> = info.models.tiny.labels;
    deepEqual({ ...labels }, { corner: 1, lesion: 2 });
    await put(app, "/datastore/image?image=b", form({ file: volume }));
    const { params, file, bytes } = await partsOf(
      await infer(app, "?image=b&output=all", {
        params: JSON.stringify({
          result_extension: ".nrrd",
          result_dtype: "uint16",
          result_compress: false,
          restore_label_idx: false,
        }),
      }),
    );
    match(file.name, /\.nrrd$/);
    const text = new TextDecoder("latin1").decode(bytes);
    match(text, /type: uint16[\s\S]*encoding: raw\n/);
    const data = bytes.slice(text.indexOf("\n\n") + 2);
    equal(data.length, 2 * 2 * width * height);
    const values = new Set(new Uint16Array(data.buffer));
    for (const [name, value] of Object.entries(params.label_names)) {
      equal(value, labels[name]);
      ok(values.has(value as number), name);
      equal(params.centroids[name].length, 4);
    }
  });

  await t.step("the parameters alone, and the file alone", async () => {
    const alone = await infer(app, "?image=b&output=json", {});
    const params = await alone.json();
    equal(params.slices, 2);
    const names: string[] = [
      ...Object.keys(params.label_names),
      ...params.absent,
    ];
    deepEqual(names.sort(), ["corner", "lesion"]);
    // In turn, without a gap.
    deepEqual(
      Object.values(params.label_names),
      Object.keys(params.label_names).map((_, i) => i + 1),
    );
    const file = await infer(app, "?image=b&output=image", {
      params: JSON.stringify(json),
    });
    match(file.headers.get("content-disposition")!, /\.nii"$/);
    equal((await file.bytes()).length, 352 + 2 * width * height);
  });

  await t.step("removing the label removes its references", async () => {
    const remove = (path: string) =>
      app.request(`/monailabel/p${path}`, { method: "DELETE" });
    equal((await remove("/datastore/label?id=a&tag=final")).status, 200);
    equal((await remove("/datastore/label?id=a&tag=final")).status, 404);
    equal((await remove("/datastore/image?id=a")).status, 200);
    equal((await remove("/datastore/image?id=a")).status, 404);
  });
});

Deno.test("another file of the same name keeps the first one's labels", async () => {
  await using service = await openService();
  const { app } = service;
  const label_info = [{ name: "lesion", idx: 1 }];
  const params = JSON.stringify({ label_info });
  const save = async (image: Uint8Array, mask: Uint8Array) => {
    const file = niftiOf([image, blank], width, height);
    await put(app, "/datastore/?image=CT", form({ file }));
    const map = mask.map((value) => value === 0 ? 0 : 1);
    const label = niftiOf([map, blank], width, height);
    const body = form({ label, params });
    const saved = await put(app, "/datastore/label?image=CT", body);
    equal(saved.status, 200, await saved.clone().text());
    return (await saved.json()).references[0].reference as string;
  };
  const stored = async () => {
    const answer = await app.request("/v1/patients/p");
    const { references } = await answer.json();
    return references.map(({ reference }: { reference: string }) => reference);
  };
  const remove = (path: string) =>
    app.request(`/monailabel/p${path}`, { method: "DELETE" });
  const one = await save(first.image.data, first.mask.data);
  const two = await save(second.image.data, second.mask.data);
  deepEqual(await stored(), [one, two].sort());
  equal(await save(second.image.data, second.mask.data), two);
  deepEqual(await stored(), [one, two].sort());

  // The file that is held is meant.
  equal((await remove("/datastore/label?id=CT")).status, 200);
  deepEqual(await stored(), [one]);
  equal((await remove("/datastore/image?id=CT")).status, 200);
  deepEqual(await stored(), [one]);
});

Deno.test("a picture is labelled and answered as PNG", async () => {
  await using service = await openService();
  const { app } = service;
  await put(app, "/datastore/", form({ file: files.image }));
  const listed = await (await app.request("/monailabel/p/datastore/")).json();
  deepEqual(listed, { total: 1, completed: 0, label_tags: {} });
  const saved = await put(
    app,
    "/datastore/label?image=file",
    form({ label: files.mask }),
  );
  equal(saved.status, 200, await saved.clone().text());
  equal((await saved.json()).references[0].label, "target");
  const { file, bytes } = await partsOf(
    await infer(app, "", { file: files.next }),
  );
  match(file.name, /\.png$/);
  deepEqual([...bytes.subarray(1, 4)], [..."PNG"].map((c) => c.charCodeAt(0)));
  const wrong = await infer(app, "", {
    file: files.next,
    params: '{"result_extension":".nrrd"}',
  });
  equal(wrong.status, 406);
});

Deno.test("a session ends with its time, its removal or its patient", async () => {
  await using service = await openService();
  const { app } = service;
  await enrol(app, "p", "r");
  const open = async (query = "") => {
    const response = await put(
      app,
      `/session/${query}`,
      form({ files: volume }),
    );
    equal(response.status, 200);
    return (await response.json()).session_id as string;
  };
  const [gone, erased] = [await open("?expiry=60"), await open()];
  const read = async (id: string) =>
    (await app.request(`/monailabel/p/session/${id}`)).status;
  equal(await read(gone), 200);
  // It is no image of the list, and another patient's server does not know it.
  const image = await app.request(
    `/monailabel/p/datastore/image?image=${gone}`,
  );
  equal(image.status, 404);
  equal((await app.request(`/monailabel/q/session/${gone}`)).status, 404);
  await app.request(`/monailabel/p/session/${gone}`, { method: "DELETE" });
  equal(await read(gone), 404);
  equal(await read(erased), 200);
  equal(
    (await app.request("/v1/patients/p", { method: "DELETE" })).status,
    204,
  );
  equal(await read(erased), 404);
  equal((await infer(app, `?session_id=${erased}`, {})).status, 404);
});

Deno.test("what cannot be used is refused with the reason", async () => {
  await using service = await openService();
  const { app } = service;
  const refused = async (
    response: Response | Promise<Response>,
    status: number,
    said: RegExp,
  ) => {
    const answer = await response;
    const problem = await answer.json();
    equal(answer.status, status, problem.detail);
    match(problem.detail, said);
  };
  const text = new TextEncoder().encode("no image at all");
  await refused(app.request("/monailabel/info/"), 404, /monailabel\/p-17/);
  await refused(app.request("/monailabel/a%20b/info/"), 422, /path.patient/);
  await refused(infer(app, "?image=x", {}), 404, /upload it again/);
  await refused(infer(app, "", {}), 422, /Name the image/);
  await refused(infer(app, "", { file: files.next }), 404, /save a label/);
  await enrol(app, "p", "r");
  await refused(infer(app, "", { file: text }), 415, /text/);
  await refused(
    infer(app, "", { file: files.next, label: files.mask }),
    422,
    /Scribbles/,
  );
  await refused(
    infer(app, "?output=dicom_seg", { file: files.next }),
    406,
    /output/,
  );
  await refused(
    infer(app, "", {
      file: files.next,
      params: '{"result_extension":".exe"}',
    }),
    422,
    /result_extension/,
  );
  await refused(put(app, "/session", form({ image: volume })), 422, /files/);
  await refused(
    put(app, "/session?uncompress=true", form({ files: volume })),
    422,
    /Archives/,
  );
  await put(app, "/datastore/?image=v", form({ file: volume }));
  await refused(
    put(
      app,
      "/datastore/label?image=v",
      form({ label: niftiOf([blank, blank], width, height) }),
    ),
    422,
    /empty/,
  );
  await refused(
    put(
      app,
      "/datastore/label?image=v",
      form({ label: niftiOf([first.mask.data], width, height) }),
    ),
    422,
    /grid of its image/,
  );
  await refused(app.request("/monailabel/p/train/"), 404, /nothing to train/);
  await refused(
    app.request("/monailabel/p/activelearning/best", { method: "POST" }),
    422,
    /first and random/,
  );
});

Deno.test("keys open the protocol by scope, after the client's own login; the trail names no patient", async () => {
  await using service = await openService();
  const { services } = service;
  const key = (name: string, scopes: Scope[]) => mintKey(name, "t", scopes);
  const doctor = key("doctor", ["read", "segment", "enrol"]);
  const viewer = key("viewer", ["read"]);
  const access = createAuthenticator({
    keys: parseKeys(`${doctor.entry},${viewer.entry}`),
  });
  const app = createApp(services, undefined, { access });
  const auth = await (await app.request("/monailabel/p/auth/")).json();
  equal(auth.enabled, true);
  equal((await app.request("/monailabel/p/info/")).status, 401);
  const login = await app.request("/monailabel/p/auth/token", {
    method: "POST",
    body: new URLSearchParams({ username: "x", password: doctor.secret }),
  });
  const { token_type, access_token } = await login.json();
  const headers = { authorization: `${token_type} ${access_token}` };
  const valid = "/monailabel/p/auth/token/valid";
  equal((await app.request(valid, { headers })).status, 200);
  equal((await app.request("/monailabel/p/info/", { headers })).status, 200);
  equal((await app.request("/monailabel/p/logs/", { headers })).status, 403);
  const asViewer = { authorization: `Bearer ${viewer.secret}` };
  const body = form({ files: volume });
  equal((await put(app, "/session/", body, asViewer)).status, 403);
  equal((await put(app, "/session/", body, headers)).status, 200);
  const large = await app.request("/monailabel/p/auth/token", {
    method: "POST",
    body: new URLSearchParams({ password: "x".repeat(5000) }),
  });
  equal(large.status, 413);
  const entries = await services.audit.read("t", { limit: 50 });
  equal(entries.length, 5);
  for (const { operation, names } of entries) {
    match(operation, /\/monailabel\/:patient\//);
    ok(!names.includes("p"));
  }
});
