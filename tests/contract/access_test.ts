import { equal, match, ok, rejects } from "node:assert/strict";
import { composeAccess, requireClosed } from "../../deploy/compose_access.ts";
import { readConfig } from "../../deploy/config.ts";
import { mintKey } from "../../lib/access/api_keys.ts";
import { AUDIENCE, createIssuer, ISSUER } from "../support/access.ts";
import { inFolder } from "../support/in_folder.ts";

/** A host of key sets, whose answers a test sets. */
function serveKeys(answer: (request: Request) => Response) {
  let asked = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      asked++;
      return answer(request);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/jwks`,
    asked: () => asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const accessTo = (url: string) =>
  composeAccess(
    readConfig({
      JWKS_URL: url,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    }),
    undefined,
  );

Deno.test("the issuer's keys are fetched once, and again for a new one", async () => {
  const issuer = await createIssuer();
  await using host = serveKeys(() => Response.json(issuer.jwks));
  const access = (await accessTo(host.url))!;
  for (let i = 0; i < 5; i++) {
    equal((await access.identify(await issuer.sign()))?.tenant, "a");
  }
  equal(host.asked(), 1);
  for (let i = 0; i < 5; i++) {
    equal(await access.identify(await issuer.sign({}, { kid: "x" })), null);
  }
  ok(host.asked() <= 2, "unknown names of keys do not make it ask each time");
});

Deno.test("an issuer that gives no keys is no fault of the caller", async (t) => {
  const issuer = await createIssuer();
  const token = await issuer.sign();
  await using elsewhere = serveKeys(() => Response.json(issuer.jwks));
  const answers: Record<string, (request: Request) => Response> = {
    "an error": () => new Response("", { status: 500 }),
    "no JSON": () => new Response("<html>"),
    "another document": () => Response.json({ hello: 1 }),
    "a redirect to another host": () => Response.redirect(elsewhere.url),
  };
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using host = serveKeys(answer);
      const access = (await accessTo(host.url))!;
      await rejects(access.identify(token), { code: "access-unavailable" });
    });
  }
  equal(elsewhere.asked(), 0);
  await t.step("no host", async () => {
    const access = (await accessTo("http://127.0.0.1:9219/jwks"))!;
    await rejects(access.identify(token), { code: "access-unavailable" });
  });
});

Deno.test("keys and key sets come from files, too", () =>
  inFolder(async (folder) => {
    const issuer = await createIssuer();
    const { secret, entry } = mintKey("k", "b", ["read"]);
    await Deno.writeTextFile(`${folder}/keys`, `# of the clinic\n${entry}\n`);
    await Deno.writeTextFile(`${folder}/jwks`, JSON.stringify(issuer.jwks));
    const access = (await composeAccess(
      readConfig({
        API_KEYS_FILE: `${folder}/keys`,
        JWKS_FILE: `${folder}/jwks`,
        JWT_ISSUER: ISSUER,
        JWT_AUDIENCE: AUDIENCE,
      }),
      "the-secret-of-hosts",
    ))!;
    equal((await access.identify(secret))?.tenant, "b");
    equal((await access.identify(await issuer.sign()))?.tenant, "a");
    equal((await access.identify("the-secret-of-hosts", "c"))?.tenant, "c");
    equal(await access.identify("the-secret-of-hosts", "../c"), null);
    equal((await access.identify(secret, "c"))?.tenant, "b");
    await Deno.writeTextFile(`${folder}/keys`, "# none\n");
    const none = readConfig({ API_KEYS_FILE: `${folder}/keys` });
    await rejects(composeAccess(none, undefined), /holds no key/);
  }));

Deno.test("only the loopback may be open, unless the operator says so", () => {
  const refused = (settings: Record<string, string>, host: string) => {
    try {
      requireClosed(readConfig(settings), host);
      return false;
    } catch (error) {
      match((error as Error).message, /nothing says who may call/);
      return true;
    }
  };
  for (const host of ["127.0.0.1", "127.1.2.3", "::1", "localhost"]) {
    equal(refused({}, host), false, host);
  }
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", ""]) {
    equal(refused({}, host), true, host);
    equal(refused({ ALLOW_ANONYMOUS: "true" }, host), false, host);
  }
  equal(refused({ KV_PATH: "host" }, "127.0.0.1"), true);
  equal(refused({ DENO_DEPLOYMENT_ID: "x" }, "127.0.0.1"), true);
});
