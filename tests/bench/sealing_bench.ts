import { RecordStore } from "../../lib/store/records/record_store.ts";
import { openRecords } from "../support/operator_key.ts";

// What encryption at rest adds to storing and reading an embedding, over KV in memory.
const bytes = new Uint8Array(2 * 2 ** 20).fill(7);
const key = ["embedding", "t", "e"];
const clear = new RecordStore(await Deno.openKv(":memory:"));
const encrypted = await openRecords(await Deno.openKv(":memory:"));

for (
  const [how, records] of [["in the clear", clear], [
    "encrypted",
    encrypted,
  ]] as const
) {
  Deno.bench({
    name: `put and get 2 MiB, ${how}`,
    baseline: records === clear,
    n: 30,
    async fn() {
      await records.put(key, { record: 1, bytes });
      await records.get(key);
    },
  });
}
