import { equal, match, ok } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { NEEDS } from "../../functions/middleware/scopes.ts";
import { mintKey, parseKeys } from "../../lib/access/api_keys.ts";
import { createAuthenticator } from "../../lib/access/authenticator.ts";
import { SCOPES } from "../../lib/access/caller.ts";
import { enrol, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const PATH = "/v1/patients/p/labels/target/revisions/1/restore";
const OTHER = "https://other.example";
const VIEWER = "https://viewer.example";

Deno.test("a page of another site changes and reads nothing, unless its origin is named", async (t) => {
  await using service = await openService();
  const { app, services } = service;
  equal((await enrol(app, "p", "r")).status, 201);
  const open = createApp(services, undefined, { origins: [VIEWER] });
  const all = createApp(services, undefined, { origins: ["*"] });
  const statusOf = async (
    headers: Record<string, string>,
    { to = app, method = "POST", path = PATH } = {},
  ) => {
    const answer = await to.request(path, { method, headers });
    const text = await answer.text();
    if (answer.status === 403) {
      const { type, detail } = JSON.parse(text);
      equal(type, "/problems/forbidden");
      match(detail, /page of another origin.*CORS_ORIGINS/);
    }
    return answer.status;
  };

  await t.step("by the headers that browsers send", async () => {
    const elsewhere: Record<string, string>[] = [
      { origin: OTHER },
      { origin: "null" },
      { origin: "no origin" },
      { origin: OTHER, "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "cross-site" },
      { origin: "http://localhost:3000", "sec-fetch-site": "same-site" },
      // The same name on another port is another origin.
      { origin: "http://localhost:3000" },
      { origin: "http://[::1]:3000", host: "[::1]:8000" },
      { origin: "http://localhost", host: "localhost:8000" },
      { origin: "https://localhost", host: "localhost:80" },
      { origin: OTHER, "sec-fetch-site": "none" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "same-origin, cross-site" },
      { "sec-fetch-site": "" },
      // Behind a proxy that does not pass the name on, the page's own name is another.
      { origin: "http://clinic.example", host: "edge:8000" },
    ];
    for (const headers of elsewhere) {
      equal(await statusOf(headers), 403, JSON.stringify(headers));
    }
    const patient = { method: "GET", path: "/v1/patients/p" };
    equal(await statusOf({ "sec-fetch-site": "cross-site" }, patient), 403);
    const erase = { method: "DELETE", path: "/v1/patients/p" };
    equal(await statusOf({ origin: OTHER }, erase), 403);
    equal((await app.request("/v1/patients/p")).status, 200);
  });

  await t.step(
    "its own page, and clients other than browsers, may call",
    async () => {
      const own: Record<string, string>[] = [
        {},
        { origin: "http://localhost" },
        { origin: "https://localhost" },
        { origin: "http://localhost", "sec-fetch-site": "same-origin" },
        { "sec-fetch-site": "none" },
        // A proxy passes on another name; the browser knows better.
        {
          origin: "https://clinic.example",
          host: "edge:8000",
          "sec-fetch-site": "same-origin",
        },
        { origin: "http://[::1]:8000", host: "[::1]:8000" },
        { origin: "http://localhost", host: "localhost:80" },
        { origin: "https://clinic.example", host: "CLINIC.example:443" },
        { origin: "http://edge:8000", host: "edge:8000" },
      ];
      for (const headers of own) {
        equal(await statusOf(headers), 200, JSON.stringify(headers));
      }
      const found = await segment(app, "p", undefined, "", {
        origin: "http://localhost",
      });
      equal(found.status, 200);
    },
  );

  await t.step("a named origin may call, others still may not", async () => {
    const viewer = { origin: VIEWER, "sec-fetch-site": "cross-site" };
    const other = { origin: OTHER, "sec-fetch-site": "cross-site" };
    equal(await statusOf(viewer, { to: open }), 200);
    equal(await statusOf(other, { to: open }), 403);
    equal(await statusOf(other, { to: all }), 200);
  });

  await t.step("on every route that is not open, by every method", async () => {
    const routes = new Set(
      app.routes.map(({ method, path }) => `${method} ${path}`),
    );
    for (const [route, need] of Object.entries(NEEDS)) {
      ok(routes.has(route), route);
      if (need === "open") continue;
      const [method = "", pattern = ""] = route.split(" ");
      const path = pattern.replaceAll(/:\w+/g, "1");
      const methods = method === "GET" ? ["GET", "HEAD"] : [method];
      for (const method of [...methods, "OPTIONS", "PATCH"]) {
        for (
          const headers of [{ origin: OTHER }, {
            "sec-fetch-site": "cross-site",
          }]
        ) {
          const answer = await app.request(path, { method, headers });
          const isRefused = answer.status === 403 ||
            // Not a route that changes or reveals anything.
            !path.startsWith("/v1/") && answer.status === 405;
          ok(isRefused, `${method} ${path}: ${answer.status}`);
        }
      }
    }
    // Its name written in another way names the same route, or none.
    for (
      const path of ["/%761/patients/p", "//v1/patients/p", "/V1/patients/p"]
    ) {
      const erase = { method: "DELETE", path };
      const status = await statusOf({ origin: OTHER }, erase);
      ok(status === 403 || status === 404, `${path}: ${status}`);
    }
    equal((await app.request("/v1/patients/p")).status, 200);
  });

  await t.step(
    "as bodies that pages may send without asking first",
    async () => {
      const types = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
      ];
      for (const type of types) {
        for (const route of Object.keys(NEEDS)) {
          const [method = "", pattern = ""] = route.split(" ");
          if (method !== "POST") continue;
          const answer = await app.request(pattern.replaceAll(/:\w+/g, "1"), {
            method,
            body: "{}",
            headers: { origin: "null", "content-type": type },
          });
          equal(answer.status, 403, `${route} ${type}`);
          equal((await answer.json()).type, "/problems/forbidden");
        }
      }
    },
  );

  await t.step("even where the server has keys", async () => {
    const { entry, secret } = mintKey("k", "a", SCOPES);
    const access = createAuthenticator({ keys: parseKeys(entry) });
    const closed = createApp(services, undefined, { access });
    const headers = { origin: OTHER, "x-api-key": secret };
    equal(await statusOf(headers, { to: closed }), 403);
  });

  await t.step("a link from elsewhere opens the page", async () => {
    const link = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
    };
    for (const path of ["/", "/docs", "/healthz", "/openapi.json"]) {
      equal(await statusOf(link, { method: "GET", path }), 200, path);
    }
  });
});

Deno.test("a page whose origin is named may send what it needs and read every header of the contract", async () => {
  await using service = await openService();
  const app = createApp(service.services, undefined, { origins: [VIEWER] });
  const preflight = await app.request("/v1/masks", {
    method: "OPTIONS",
    headers: {
      origin: VIEWER,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  equal(preflight.status, 204);
  equal(preflight.headers.get("access-control-allow-origin"), VIEWER);
  const listed = (answer: Response, what: string) =>
    answer.headers.get(`access-control-${what}`)!.toLowerCase().split(/, ?/);
  const methods = new Set(
    Object.keys(NEEDS).map((route) => route.split(" ")[0]!),
  );
  for (const method of [...methods, "HEAD"]) {
    ok(
      listed(preflight, "allow-methods").includes(method.toLowerCase()),
      method,
    );
  }
  const document = await (await app.request("/openapi.json")).json();
  const answers = Object.values<Record<string, Operation>>(document.paths)
    .flatMap((item) => Object.values(item))
    .flatMap(({ responses }) => Object.values(responses));
  const named = new Set(answers.flatMap(({ headers }) => Object.keys(headers)));
  // What pages may read in any case (Fetch, section 2.2.2).
  for (const name of ["cache-control", "content-length"]) named.delete(name);
  const exposed = listed(
    await app.request("/v1/models", { headers: { origin: VIEWER } }),
    "expose-headers",
  );
  for (
    const name of [
      ...named,
      "x-structure-present",
      "x-confidence",
      "x-warnings",
      "x-next-after",
      "content-disposition",
    ]
  ) ok(exposed.includes(name), name);
  // What uploads speak is no preflight's to answer.
  for (const origin of [VIEWER, undefined]) {
    const spoken = await app.request("/v1/uploads", {
      method: "OPTIONS",
      headers: origin === undefined ? {} : { origin },
    });
    equal(spoken.status, 204);
    equal(spoken.headers.get("tus-version"), "1.0.0");
    ok(spoken.headers.get("tus-max-size"));
    equal(spoken.headers.get("access-control-allow-origin"), origin ?? null);
    equal(
      spoken.headers.get("access-control-expose-headers")?.includes(
        "tus-version",
      ),
      origin && true,
    );
  }
  // It may read why it was refused, too.
  const refused = await app.request("/v1/nothing", {
    headers: { origin: VIEWER },
  });
  equal(refused.status, 404);
  equal(refused.headers.get("access-control-allow-origin"), VIEWER);
});

interface Operation {
  responses: Record<string, { headers: Record<string, unknown> }>;
}

Deno.test("without keys, another name for the machine reaches nothing", async () => {
  await using service = await openService();
  const app = createApp(service.services, undefined, { ownNameOnly: true });
  const statusOf = async (url: string, method = "GET") =>
    (await app.request(url, { method })).status;
  const hosts = [
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0:8000",
    "192.168.1.4",
    "[::ffff:127.0.0.1]",
    "[::2]",
  ];
  for (const host of hosts) {
    for (const path of ["/", "/docs", "/metrics", "/healthz", "/v1/models"]) {
      equal(await statusOf(`http://${host}${path}`), 403, host + path);
      equal(await statusOf(`http://${host}${path}`, "HEAD"), 403, host + path);
    }
  }
  for (const host of ["localhost", "127.0.0.1:8000", "[::1]:8000", "127.1"]) {
    equal(await statusOf(`http://${host}/v1/models`), 200, host);
  }
});
