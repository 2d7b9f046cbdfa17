import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createApp } from "../../functions/app.ts";
import {
  sealSubject,
  warnOfOther,
} from "../../functions/patients/other_patient.ts";
import { mintKey } from "../../lib/access/api_keys.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { parseKeys } from "../../lib/access/api_keys.ts";
import { SCOPES } from "../../lib/access/caller.ts";
import { concat } from "../../lib/core/bytes.ts";
import { readIdentity } from "../../lib/dicom/data_set/identity.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";
import {
  drawStudy,
  replaceText,
  writeSlice,
} from "../support/archived_patient.ts";
import { toDicom } from "../support/dicom_files.ts";
import { openService } from "../support/service.ts";
import { enrol, files, postJson, segment } from "../support/requests.ts";
import { unzip } from "../support/unzip.ts";

const own = drawStudy(1);
const other = drawStudy(2);
const { study, series } = own;
const { instance, file } = own.slices[0]!;
const annotation = own.annotation;
const TOKEN = "a-token-of-the-archive";
const MAX_BYTES = 2 ** 20;

/** What the archive answers to a request of this path below its root. */
type Answer = (path: string, request: Request) => Response | Promise<Response>;

/** A server on a socket of its own, which answers what it is told and remembers what it was asked. */
function host(answer: Answer) {
  const asked: string[] = [];
  const stop = new AbortController();
  const server = Deno.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      onError: closed,
      signal: stop.signal,
    },
    (request) => {
      const { pathname, search } = new URL(request.url);
      asked.push(`${request.method} ${pathname}${search}`);
      return answer(pathname.replace("/dicom-web/", ""), request);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    asked,
    // Answers that hang are not waited for.
    [Symbol.asyncDispose]() {
      stop.abort();
      return server.finished;
    },
  };
}

const closed = () => new Response(null, { status: 500 });

const related = (...parts: Uint8Array<ArrayBuffer>[]) =>
  new Response(
    new Blob([
      ...parts.flatMap((part) => [
        "\r\n--B\r\ncontent-type: application/dicom\r\n\r\n",
        part,
      ]),
      "\r\n--B--\r\n",
    ]),
    {
      headers: {
        "content-type":
          'multipart/related; type="application/dicom"; boundary=B',
      },
    },
  );
const json = (value: unknown, status = 200) =>
  new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/dicom+json" },
  });
const ui = (Value: unknown) => ({ vr: "UI", Value: [Value] });

/** An archive that does as it should, but for what a test overrides. */
const honest = (elsewhere: string): Answer => (path, request) => {
  if (request.method === "POST") {
    return json({
      "00081199": { vr: "SQ", Value: [{ "00081155": ui("any") }] },
    });
  }
  if (path.endsWith("/metadata")) {
    return json(own.slices.map(({ instance }, i) => ({
      "00081190": ui(`${elsewhere}studies`),
      "0020000D": ui(study),
      "0020000E": ui(series),
      "00080018": ui(instance),
      "00200032": { vr: "DS", Value: [0, 0, -i] },
      "00200037": { vr: "DS", Value: [1, 0, 0, 0, 1, 0] },
      "7FE00010": { vr: "OW", BulkDataURI: `${elsewhere}pixels` },
    })));
  }
  if (path.includes(annotation.series)) return related(annotation.file);
  const found = own.slices.find(({ instance }) => path.endsWith(instance));
  return found ? related(found.file) : new Response(null, { status: 404 });
};

/** Sends its bytes, and then more of them without end. */
const endless = (...first: Uint8Array<ArrayBuffer>[]) =>
  new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => first.forEach((one) => controller.enqueue(one)),
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
const text = (content: string) => new TextEncoder().encode(content);
const HEAD = "--B\r\ncontent-type: application/dicom\r\n\r\n";
const TYPE = { "content-type": "multipart/related; boundary=B" };

const bomb = new Uint8Array(
  gzipSync(concat([text(HEAD), file, new Uint8Array(8 * MAX_BYTES)])),
);

/** What an archive does in place of answering the image, and the problem that a caller is told. */
const HOSTILE: Record<
  string,
  { answer: (elsewhere: string) => Response | Promise<Response>; code: string }
> = {
  "hangs": {
    answer: () => new Promise(() => {}),
    code: "archive-unavailable",
  },
  "hangs inside its answer": {
    answer: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(text(HEAD)),
        }),
        { headers: TYPE },
      ),
    code: "archive-unavailable",
  },
  "is always busy": {
    answer: () => new Response("busy", { status: 503 }),
    code: "archive-unavailable",
  },
  "redirects elsewhere": {
    answer: (elsewhere) => Response.redirect(`${elsewhere}instance`, 302),
    code: "archive-failed",
  },
  "sends another instance": {
    answer: () => related(own.slices[1]!.file),
    code: "archive-failed",
  },
  "sends an instance of another patient's study": {
    answer: () => related(other.slices[0]!.file),
    code: "archive-failed",
  },
  "sends two instances": {
    answer: () => related(file, other.slices[0]!.file),
    code: "archive-failed",
  },
  "sends none": { answer: () => related(), code: "archive-failed" },
  "sends half an instance": {
    answer: () =>
      new Response(new Blob([HEAD, file.subarray(0, 5000)]), { headers: TYPE }),
    code: "archive-failed",
  },
  "sends the head of an instance alone": {
    answer: () => related(file.slice(0, 300)),
    code: "archive-failed",
  },
  "sends a file that is no DICOM": {
    answer: () => related(text("%PDF-1.7 somebody's report")),
    code: "archive-failed",
  },
  "sends a body without end": {
    answer: () => new Response(endless(text(HEAD), file), { headers: TYPE }),
    code: "too-many-bytes",
  },
  "sends headers without end": {
    answer: () => new Response(endless(text("--B\r\nx: ")), { headers: TYPE }),
    code: "archive-failed",
  },
  "sends another type": {
    answer: () =>
      new Response("<p>Please sign in</p>", {
        headers: { "content-type": "text/html" },
      }),
    code: "archive-failed",
  },
  "states no boundary": {
    answer: () =>
      new Response(new Blob([HEAD, file, "\r\n--B--"]), {
        headers: { "content-type": "multipart/related" },
      }),
    code: "archive-failed",
  },
  "inflates to much more than it sends": {
    answer: () =>
      new Response(new Blob([bomb]), {
        headers: { ...TYPE, "content-encoding": "gzip" },
      }),
    code: "too-many-bytes",
  },
  "refuses the credentials": {
    answer: () => new Response(null, { status: 401 }),
    code: "archive-failed",
  },
  "fails": {
    answer: () =>
      new Response(`no ${instance} of Roe^Richard`, { status: 500 }),
    code: "archive-failed",
  },
};

const reference = { study, series, instance };
const enrolment = {
  image: { dicomweb: reference },
  mask: { dicomweb: { study, series: annotation.series, instance: "2.25.1" } },
  label: "lesion",
};

/** Everything that must name neither credentials nor what is in the archive. */
async function withSecrets<T>(run: (said: string[]) => Promise<T>): Promise<T> {
  const said: string[] = [];
  const { error, log } = console;
  console.error = console.log = (...args) => said.push(args.join(" "));
  try {
    return await run(said);
  } finally {
    console.error = error;
    console.log = log;
    const secrets = [TOKEN, study, series, instance, "Roe^Richard"];
    for (const secret of secrets) {
      ok(!said.some((line) => line.includes(secret)), `${secret} was said`);
    }
  }
}

Deno.test("an archive that hangs, lies, redirects or mixes patients up: a clear problem, and nothing is kept", async (t) => {
  await using elsewhere = host(() => related(file));
  let image: Answer = honest(elsewhere.url);
  await using archive = host((path, request) =>
    path.endsWith(`instances/${instance}`)
      ? image(path, request)
      : honest(elsewhere.url)(path, request)
  );
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web`,
    DICOMWEB_TOKEN: TOKEN,
    DICOMWEB_TIMEOUT: "1",
    MAX_BYTES: `${MAX_BYTES}`,
  });
  for (const [name, { answer, code }] of Object.entries(HOSTILE)) {
    await t.step(`it ${name}`, () =>
      withSecrets(async (said) => {
        const log = (line: unknown) => said.push(JSON.stringify(line));
        const app = createApp(service.services, undefined, { log });
        image = () => answer(elsewhere.url);
        const path = "/v1/patients/p-17/references/ct-1";
        const refused = await app.request(path, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(enrolment),
        });
        const problem = await refused.json();
        equal(problem.type, `/problems/${code}`, JSON.stringify(problem));
        said.push(JSON.stringify(problem));
        equal((await app.request(path)).status, 404);
        said.push(await (await app.request("/metrics")).text());
        deepEqual(elsewhere.asked, []);
      }));
  }
});

/** An archive whose every answer is these bytes, then the end of the connection. */
function rawHost(...sent: Uint8Array[]) {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const serving = (async () => {
    for await (const connection of listener) {
      try {
        await connection.read(new Uint8Array(65_536));
        const writer = connection.writable.getWriter();
        for (const part of sent) await writer.write(part);
        await writer.close();
      } catch {
        // The client has gone.
      }
    }
  })();
  return {
    url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

Deno.test("an archive that states another length than it sends is no answer", async (t) => {
  const body = concat([text(HEAD), file, text("\r\n--B--\r\n")]);
  const head = (length: number | string) =>
    text(
      "HTTP/1.1 200 OK\r\ncontent-type: multipart/related; boundary=B\r\n" +
        `content-length: ${length}\r\n\r\n`,
    );
  const lies: [string, Uint8Array[], string][] = [
    ["more", [head(body.length + 9), body], "archive-unavailable"],
    ["fewer", [head(body.length - 99), body], "archive-failed"],
    ["far more than may come", [head(2 ** 40), body], "archive-unavailable"],
    ["no number", [head("many"), body], "archive-unavailable"],
  ];
  for (const [name, sent, code] of lies) {
    await t.step(name, async () => {
      await using archive = rawHost(...sent);
      await using service = await openService(undefined, {
        DICOMWEB_URL: `${archive.url}dicom-web`,
        DICOMWEB_TIMEOUT: "5",
      });
      const answer = await postJson(service.app, "/v1/previews", {
        dicomweb: reference,
      });
      const problem = await answer.json();
      equal(problem.type, `/problems/${code}`, JSON.stringify(problem));
    });
  }
});

Deno.test("an archive that is busy is asked again, and an image then segmented", async () => {
  let busy = 2;
  await using archive = host((path, request) =>
    busy-- > 0
      ? new Response(null, { status: 503 })
      : honest("http://x.invalid/")(path, request)
  );
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web`,
  });
  const { app } = service;
  const answer = await postJson(app, "/v1/previews", { dicomweb: reference });
  equal(answer.status, 200);
  equal(archive.asked.length, 3);
  const named = await postJson(app, "/v1/previews?frame=0", {
    image: { dicomweb: { ...reference, frame: 0 } },
  });
  equal(named.status, 422);
});

/** A slice that shows no structure. */
const noise = (() => {
  const random = mulberry32(3);
  const [width, height] = [384, 384];
  const data = Uint8Array.from(
    { length: width * height },
    () => 80 + 60 * random(),
  );
  const picture = { width, height, channels: 1 as const, data };
  const file = writeSlice(picture, { study, series, number: 1, place: 9 });
  return { instance: "2.25.139", file };
})();

Deno.test("a series of objects of one frame and of several, of which some fail, is segmented in order", async () => {
  const frames = [1, 2].map((number) => drawVisit(number).image);
  const whole = { ...readIdentity(toDicom(frames))!, file: toDicom(frames) };
  const single = writeSlice(frames[0]!, {
    study: whole.study,
    series: whole.series,
    number: 7,
    place: 0,
  });
  const asked: string[] = [];
  await using archive = host((path) => {
    asked.push(path);
    if (path.endsWith("/metadata")) {
      const of = { "0020000D": ui(whole.study), "0020000E": ui(whole.series) };
      return json([
        { ...of, "00080018": ui("2.25.404"), "00200013": { Value: [3] } },
        { ...of, "00080018": ui("2.25.730"), "00200013": { Value: [2] } },
        {
          ...of,
          "00080018": ui(whole.instance),
          "00200013": { Value: [1] },
          "00280008": { Value: ["2"] },
        },
      ]);
    }
    if (path.endsWith("2.25.730")) return related(single);
    if (path.endsWith(whole.instance)) return related(whole.file);
    return new Response(null, { status: 404 });
  });
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web`,
  });
  const { app } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const { study, series } = whole;
  const answer = await postJson(app, "/v1/patients/p/series", {
    dicomweb: { study, series },
  });
  const lines = (await answer.text()).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  deepEqual(
    lines.map(({ name, problem }) => [name, problem?.type]),
    [
      [whole.instance, undefined],
      [whole.instance, undefined],
      ["2.25.730", undefined],
      ["2.25.404", "/problems/not-found"],
    ],
  );
  // Each was retrieved once.
  equal(asked.length, 4);
  for (
    const [dicomweb, status] of [
      [{ study, series, instance: whole.instance }, 200],
      [{ study, series, instance: "2.25.9" }, 404],
      [{ study, series, frame: 1 }, 422],
    ] as const
  ) {
    const one = await postJson(app, "/v1/patients/p/series", { dicomweb });
    equal(one.status, status);
    await one.body?.cancel();
  }
  const sent = await app.request("/v1/patients/p/series?store=true", {
    method: "POST",
    body: whole.file,
    headers: { accept: "application/dicom" },
  });
  match((await sent.json()).detail, /needs an image of the archive/);
  const lined = await postJson(app, "/v1/patients/p/series?store=true", {
    dicomweb: { study, series },
  });
  match((await lined.json()).detail, /accept application\/dicom/);
});

/** What an archive says to an object that it is to store, and whether that confirms it. */
const STORED: Record<
  string,
  { answer: (sent: string) => Response; why: RegExp }
> = {
  "fails the object": {
    answer: (sent) =>
      json({
        "00081198": {
          Value: [{
            "00081155": ui(sent),
            "00081197": { vr: "US", Value: [0xa700] },
          }],
        },
      }, 409),
    why: /refuses to store the object, reason A700/,
  },
  "accepts it in part": {
    answer: (sent) =>
      json({
        "00081198": { Value: [{ "00081155": ui(sent) }] },
        "00081199": { Value: [] },
      }, 202),
    why: /refuses to store/,
  },
  "confirms another object": {
    answer: () =>
      json({ "00081199": { Value: [{ "00081155": ui("2.25.9") }] } }),
    why: /does not confirm/,
  },
  "confirms nothing": { answer: () => json({}), why: /does not confirm/ },
  "may not be written to": {
    answer: () => new Response(null, { status: 403 }),
    why: /refuses this service's credentials/,
  },
  "fails": {
    answer: () => new Response("out of space", { status: 507 }),
    why: /refuses to store the object and answered 507/,
  },
};

Deno.test("a result that the archive does not confirm is a problem, not an answer", async (t) => {
  let store: (sent: string) => Response = () => json({});
  let kept: { instance: string; file: Uint8Array<ArrayBuffer> } | undefined;
  await using archive = host(async (path, request) => {
    if (path.endsWith(noise.instance)) return related(noise.file);
    if (request.method !== "POST") {
      return kept !== undefined && path.endsWith(kept.instance)
        ? related(kept.file)
        : honest("http://x.invalid/")(path, request);
    }
    const bytes = await request.bytes();
    const body = new TextDecoder("latin1").decode(bytes);
    const [instance] = /2\.25\.\d{30,}/.exec(body)!;
    const file = bytes.slice(body.indexOf("\r\n\r\n") + 4);
    kept = {
      instance,
      file: file.slice(
        0,
        body.lastIndexOf("\r\n--") - (body.length - file.length),
      ),
    };
    return store(instance);
  });
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web/`,
  });
  const { app } = service;
  const enrolled = await app.request("/v1/patients/p/references/r", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...enrolment,
      mask: {
        dicomweb: {
          study,
          series: annotation.series,
          instance: annotation.instance,
        },
      },
    }),
  });
  equal(enrolled.status, 201, await enrolled.text());
  const path = "/v1/patients/p/segmentations?label=lesion&store=true";
  for (const [name, { answer, why }] of Object.entries(STORED)) {
    await t.step(`it ${name}`, async () => {
      store = answer;
      const refused = await postJson(app, path, { dicomweb: reference });
      const problem = await refused.json();
      equal(refused.status, 502, JSON.stringify(problem));
      match(problem.detail, why);
    });
  }
  await t.step("the structure is absent: nothing is stored", async () => {
    store = () => new Response("asked all the same", { status: 500 });
    const answer = await postJson(app, path, {
      dicomweb: { study, series, instance: noise.instance },
    });
    const { present, stored } = await answer.json();
    deepEqual({ present, stored }, { present: false, stored: null });
  });
  await t.step("it confirms it", async () => {
    store = (sent) =>
      json({ "00081199": { Value: [{ "00081155": ui(sent) }] } });
    const answer = await postJson(app, path, { dicomweb: reference });
    const { stored } = await answer.json();
    equal(answer.status, 200);
    equal(stored.study, study);
    const posts = archive.asked.filter((line) => line.startsWith("POST"));
    // What changes something is never sent twice by itself.
    equal(posts.length, Object.keys(STORED).length + 1);
  });
  await t.step("it has it already", async () => {
    for (const reason of [0x0111, 45070]) {
      store = (sent) =>
        json({
          "00081198": {
            Value: [{
              "00081155": ui(sent),
              "00081197": { vr: "US", Value: [reason] },
            }],
          },
        }, 409);
      const answer = await postJson(app, path, { dicomweb: reference });
      const { stored } = await answer.json();
      equal(answer.status, 200);
      equal(stored.instance, kept!.instance);
    }
    store = (sent) => {
      kept = undefined;
      return json({
        "00081198": {
          Value: [{
            "00081155": ui(sent),
            "00081197": { vr: "US", Value: [0x0111] },
          }],
        },
      }, 409);
    };
    const lost = await postJson(app, path, { dicomweb: reference });
    equal(lost.status, 502);
    match((await lost.json()).detail, /does not show it/);
  });
});

Deno.test("of a series that makes several files, those that show the structure are stored", async () => {
  // Of another size, as a localizer is.
  const [width, height] = [256, 192];
  const data = new Uint8Array(width * height);
  const localizer = {
    instance: "2.25.139",
    file: writeSlice({ width, height, channels: 1, data }, {
      study,
      series,
      number: 1,
      place: 9,
    }),
  };
  const shown = [own.slices[0]!, own.slices[1]!];
  const sent: string[] = [];
  let confirm = true;
  await using archive = host(async (path, request) => {
    if (request.method === "POST") {
      const body = new TextDecoder("latin1").decode(await request.bytes());
      const [uid] = /2\.25\.\d{30,}/.exec(body)!;
      sent.push(uid);
      return json(
        confirm ? { "00081199": { Value: [{ "00081155": ui(uid) }] } } : {},
      );
    }
    if (path.endsWith("/metadata")) {
      return json([localizer, ...shown].map(({ instance }, i) => ({
        "0020000D": ui(study),
        "0020000E": ui(series),
        "00080018": ui(instance),
        "00200013": { vr: "IS", Value: [i] },
      })));
    }
    if (path.endsWith(localizer.instance)) return related(localizer.file);
    return honest("http://x.invalid/")(path, request);
  });
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web/`,
  });
  const { app } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const segment = async (accept: string) => {
    const answer = await app.request("/v1/patients/p/series?store=true", {
      method: "POST",
      headers: { accept, "content-type": "application/json" },
      body: JSON.stringify({ dicomweb: { study, series } }),
    });
    equal(answer.headers.get("content-type"), "application/zip");
    const entries = await unzip(await answer.bytes());
    const { images } = JSON.parse(
      new TextDecoder().decode(entries.get("series.json")),
    );
    return { entries, images };
  };
  const { entries, images } = await segment("application/dicom");
  equal(entries.size, 3);
  deepEqual(
    images.map((
      one: { segmentation: { present: boolean }; stored: string | null },
    ) => [one.segmentation.present, one.stored]),
    [[false, null], [true, sent[0]], [true, sent[0]]],
  );
  equal(sent.length, 1);
  const written = entries.get(
    [...entries.keys()].find((name) => name.startsWith("1_"))!,
  )!;
  equal(readIdentity(written)!.instance, sent[0]);

  confirm = false;
  const unconfirmed = await segment("application/dicom");
  deepEqual(
    unconfirmed.images.map((one: Record<string, { type: string }>) => [
      one.problem?.type,
      one.stored,
    ]),
    [
      [undefined, null],
      ["/problems/archive-failed", undefined],
      ["/problems/archive-failed", undefined],
    ],
  );
});

/** The same file of another patient. */
const ofAnother = (file: Uint8Array) =>
  replaceText(file, "drawn-4711", "drawn-4712");

Deno.test("an image that states another patient than the references is warned of, and its result not stored", async (t) => {
  let isOther = true;
  await using archive = host(async (path, request) => {
    const answer = await honest("http://x.invalid/")(path, request);
    const found = own.slices.find(({ instance }) => path.endsWith(instance));
    return isOther && found ? related(ofAnother(found.file)) : answer;
  });
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web/`,
  });
  const { app, services } = service;
  const [image, next] = own.slices.map(({ file }) => file);
  const fields = { image: image!, mask: files.mask };
  const first = await enrol(app, "p", "r", fields);
  equal(first.status, 201);
  const codesOf = ({ warnings }: { warnings: { code: string }[] }) =>
    warnings.map(({ code }) => code).filter((code) => code === "other-patient");
  const whose = await first.text();
  deepEqual(codesOf(JSON.parse(whose)), []);
  ok(!whose.includes("subject"));
  const kept = JSON.stringify(await services.profiles.list("default", "p"));
  match(kept, /"subject":/);
  ok(!kept.includes("drawn-4711"));
  const listed = await (await app.request("/v1/patients/p")).text();
  ok(!listed.includes("subject"));

  await t.step("an image", async () => {
    const same = await (await segment(app, "p", next)).json();
    deepEqual(codesOf(same), []);
    const answer = await segment(app, "p", ofAnother(next!));
    const text = await answer.text();
    deepEqual(codesOf(JSON.parse(text)), ["other-patient"]);
    ok(!text.includes("drawn-47"));
    const png = await segment(app, "p", ofAnother(next!), "", {
      accept: "image/png",
    });
    match(png.headers.get("x-warnings")!, /other-patient/);
    const plain = await (await segment(app, "p", files.next)).json();
    deepEqual(codesOf(plain), []);
  });

  await t.step("a series", async () => {
    const path = "/v1/patients/p/series";
    const answer = await postJson(app, path, { dicomweb: { study, series } });
    const lines = (await answer.text()).trim().split("\n");
    deepEqual(
      lines.map((line) => codesOf(JSON.parse(line).segmentation)),
      Array(3).fill(["other-patient"]),
    );
  });

  await t.step("nothing is stored", async () => {
    const path = "/v1/patients/p/segmentations?store=true";
    const refused = await postJson(app, path, { dicomweb: reference });
    equal(refused.status, 409);
    equal((await refused.json()).type, "/problems/other-patient");
    const whole = await app.request("/v1/patients/p/series?store=true", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/dicom",
      },
      body: JSON.stringify({ dicomweb: { study, series } }),
    });
    equal(whole.status, 422);
    match((await whole.json()).detail, /states another patient/);
    ok(!archive.asked.some((line) => line.startsWith("POST")));
    isOther = false;
    const stored = await postJson(app, path, { dicomweb: reference });
    equal(stored.status, 502, "the archive of this test confirms another");
  });

  await t.step("a reference", async () => {
    const other = { ...fields, image: ofAnother(image!) };
    const answer = await (await enrol(app, "p", "s", other)).json();
    deepEqual(codesOf(answer), ["other-patient"]);
    // In the place of the one that it differs from there is nothing to compare.
    await app.request("/v1/patients/p/references/s", { method: "DELETE" });
    deepEqual(codesOf(await (await enrol(app, "p", "r", other)).json()), []);
  });

  await t.step("an issuer counts where both state one", async () => {
    const sealed = await sealSubject({ id: "1", issuer: "A" });
    for (
      const [id, issuer, others] of [
        ["1", "A", 0],
        ["1", "B", 1],
        ["1", "", 0],
        ["2", "A", 1],
      ] as const
    ) {
      const warnings = await warnOfOther([{ subject: sealed }, {}], {
        id,
        issuer,
      });
      equal(warnings.length, others, `${id} of ${issuer}`);
    }
  });
});

Deno.test("the archive is closed to callers without its scope, and absent where no operator named one", async () => {
  const minted = ["archive", "other"].map((name) =>
    mintKey(
      name,
      "clinic",
      SCOPES.filter((scope) => name === "archive" || scope !== "archive"),
    )
  );
  const keys = parseKeys(minted.map(({ entry }) => entry).join());
  await using archive = host(honest("http://x.invalid/"));
  for (const url of [undefined, `${archive.url}dicom-web`]) {
    await using service = await openService(
      undefined,
      url === undefined ? {} : { DICOMWEB_URL: url },
    );
    const access = createAuthenticator({ keys });
    const app = createApp(service.services, undefined, { access });
    const ask = (key: number, path: string, body: unknown) =>
      app.request(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "content-type": "application/json",
          "x-api-key": minted[key]!.secret,
        },
      });
    for (
      const [path, body] of [
        ["/v1/previews", { dicomweb: reference }],
        ["/v1/archive/instances", { study, series }],
      ] as const
    ) {
      equal((await ask(1, path, body)).status, 403);
      equal((await ask(0, path, body)).status, url === undefined ? 404 : 200);
    }
  }
});

Deno.test("what is no identifier never reaches the archive", async () => {
  await using archive = host(honest("http://x.invalid/"));
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web`,
  });
  const { app } = service;
  const wrong: [string, unknown, string][] = [
    ...["../..", "1.", "1..2", "", "1.2/3", "1.2?x", "9".repeat(65)].map(
      (uid): [string, unknown, string] => [
        "/v1/previews",
        { dicomweb: { ...reference, instance: uid } },
        "body.image.dicomweb.instance",
      ],
    ),
    [
      "/v1/previews",
      { dicomweb: "http://evil.invalid/" },
      "body.image.dicomweb",
    ],
    [
      "/v1/previews",
      { dicomweb: { ...reference, url: "http://evil.invalid/" } },
      "body.image.dicomweb",
    ],
    [
      "/v1/previews",
      { image: { dicomweb: reference, base64: "" } },
      "body.image",
    ],
    ["/v1/previews", { image: {}, dicomweb: reference }, "body.dicomweb"],
    ["/v1/archive/series", { patientId: "*" }, "body.patientId"],
    ["/v1/archive/series", { patientId: "a\\b" }, "body.patientId"],
    ["/v1/archive/series", {}, "body.patientId"],
    ["/v1/archive/instances", { study, series: "x" }, "body.series"],
  ];
  for (const [path, body, fault] of wrong) {
    const answer = await postJson(app, path, body);
    const { errors } = await answer.json();
    equal(answer.status, 422, path);
    equal(errors[0].path, fault);
  }
  deepEqual(archive.asked, []);
});

Deno.test("a study of another patient that the archive lists is not listed", async () => {
  await using archive = host((path) =>
    path === "studies"
      ? json([
        { "00100020": ui("p1"), "0020000D": ui("2.25.1") },
        { "00100020": ui("P1"), "0020000D": ui("2.25.2") },
        { "0020000D": ui("2.25.3") },
        { "00100020": ui("p1"), "0020000D": ui("../../secret") },
      ])
      : json([{ "0020000E": ui("2.25.7"), "00080060": ui("CT") }])
  );
  await using service = await openService(undefined, {
    DICOMWEB_URL: `${archive.url}dicom-web`,
  });
  const answer = await postJson(service.app, "/v1/archive/series", {
    patientId: "p1",
  });
  deepEqual(await answer.json(), {
    series: [{
      study: "2.25.1",
      series: "2.25.7",
      modality: "CT",
      description: "",
      studyDescription: "",
      studyDate: "",
      number: "",
      instances: null,
    }],
    // One is left out for its identifier.
    complete: false,
  });
  equal(archive.asked.length, 2);
});
