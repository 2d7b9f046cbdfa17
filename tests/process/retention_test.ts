import { deepEqual, equal, throws } from "node:assert/strict";
import { composeState } from "../../deploy/compose_state.ts";
import { readConfig } from "../../deploy/config.ts";
import { inFolder } from "../support/in_folder.ts";
import { openRecords, operatorKey, stated } from "../support/operator_key.ts";

const DAY_MS = 86_400_000;

for (const keys of [[], [operatorKey("k1")]]) {
  const how = keys.length === 0 ? "in the clear" : "sealed";
  Deno.test(`patients are erased the configured days after their last change, by tenant, ${how}`, async () => {
    await inFolder(async (folder) => {
      const KV_PATH = `${folder}/kv`;
      const kv = await Deno.openKv(KV_PATH);
      const at = (tenant: string, patient: string, name: string) => [
        "reference",
        tenant,
        patient,
        name,
      ];
      const put = async (key: Deno.KvKey, days: number) => {
        const now = () => Date.now() - days * DAY_MS;
        const records = await openRecords(kv, keys, { now });
        await records.put(key, { record: 1, bytes: new Uint8Array(70_000) });
      };
      await put(at("t", "old", "a"), 11);
      await put(at("t", "old", "b"), 12);
      await put(at("t", "changed", "a"), 11);
      await put(at("t", "changed", "b"), 9);
      await put(at("long", "old", "a"), 11);
      await put(at("short", "young", "a"), 2);
      kv.close();

      const config = readConfig({
        KV_PATH,
        RETENTION_DAYS: "10,long:20, short:1",
        ...(keys.length > 0 && { OPERATOR_KEYS: stated(...keys) }),
      });
      await using state = await composeState(config);
      const records = await openRecords(state.kv, keys);
      const count = async (tenant: string, patient: string) =>
        (await records.list(["reference", tenant, patient])).length;
      // The sweep runs in the background of the start.
      while (await count("t", "old") + await count("short", "young") > 0) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      equal(await count("t", "changed"), 2);
      equal(await count("long", "old"), 1);
      const entries = await state.audit.read("t", { limit: 9 });
      deepEqual(entries.map(({ caller, operation }) => [caller, operation]), [
        ["retention", "erase"],
      ]);
    });
  });
}

Deno.test("invalid settings about patient data stop the start", () => {
  const key = (bytes: number) => new Uint8Array(bytes).toBase64();
  const cases: Record<string, string[]> = {
    OPERATOR_KEYS: ["x", `k:${key(31)}`, `k:${key(32)},k:${key(32)}`, "k:!"],
    RETENTION_DAYS: ["0", "x", "t:", "1,,2", "-1", "100000"],
    SIGNING_KEY: ["x", key(31), `${key(32)},${key(32)}`],
    TRUSTED_KEYS: ["x", `${key(32)},`],
  };
  for (const [name, values] of Object.entries(cases)) {
    for (const value of values) {
      throws(() => readConfig({ [name]: value }), {
        name: "EdgeError",
        message: new RegExp(`^${name} must be .*\\.$`),
      }, value);
    }
  }
});
