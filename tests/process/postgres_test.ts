import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { openKv } from "../../deploy/compose_state.ts";
import { changedAt, type Owner } from "../../lib/store/kv/owner.ts";
import { encodeKey } from "../../lib/store/kv/postgres/keys.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import { testEndToEnd } from "../support/end_to_end.ts";
import { inFolder } from "../support/in_folder.ts";
import { hasPostgres, Postgres } from "../support/postgres.ts";
import { enrol, segment } from "../support/requests.ts";
import { SilentProxy } from "../support/silent_proxy.ts";
import { EncodeHosts } from "../support/split.ts";

if (!hasPostgres) {
  console.log("Tests over PostgreSQL are skipped: no server is installed.");
}

/** The user of an edge: it owns its schema and has no other right. */
const CREATE_USER = `
  CREATE ROLE edge LOGIN PASSWORD 'not easy';
  CREATE SCHEMA clinic AUTHORIZATION edge;
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  REVOKE CREATE, TEMPORARY ON DATABASE postgres FROM PUBLIC;`;
const BY_PASSWORD = "host all edge 127.0.0.1/32 scram-sha-256";

function overPostgres(
  name: string,
  test: (t: Deno.TestContext, server: Postgres) => Promise<void>,
) {
  Deno.test(name, { ignore: !hasPostgres }, async (t) => {
    await using server = await Postgres.start([], BY_PASSWORD);
    await server.sql(CREATE_USER);
    await test(t, server);
  });
}

const addressOf = (
  { port }: Postgres,
  schema = "clinic",
  password = "not%20easy",
) => `postgres://edge:${password}@127.0.0.1:${port}/postgres?schema=${schema}`;

overPostgres("the contract holds over PostgreSQL", async (t, server) => {
  await using hosts = await EncodeHosts.start(1);
  await using edge = await hosts.edge(addressOf(server));
  await testEndToEnd(t, edge);
});

overPostgres(
  "processes that start at once make the schema once, as a user that owns nothing else",
  async (_, server) => {
    const opened = await Promise.all(
      Array.from({ length: 8 }, () => openKv(addressOf(server))),
    );
    await opened[0]!.set(["a"], 1);
    for (const kv of opened) equal((await kv.get(["a"])).value, 1);
    for (const kv of opened) await kv.close();
    await rejects(openKv(addressOf(server, "missing")), {
      code: "invalid-input",
      message: /CREATE SCHEMA missing AUTHORIZATION/,
    });
    await rejects(
      openKv(server.url({ schema: "typo" }), { isThere: true }),
      /its schema typo holds no store/,
    );
    await server.sql(
      "DO $$ BEGIN ASSERT to_regnamespace('typo') IS NULL; END $$",
    );
    await server.sql("INSERT INTO clinic.migrated VALUES (99)");
    await rejects(
      openKv(addressOf(server)),
      /is of version 2, and this program knows 1/,
    );
  },
);

overPostgres(
  "a database's own settings do not break the store, or stop its start with the cure",
  async (_, server) => {
    // As under FIPS.
    await server.sql(`
      REVOKE EXECUTE ON FUNCTION md5(bytea) FROM PUBLIC;
      ALTER ROLE edge SET bytea_output = 'escape'`);
    const kv = await openKv(addressOf(server));
    for (
      const value of [new Uint8Array(), Uint8Array.from([0, 92, 120, 255])]
    ) {
      await kv.set(["a", value], value);
      const { key, value: read } = await kv.get(["a", value]);
      deepEqual([key, read], [["a", value], value]);
    }
    await kv.close();
    await server.sql(
      "ALTER ROLE edge SET default_transaction_isolation = 'repeatable read'",
    );
    await rejects(
      openKv(addressOf(server)),
      /its transactions are repeatable read; .* ALTER ROLE edge SET/,
    );
    await rejects(
      openKv(server.url({ schema: "pg_clinic" })),
      /unacceptable schema name/,
    );
  },
);

overPostgres(
  "a server that is away, or a wrong password, stops the start without naming the password",
  async (_, server) => {
    const unfit = async (path: string) => {
      const error = await openKv(path).then(() => null, (error) => error);
      equal(error.code, "invalid-input");
      ok(!error.message.includes("wrong"), error.message);
      return error.message as string;
    };
    ok(/password/.test(await unfit(addressOf(server, "clinic", "wrong"))));
    await server.kill();
    ok(
      /ECONNREFUSED|refused/.test(
        await unfit(addressOf(server, "clinic", "wrong")),
      ),
    );
  },
);

overPostgres(
  "what has expired is not read, not in the way, and removed",
  async (_, server) => {
    const { openPostgres } = await import(
      "../../lib/store/kv/postgres/postgres_kv.ts"
    );
    const kv = await openPostgres(addressOf(server));
    await kv.set(["gone"], 1, { expireIn: 1 });
    await kv.set(["kept"], 1, { expireIn: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const keys = [];
    for await (const { key } of kv.list({ prefix: [] })) keys.push(key);
    deepEqual(keys, [["kept"]]);
    const free = { key: ["gone"], versionstamp: null };
    ok((await kv.atomic().check(free).set(["other"], 1).commit()).ok);
    await kv.removeExpired();
    const rows = await kv.connections.query(
      "SELECT count(*)::int FROM clinic.entry",
      [],
      "repeatable",
    );
    equal(rows[0]![0], 2);
    await kv.close();
  },
);

overPostgres(
  "an erasure waits for a write that was given up and lands later",
  async (_, server) => {
    const { openPostgres } = await import(
      "../../lib/store/kv/postgres/postgres_kv.ts"
    );
    const kv = await openPostgres(addressOf(server));
    const owner: Owner = ["patient", "t", "p"];
    const key = encodeKey(changedAt(owner)).toHex();
    const { erasure } = new RecordStore(kv);
    let erased: Promise<boolean> | undefined;
    await kv.connections.exclusively(async (client) => {
      await client.query(
        `BEGIN; SELECT clinic.commit_entries(
          '{}', '{}', '{}', ARRAY['\\x${key}'::bytea], ARRAY['1'::bytea], '{3}', '{NULL}')`,
      );
      erased = erasure.erase(owner);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await client.query("COMMIT");
    });
    equal(await erased, true);
    equal(await erasure.erase(owner), false);
    await kv.close();
  },
);

overPostgres(
  "edges go on after the server was killed, and share enrolments at once",
  async (_, server) => {
    await using hosts = await EncodeHosts.start(1);
    await using one = await hosts.edge(addressOf(server));
    await using other = await hosts.edge(addressOf(server));
    equal((await enrol(one, "p", "r")).status, 201);
    const before = await (await segment(other, "p")).json();
    await server.kill();
    equal((await one.json("/readyz")).status, 503);
    // A read waits for the server.
    const reading = other.json("/v1/patients/p");
    await server.begin();
    equal((await reading).status, 200);
    const segmented = await segment(one, "p");
    const after = await segmented.json();
    equal(segmented.status, 200, JSON.stringify(after));
    deepEqual(after.mask, before.mask);
    equal((await enrol(other, "p", "r2")).status, 201);
  },
);

overPostgres(
  "a standby is not taken for the database",
  async (_, server) => {
    const kv = await openKv(addressOf(server));
    await kv.set(["a"], 1);
    await server.kill();
    await server.place("data/standby.signal", "");
    await server.begin();
    await rejects(kv.get(["a"]), /is a standby/);
    await rejects(
      openKv(addressOf(server), { isThere: true }),
      /cannot be opened: the server is a standby/,
    );
    const reading = kv.get(["a"]);
    await server.promote();
    equal((await reading).value, 1);
    await kv.close();
  },
);

overPostgres(
  "after the server vanished, one call after the other is answered",
  async (_, server) => {
    using proxy = new SilentProxy(server.port);
    const kv = await openKv(
      `postgres://edge:not%20easy@${proxy.address}/postgres?schema=clinic`,
    );
    const read = () => kv.get(["a"]);
    await Promise.all(Array.from({ length: 40 }, read));
    proxy.fallSilent();
    const began = performance.now();
    for (let i = 0; i < 12; i++) await read();
    const recovery = performance.now() - began;
    ok(recovery < 10_000, `${recovery} ms`);
    await kv.close();
  },
);

overPostgres(
  "connections that fall silent are given up, and keep no edge that is told to stop",
  async (_, server) => {
    using proxy = new SilentProxy(server.port);
    const address =
      `postgres://edge:not%20easy@${proxy.address}/postgres?schema=clinic`;
    await using hosts = await EncodeHosts.start(1);
    await using edge = await hosts.edge(address);
    equal((await enrol(edge, "p", "r")).status, 201);
    const ask = () => edge.json("/v1/patients/p");
    const together = () => Promise.all(Array.from({ length: 12 }, ask));
    await together();
    proxy.fallSilent();
    let began = performance.now();
    for (const { status } of await together()) ok([200, 503].includes(status));
    for (const { status } of await together()) equal(status, 200);
    const recovery = performance.now() - began;
    ok(recovery < 10_000, `${recovery} ms`);

    proxy.fallSilent();
    const left = ask().catch(() => {});
    began = performance.now();
    await edge.kill("SIGTERM");
    const stopping = performance.now() - began;
    await left;
    ok(stopping < 8000, `${stopping} ms`);
    console.log({ recovery, stopping });
  },
);

Deno.test(
  "a connection to another machine is encrypted, and its certificate verified",
  { ignore: !hasPostgres },
  () =>
    inFolder(async (folder) => {
      const certify = async (name: string) => {
        const [key, certificate] = [
          `${folder}/${name}.key`,
          `${folder}/${name}.pem`,
        ];
        await new Deno.Command("openssl", {
          args: [
            ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
              .split(" "),
            ...[
              "-subj",
              "/CN=localhost",
              "-addext",
              "subjectAltName=DNS:localhost",
            ],
            ...["-keyout", key, "-out", certificate],
          ],
        }).output();
        return { key, certificate };
      };
      const own = await certify("server");
      const stranger = await certify("stranger");
      await using server = await Postgres.start();
      await server.place("server.key", await Deno.readTextFile(own.key));
      await server.place(
        "server.pem",
        await Deno.readTextFile(own.certificate),
      );
      server.settings.push(
        "ssl=on",
        `ssl_key_file=${server.folder}/server.key`,
        `ssl_cert_file=${server.folder}/server.pem`,
      );
      await server.restart();
      const by = (host: string, certificate: string) =>
        `postgres://postgres@${host}:${server.port}/postgres?sslmode=verify-full&sslrootcert=${certificate}`;
      const kv = await openKv(by("localhost", own.certificate));
      await kv.set(["a"], 1);
      await kv.close();
      await rejects(
        openKv(by("localhost", stranger.certificate)),
        /certificate/i,
      );
      await rejects(
        openKv(by("127.0.0.1", own.certificate)),
        /certificate|altname/i,
      );
    }),
);
