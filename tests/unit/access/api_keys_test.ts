import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { findKey, mintKey, parseKeys } from "../../../lib/access/api_keys.ts";
import { type Scope, SCOPES } from "../../../lib/access/caller.ts";

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const scopes = fc.uniqueArray(fc.constantFrom(...SCOPES), { minLength: 1 });

Deno.test("a key that is minted is found by its secret, and by nothing else", () => {
  fc.assert(
    fc.property(
      name,
      name,
      scopes,
      fc.string(),
      (id, tenant, scopes, other) => {
        const { secret, entry } = mintKey(id, tenant, scopes);
        const keys = parseKeys(`# ours\n${entry}\n`);
        const found = findKey(keys, secret)!;
        equal(found.caller, id);
        equal(found.tenant, tenant);
        deepEqual([...found.scopes], scopes);
        ok(!entry.includes(secret.slice(-43)));
        equal(findKey(keys, other), null);
        equal(findKey(keys, secret.slice(0, -1)), null);
        equal(findKey(keys, `${secret}A`), null);
      },
    ),
  );
});

Deno.test("several keys of a tenant are good at once, each by its own id", () => {
  const minted = ["old", "new"].map((id) => mintKey(id, "clinic", ["read"]));
  const keys = parseKeys(minted.map(({ entry }) => entry).join(", "));
  const callers = minted.map(({ secret }) => findKey(keys, secret)?.caller);
  deepEqual(callers, ["old", "new"]);
  const [, fresh] = minted;
  equal(findKey(parseKeys(fresh.entry), minted[0].secret), null);
});

Deno.test("a bad entry is refused by its number, and never quoted", () => {
  const { entry, secret } = mintKey("k", "t", ["read"]);
  const digest = entry.split(":")[3];
  const bad: [string, RegExp][] = [
    [secret, /wanted id:tenant/],
    ["k", /wanted id:tenant/],
    [`k:t:read`, /wanted id:tenant/],
    [`k:t:read:${digest}:more`, /wanted id:tenant/],
    [`k:t:read:${digest.slice(1)}`, /wanted id:tenant/],
    [`k:t:read:${digest.toUpperCase()}`, /wanted id:tenant/],
    [`:t:read:${digest}`, /wanted id:tenant/],
    [`k::read:${digest}`, /the tenant must be/],
    [`k:../t:read:${digest}`, /the tenant must be/],
    [`${"k".repeat(65)}:t:read:${digest}`, /the id must be/],
    [`k:t::${digest}`, /a scope must be/],
    [`k:t:read+write:${digest}`, /a scope must be/],
    [`k:t:Read:${digest}`, /a scope must be/],
  ];
  for (const [text, why] of bad) {
    const first = mintKey("first", "t", ["read"]).entry;
    throws(() => parseKeys(`${first},${text}`), (error: Error) => {
      ok(/^has a bad key, number 2: /.test(error.message), error.message);
      ok(why.test(error.message), error.message);
      ok(!error.message.includes(digest.slice(0, 16)), error.message);
      ok(!error.message.includes(secret.slice(0, 16)), error.message);
      return true;
    });
  }
  throws(() => parseKeys(`${entry},${entry}`), /its id was used before/);
  throws(() => mintKey("", "t", ["read"] as Scope[]), /The id must be/);
});
