import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createLocalJWKSet } from "jose";
import { readToken } from "../../../lib/access/tokens.ts";
import {
  AUDIENCE,
  badTokens,
  createIssuer,
  ISSUER,
} from "../../support/access.ts";

const issuer = await createIssuer();
const rules = {
  keys: createLocalJWKSet(issuer.jwks),
  issuer: ISSUER,
  audience: AUDIENCE,
  tenantClaim: "tenant",
  scopeClaim: "scope",
};

Deno.test("a token gives the tenant and scopes, and hides its subject", async () => {
  const who = (await readToken(await issuer.sign(), rules))!;
  equal(who.tenant, "a");
  equal(who.scopes.size, 6);
  match(who.caller, /^[0-9a-f]{16}$/);
  const again = await readToken(await issuer.sign({ tenant: "b" }), rules);
  equal(again!.caller, who.caller);
  const other = await readToken(await issuer.sign({ sub: "x" }), rules);
  ok(other!.caller !== who.caller);
});

Deno.test("scopes come as words or a list, and unknown ones grant nothing", async () => {
  for (const scope of ["read openid erase", ["read", "openid", "erase", 7]]) {
    const who = await readToken(await issuer.sign({ scope }), rules);
    deepEqual([...who!.scopes], ["read", "erase"]);
  }
  const none = await readToken(await issuer.sign({ scope: "Read" }), rules);
  equal(none!.scopes.size, 0);
  const renamed = { ...rules, tenantClaim: "org", scopeClaim: "scp" };
  const token = await issuer.sign({ org: "b", scp: ["encode"], tenant: null });
  deepEqual((await readToken(token, renamed))!.tenant, "b");
});

Deno.test("half a minute is allowed between the clocks", async () => {
  const now = Math.floor(Date.now() / 1000);
  ok(await readToken(await issuer.sign({ exp: now - 20 }), rules));
  ok(await readToken(await issuer.sign({ nbf: now + 20 }), rules));
  const later = { ...rules, now: () => Date.now() + 3_600_000 };
  equal(await readToken(await issuer.sign(), later), null);
});

Deno.test("a token that is incomplete, foreign or expired is refused", async () => {
  for (const [what, token] of Object.entries(await badTokens(issuer))) {
    equal(await readToken(token, rules), null, what);
  }
});
