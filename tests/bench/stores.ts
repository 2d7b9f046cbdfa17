/**
 * Latency over PostgreSQL against the SQLite file, both on this machine and in turns, with the embedded model; and over
 * a PostgreSQL store of 100,000 patients against an empty one. Prints ratios of medians.
 *
 *     deno run --allow-all tests/bench/stores.ts [rounds] [patients]
 */
import { openKv } from "../../deploy/compose_state.ts";
import { encodeKey } from "../../lib/store/kv/postgres/keys.ts";
import { createProfileStore } from "../../lib/store/profiles/profile_store.ts";
import type { Enrolled } from "../../lib/store/profiles/reference.ts";
import { RecordStore } from "../../lib/store/records/record_store.ts";
import { inFolder } from "../support/in_folder.ts";
import { Postgres } from "../support/postgres.ts";
import { enrol, segment } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const [rounds = "15", patients = "100000"] = Deno.args;

/** Milliseconds. */
async function time(act: () => unknown): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Runs each act on both sides in turns; prints medians and their ratio. */
async function compare<S>(
  [base, other]: [name: string, side: S][],
  acts: Record<string, (side: S, round: number) => unknown>,
) {
  for (const [what, act] of Object.entries(acts)) {
    const times: number[][] = [[], []];
    for (let round = -2; round < Number(rounds); round++) {
      for (const [i, [, side]] of [base!, other!].entries()) {
        const took = await time(() => act(side, round + 2));
        // The first ones compile.
        if (round >= 0) times[i]!.push(took);
      }
    }
    const [a, b] = times.map(median) as [number, number];
    console.log(
      `${what}: ${base![0]} ${a.toFixed(1)} ms, ${other![0]} ${
        b.toFixed(1)
      } ms, ratio ${(b / a).toFixed(2)}`,
    );
  }
}

const load = async () =>
  (await Deno.readTextFile("/proc/loadavg")).split(" ")[0];

await using server = await Postgres.start();
console.log(`load ${await load()}`);
await inFolder(async (folder) => {
  const settings = { MODEL: "nano" };
  await using sqlite = await openService(`${folder}/edge.kv`, settings);
  await using postgres = await openService(
    server.url({ schema: "edge" }),
    settings,
  );
  const sides: [string, typeof sqlite.app][] = [
    ["SQLite", sqlite.app],
    ["PostgreSQL", postgres.app],
  ];
  await compare(sides, {
    enrol: (app, round) => enrol(app, `p-${round}`, "r"),
    segment: (app) => segment(app, "p-0"),
    "read a patient": async (app) => await app.request("/v1/patients/p-0"),
  });
});

// Many patients: copies of one, made by the database itself.
const T = "t";
const enrolled = (patient: string): Enrolled => ({
  reference: {
    patient,
    reference: "r",
    label: "target",
    position: null,
    model: "m".repeat(64),
    image: { width: 8, height: 8 },
    patches: 1,
    createdAt: new Date().toISOString(),
  },
  profile: new Uint8Array(60_000),
});
const open = async (schema: string) => {
  const kv = await openKv(server.url({ schema }));
  return { kv, profiles: createProfileStore(new RecordStore(kv)) };
};
const [empty, full] = [await open("empty"), await open("many")];
for (const { profiles } of [empty, full]) {
  await profiles.put(T, enrolled("seed"));
}
const hex = (key: Deno.KvKey) => `'\\x${encodeKey(key).toHex()}'::bytea`;
for (const kind of ["profile", "reference", "changed"]) {
  const from = kind === "changed" ? [kind, "patient", T] : [kind, T];
  const seed = [...from, "seed"];
  await server.sql(`INSERT INTO many.entry
    SELECT ${
    hex(from)
  } || '\\x02' || convert_to('p-' || i, 'UTF8') || '\\x00' ||
      substr(k, ${encodeKey(seed).length + 1}), v, encoding, version, expires_at
    FROM many.entry, generate_series(1, ${patients}) AS i
    WHERE k >= ${hex(seed)} AND k < ${hex(seed)} || '\\xff'`);
}
await server.sql(`INSERT INTO many.entry
  SELECT ${
  hex(["chunk"])
} || '\\x02' || convert_to(gen_random_uuid()::text, 'UTF8') || '\\x00218000000000000000'::bytea,
    v, encoding, version FROM (SELECT * FROM many.entry WHERE k >= ${
  hex(["chunk"])
} AND k < ${hex(["chunk", true])}
    ORDER BY length(v) DESC LIMIT 1) AS one, generate_series(1, ${patients}) AS i`);
console.log(`load ${await load()}`);
await compare([["empty", empty], [`${patients} patients`, full]], {
  list: ({ profiles }) => profiles.list(T, "seed"),
  read: ({ profiles }) => profiles.get(T, "seed", "r"),
  enrol: ({ profiles }, round) => profiles.put(T, enrolled(`new-${round}`)),
});
for (const { kv } of [empty, full]) await kv.close();
console.log(`load ${await load()}`);
