import { ok } from "node:assert/strict";
import { withDatabase } from "../support/database_server.ts";
import { inFolder } from "../support/in_folder.ts";
import { hasKvConnect, KvConnect } from "../support/kv_connect.ts";
import { length } from "../support/length.ts";
import { hasPostgres, Postgres } from "../support/postgres.ts";
import { killStores } from "../soak/sigkill_store.ts";

/** What the fast tests run over SQLite. */
const SUITE = ["contract/store", "contract/store_faults_test.ts"];

/** Runs the suite of the stores over a server's database. */
async function runSuite(STORE: string, environment = {}) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", ...SUITE],
    cwd: new URL("../", import.meta.url),
    env: { STORE, NO_COLOR: "1", ...environment },
  }).output();
  const decoder = new TextDecoder();
  ok(success, decoder.decode(stdout) + decoder.decode(stderr));
}

const found = await hasKvConnect();
if (!found) {
  console.log("Tests over KV Connect are skipped: denokv is not found.");
}
if (!hasPostgres) {
  console.log("Tests over PostgreSQL are skipped: no server is installed.");
}

Deno.test("the stores do over KV Connect what they do over SQLite", {
  ignore: !found,
}, () =>
  inFolder(async (folder) => {
    await using server = await KvConnect.start(`${folder}/kv.sqlite`);
    await runSuite(server.url, server.environment);
  }));

Deno.test("the stores do over PostgreSQL what they do over SQLite", {
  ignore: !hasPostgres,
}, async () => {
  await using server = await Postgres.start();
  await runSuite(server.url());
});

for (
  const [name, has] of [["postgres", hasPostgres], ["denokv", found]] as const
) {
  for (const victim of ["a process", "a process and the server"]) {
    Deno.test(
      `SIGKILL of ${victim} over ${name} tears, loses and revives nothing`,
      {
        ignore: !has,
      },
      () =>
        withDatabase(name, async (server) => {
          const tally = await killStores({
            kills: length(5, 50),
            seed: 3,
            sealed: true,
            path: server.path,
            settle: () => server.settle(),
            ...(victim !== "a process" && { server }),
          });
          ok(tally.acknowledged > 0, JSON.stringify(tally));
          console.log(JSON.stringify(tally));
        }),
    );
  }
}
