import { equal, match } from "node:assert/strict";
import { createApp } from "../../functions/app.ts";
import { enrol, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const PATH = "/v1/patients/p/labels/target/revisions/1/restore";
const OTHER = "https://other.example";
const VIEWER = "https://viewer.example";

Deno.test("a page of another site neither changes nor reads anything, unless its origin is named", async (t) => {
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
      // A proxy that does not pass the name on makes the page's own name another.
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
    "the server's own page and other clients are served",
    async () => {
      const own: Record<string, string>[] = [
        {},
        { origin: "http://localhost" },
        { origin: "https://localhost" },
        { origin: "http://localhost", "sec-fetch-site": "same-origin" },
        { "sec-fetch-site": "none" },
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

  await t.step("a link from elsewhere opens the page", async () => {
    const link = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
    };
    for (const path of ["/", "/docs", "/healthz"]) {
      equal(await statusOf(link, { method: "GET", path }), 200, path);
    }
  });
});
