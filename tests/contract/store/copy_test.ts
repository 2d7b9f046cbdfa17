import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { openKv } from "../../../deploy/compose_state.ts";
import { storeCommand } from "../../../lib/cli/store_command.ts";
import { runCommandLine } from "../../../lib/cli/command_line.ts";
import { openAudit } from "../../../lib/store/audit/audit_store.ts";
import { verifyTrail } from "../../../lib/store/audit/hash_chain.ts";
import { copyStore } from "../../../lib/store/copy_store.ts";
import { openKeyring } from "../../../lib/store/encryption/keyring.ts";
import type { Kv } from "../../../lib/store/kv/kv.ts";
import { RecordStore } from "../../../lib/store/records/record_store.ts";
import { faultyKv, type KvFaults } from "../../support/faulty_kv.ts";
import { inFolder } from "../../support/in_folder.ts";
import { openRecords, operatorKey } from "../../support/operator_key.ts";
import { freshPath, openStore } from "../../support/store.ts";

const key = (
  patient: string,
  name = "visit 1",
) => ["reference", "t", patient, name];
const bytesOf = (length: number, fill: number) =>
  new Uint8Array(length).fill(fill);
const PATIENTS = ["a", "b", "c"];
const event = {
  caller: "c",
  operation: "o",
  names: [],
  phase: "begun" as const,
  status: null,
  request: "1",
};

async function openAs(kv: Kv, sealed: boolean): Promise<RecordStore> {
  return sealed ? await openRecords(kv) : new RecordStore(kv);
}

async function fill(kv: Kv, sealed: boolean) {
  const records = await openAs(kv, sealed);
  for (const [i, patient] of PATIENTS.entries()) {
    const bytes = bytesOf(i * 700_000, i);
    await records.put(key(patient), { record: { patient }, bytes });
  }
  await records.put(["embedding", "t", "e"], {
    record: 1,
    bytes: bytesOf(9, 9),
  }, 1e6);
  for (const kind of ["image", "answer"]) {
    const at = [kind, "t", "a", "x"];
    await records.put(at, { record: 1, bytes: bytesOf(9, 9) }, 1e6);
  }
  const keyring = await openKeyring(kv, sealed ? [operatorKey("k1")] : []);
  const audit = await openAudit(kv, keyring);
  await audit.append("t", event);
}

async function requireCopy(kv: Kv, sealed: boolean) {
  const records = await openAs(kv, sealed);
  for (const [i, patient] of PATIENTS.entries()) {
    deepEqual(await records.get(key(patient)), {
      record: { patient },
      bytes: bytesOf(i * 700_000, i),
    });
  }
  equal(await records.get(["embedding", "t", "e"]), null);
  for (const kind of ["image", "answer"]) {
    equal(await records.get([kind, "t", "a", "x"]), null);
  }
  const keyring = await openKeyring(kv, sealed ? [operatorKey("k1")] : []);
  const trail = await (await openAudit(kv, keyring)).read("t", { limit: 9 });
  equal(trail.length, 1);
  await verifyTrail(trail);
  equal(await records.erase("t", "a"), true);
}

for (const sealed of [true, false]) {
  const how = sealed ? "encrypted" : "in the clear";
  for (const direction of ["into", "out of"]) {
    Deno.test(`a store is copied ${direction} the database under test, ${how}`, async () => {
      await using tested = await openStore();
      await using sqlite = await openStore(":memory:");
      const [from, to] = direction === "into"
        ? [sqlite, tested]
        : [tested, sqlite];
      await fill(from, sealed);
      const { entries, written } = await copyStore(from, to);
      equal(written, entries);
      await requireCopy(to, sealed);
    });
  }
}

Deno.test("a copy that is cut anywhere starts no server, and is continued", async () => {
  await using from = await openStore(":memory:");
  await fill(from, true);
  for (let nth = 2, cut = true; cut; nth += 3) {
    await using to = await openStore();
    const faults: KvFaults = {};
    let count = 0;
    faults.before = (step) => {
      if (step !== "get" && step !== "list" && ++count >= nth) {
        throw new Error("cut");
      }
    };
    cut = await copyStore(from, faultyKv(to, faults)).then(
      () => false,
      () => true,
    );
    if (cut) {
      await rejects(
        openKeyring(to, [operatorKey("k1")]),
        /store copy.*run it again/,
      );
      await copyStore(from, to);
    }
    await requireCopy(to, true);
  }
});

Deno.test("a copy goes into an empty store alone; what was erased between two attempts goes", async () => {
  await using from = await openStore(":memory:");
  await using to = await openStore();
  await fill(from, false);
  await fill(to, false);
  await rejects(copyStore(from, to), /the target holds data/);
  await to.set(["copying"], 1);
  await using wrong = await openStore(":memory:");
  await rejects(copyStore(wrong, to), /the source is empty/);
  await (await openAs(from, false)).erase("t", "b");
  await copyStore(from, to);
  const copy = await openAs(to, false);
  equal(await copy.get(key("b")), null);
  equal((await copy.get(key("c")))?.bytes.length, 1_400_000);
});

Deno.test("deno task store copy says what it did", () =>
  inFolder(async (folder) => {
    const [from, to] = [
      `${folder}/from.kv`,
      await freshPath(`${folder}/to.kv`),
    ];
    {
      await using kv = await openStore(from);
      await fill(kv, true);
    }
    const { console: { log } } = globalThis;
    const lines: string[] = [];
    console.log = (line) => lines.push(line);
    try {
      const empty = `${folder}/empty.kv`;
      (await Deno.openKv(empty)).close();
      for (
        const source of [
          `${folder}/typo.kv`,
          "postgre://u:secret@h/d",
          "postgres:u:secret@h/d",
          empty,
          from,
          from,
        ]
      ) {
        const command = storeCommand(openKv);
        const args = ["copy", "--from", source, "--to", to];
        await runCommandLine(command, args).catch(({ message }) =>
          lines.push(message)
        );
      }
    } finally {
      console.log = log;
    }
    const [missing, ...rest] = lines;
    match(missing, /typo\.kv cannot be opened: No such file/);
    const mistyped = (scheme: string) =>
      `KV_PATH must be a file, or an http://, https:// or postgres:// URL; it begins with ${scheme}:. ` +
      `For a file of that name, write ./${scheme}:…`;
    deepEqual(rest.map((line) => line.replace(/\d+/g, "N")), [
      mistyped("postgre"),
      mistyped("postgres"),
      "Cannot copy the store: the source is empty; is it the one that you mean?",
      "copied N entries, N of them now, and removed N; both stores hold the same",
      "Cannot copy the store: the target holds data; a copy needs an empty store.",
    ]);
    await using kv = await openStore(to);
    await requireCopy(kv, true);
  }));
