import { equal, match, ok, rejects } from "node:assert/strict";
import { composeAccess, requireClosed } from "../../deploy/compose_access.ts";
import { readConfig } from "../../deploy/config.ts";
import { mintKey } from "../../lib/access/api_keys.ts";
import { AUDIENCE, createIssuer, ISSUER } from "../support/access.ts";
import { inFolder } from "../support/in_folder.ts";
import { Server } from "../support/server.ts";

const ROOT = new URL("../../", import.meta.url);

/** A host that gives out keys, as it is told. */
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

Deno.test("the issuer's keys are fetched once, and again for one that is new", async () => {
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

Deno.test("an issuer that gives no keys is no fault of the token", async (t) => {
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
  await t.step("nobody", async () => {
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

/** Runs an entry point until it ends. */
async function run(
  entry: string,
  env: Record<string, string>,
  ...args: string[]
) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", `deploy/${entry}.ts`, ...args],
    cwd: ROOT,
    env: { KV_PATH: ":memory:", NO_COLOR: "1", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("every entry point refuses to be open to others, in one line", async () => {
  const edge = { ENCODE_URL: "http://127.0.0.1:9219/" };
  const environments: Record<string, Record<string, string>> = {
    serve: { HOST: "0.0.0.0" },
    edge: { ...edge, HOST: "0.0.0.0" },
    encode: { HOST: "0.0.0.0" },
    "functions/segment": { DENO_SERVE_ADDRESS: "tcp:0.0.0.0:0" },
  };
  for (const [entry, env] of Object.entries(environments)) {
    const { code, out, err } = await run(entry, env);
    equal(code, 1, entry);
    equal(out, "", entry);
    match(err, /^error: HOST 0\.0\.0\.0 is reachable by others, .*\n$/, entry);
  }
});

Deno.test("deno task api-key makes a key that a server takes", async () => {
  const made = await run("key", {}, "one", "--tenant", "b", "--scopes", "read");
  equal(made.code, 0, made.err);
  const [, secret] = /: (p2sam_\S+)\n/.exec(made.out)!;
  const [, entry] = /API_KEYS: (\S+)\n/.exec(made.out)!;
  await using server = await Server.start({
    KV_PATH: ":memory:",
    API_KEYS: entry,
    HOST: "127.0.0.1",
  });
  const statusOf = async (headers: HeadersInit, method = "GET") => {
    const answer = await server.request("/v1/patients/p", { method, headers });
    await answer.body?.cancel();
    return answer.status;
  };
  equal(await statusOf({}), 401);
  equal(await statusOf({ "x-api-key": secret }), 404);
  equal(await statusOf({ authorization: `Bearer ${secret}` }), 404);
  equal(await statusOf({ authorization: `bearer  ${secret}` }), 404);
  equal(await statusOf({ authorization: `Basic ${secret}` }), 401);
  equal(await statusOf({ "x-api-key": secret }, "DELETE"), 403);
  for (const args of [[], ["a", "b"], ["a", "--scopes", "all"], ["a/b"]]) {
    const { code, err } = await run("key", {}, ...args);
    equal(code, 1);
    match(err, /^error: .*Usage: deno task api-key.*\n$/);
  }
});

Deno.test("a server without keys answers as this machine alone", async () => {
  await using server = await Server.start({ KV_PATH: ":memory:" });
  const { port } = new URL(server.url);
  /** Asks under another name, as a page does whose name was made to point here. */
  const ask = async (host: string) => {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: Number(port),
    });
    const request =
      `GET /v1/patients/p HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const text = await new Response(connection.readable).text();
    return Number(text.split(" ")[1]);
  };
  equal(await ask(`127.0.0.1:${port}`), 404);
  equal(await ask(`localhost:${port}`), 404);
  equal(await ask(`evil.example:${port}`), 403);
  equal(await ask(`127.0.0.1.evil.example:${port}`), 403);
});
