import { Vault } from "../../lib/store/records/record_store.ts";
import { openVault } from "../support/operator_key.ts";

// What encryption at rest adds to storing and reading an embedding, over KV in memory.
const bytes = new Uint8Array(2 * 2 ** 20).fill(7);
const key = ["embedding", "t", "e"];
const clear = new Vault(await Deno.openKv(":memory:"));
const sealed = await openVault(await Deno.openKv(":memory:"));

for (
  const [how, vault] of [["in the clear", clear], ["sealed", sealed]] as const
) {
  Deno.bench({
    name: `put and get 2 MiB, ${how}`,
    baseline: vault === clear,
    n: 30,
    async fn() {
      await vault.put(key, { record: 1, bytes });
      await vault.get(key);
    },
  });
}
