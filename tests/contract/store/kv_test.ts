import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  parseAddress,
  withoutPassword,
} from "../../../lib/store/kv/postgres/address.ts";
import { decodeKey, encodeKey } from "../../../lib/store/kv/postgres/keys.ts";
import type { Kv } from "../../../lib/store/kv/kv.ts";
import { openStore } from "../../support/store.ts";

const part: fc.Arbitrary<Deno.KvKeyPart> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom("", "\0", "a", "a\0", "\u{feff}b", "\u{ffff}", "\u{1f600}"),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.uint8Array({ maxLength: 3 }),
);
const key = fc.array(part, { minLength: 1, maxLength: 4 });

async function keysIn(kv: Kv, selector: Deno.KvListSelector, options = {}) {
  const keys: Deno.KvKey[] = [];
  for await (const { key } of kv.list(selector, options)) keys.push(key);
  return keys;
}

Deno.test("encoded keys sort as Deno KV sorts keys, and decode to themselves", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(key, { maxLength: 30 }), async (keys) => {
      using kv = await Deno.openKv(":memory:");
      for (const key of keys) await kv.set(key, 1);
      const sorted = await keysIn(kv, { prefix: [] });
      const encoded = sorted.map((key) => encodeKey(key).toHex());
      deepEqual(encoded, encoded.toSorted());
      for (const key of sorted) deepEqual(decodeKey(encodeKey(key)), key);
    }),
    { numRuns: 60 },
  );
});

/** Any use of a database, on few keys so that its steps meet. */
const few = fc.tuple(
  fc.constantFrom("a", "b"),
  fc.constantFrom<Deno.KvKeyPart>(0, 1, "", "x", true),
).map((key) => key as Deno.KvKey);
const value = fc.oneof(
  fc.jsonValue(),
  fc.uint8Array(),
  fc.record({ bytes: fc.uint8Array(), none: fc.constant(undefined) }),
);
const step = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), key: few, value }),
  fc.record({ kind: fc.constant("delete" as const), key: few }),
  fc.record({
    kind: fc.constant("commit" as const),
    checks: fc.array(fc.record({ key: few, holds: fc.boolean() }), {
      maxLength: 2,
    }),
    changes: fc.array(fc.record({ key: few, value, removed: fc.boolean() }), {
      maxLength: 4,
    }),
  }),
  fc.record({
    kind: fc.constant("list" as const),
    prefix: fc.constantFrom<Deno.KvKey>([], ["a"], ["b", 0], ["a", "x"]),
    bounds: fc.option(fc.tuple(few, few)),
    options: fc.record({
      limit: fc.integer({ min: 1, max: 4 }),
      reverse: fc.boolean(),
      batchSize: fc.integer({ min: 1, max: 3 }),
    }, { requiredKeys: [] }),
  }),
);

Deno.test("any steps: this database holds and answers what Deno KV does, and its versions rise", async () => {
  await using kv = await openStore();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      using oracle = await Deno.openKv(":memory:");
      for (const key of await keysIn(kv, { prefix: [] })) await kv.delete(key);
      let newest = "";
      for (const step of steps) {
        if (step.kind === "set") {
          await oracle.set(step.key, step.value);
          const { versionstamp } = await kv.set(step.key, step.value);
          ok(versionstamp > newest);
          newest = versionstamp;
        } else if (step.kind === "delete") {
          for (const one of [kv, oracle]) await one.delete(step.key);
        } else if (step.kind === "commit") {
          const committed = [];
          for (const one of [kv, oracle]) {
            const commit = one.atomic();
            for (const { key, holds } of step.checks) {
              const { versionstamp } = await one.get(key);
              const other = versionstamp === null ? "0".repeat(20) : null;
              commit.check({ key, versionstamp: holds ? versionstamp : other });
            }
            for (const { key, value, removed } of step.changes) {
              if (removed) commit.delete(key);
              else commit.set(key, value);
            }
            committed.push((await commit.commit()).ok);
          }
          equal(committed[0], committed[1]);
        } else {
          const { prefix, bounds, options } = step;
          const sorted = bounds?.toSorted((a, b) =>
            encodeKey(a).toHex() < encodeKey(b).toHex() ? -1 : 1
          );
          const selector = sorted
            ? { start: sorted[0], end: sorted[1] }
            : { prefix };
          deepEqual(
            await keysIn(kv, selector, options),
            await keysIn(oracle, selector, options),
          );
        }
        const dump = async (one: Kv) => {
          const found = [];
          for await (const { key, value } of one.list({ prefix: [] })) {
            found.push([key, value]);
          }
          return found;
        };
        deepEqual(await dump(kv), await dump(oracle));
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("of commits that check the same entry at once, one is made", async () => {
  await using kv = await openStore();
  for (const key of [["new"], ["old"]]) {
    if (key[0] === "old") await kv.set(key, 0);
    const { versionstamp } = await kv.get(key);
    const made = await Promise.all(
      Array.from(
        { length: 12 },
        (_, i) =>
          kv.atomic().check({ key, versionstamp }).set(key, i)
            .set([...key, i], i).commit(),
      ),
    );
    equal(made.filter(({ ok }) => ok).length, 1);
    equal((await keysIn(kv, { prefix: key })).length, 1);
  }
});

Deno.test("counters that many raise at once lose nothing, whatever order commits name keys in", async () => {
  await using kv = await openStore();
  const keys = [["n", 1], ["n", 2], ["n", 3]];
  const raise = async (order: Deno.KvKey[]) => {
    for (;;) {
      const commit = kv.atomic();
      for (const key of order) {
        const entry = await kv.get<number>(key);
        commit.check(entry).set(key, (entry.value ?? 0) + 1);
      }
      if ((await commit.commit()).ok) return;
    }
  };
  await Promise.all(
    Array.from(
      { length: 12 },
      (_, i) => raise(i % 2 ? keys : keys.toReversed()),
    ),
  );
  for (const key of keys) equal((await kv.get(key)).value, 12);
});

Deno.test("a part that no store uses, or a key that is too long, is refused", async () => {
  await using kv = await openStore();
  throws(() => encodeKey([1n]), TypeError);
  await rejects(kv.set(["x".repeat(2050)], 1), TypeError);
});

Deno.test("an address states where the database is, and is never shown with its password", () => {
  const address = parseAddress(
    "postgres://edge:s%40crt@db.example:5433/clinic?schema=north&sslrootcert=/ca.pem",
  );
  deepEqual(address, {
    host: "db.example",
    port: 5433,
    database: "clinic",
    user: "edge",
    password: "s@crt",
    verify: true,
    rootCertificate: "/ca.pem",
    schema: "north",
  });
  equal(parseAddress("postgres://localhost/x").verify, false);
  equal(parseAddress("postgresql:///x?host=/run/postgresql").verify, false);
  equal(parseAddress("postgres://db/x?sslmode=disable").verify, false);
  for (const mode of ["require", "verify-ca", "verify-full"]) {
    const { verify } = parseAddress(
      `postgres://localhost/x?sslmode=${mode}&channel_binding=require` +
        "&connect_timeout=5&application_name=a&target_session_attrs=read-write",
    );
    equal(verify, true);
  }
  for (
    const [path, why] of [
      ["postgres://db/", /names no database/],
      ["postgres://db/x?sslmode=prefer", /sslmode is prefer/],
      ["postgres://db/x?sslmode=no-verify", /sslmode is no-verify/],
      ["postgres://db/x?schema=A%22B", /small letters/],
      ["postgres://db/x?pool=3", /the parameter pool/],
      ["postgres://a:secret@db:x/y", /no URL/],
    ] as const
  ) {
    throws(() => parseAddress(path), (error: Error) => {
      ok(!error.message.includes("secret"));
      return why.test(error.message);
    });
  }
  equal(
    withoutPassword("postgres://edge:secret@db/x?schema=y"),
    "postgres://edge@db/x?schema=y",
  );
});
