import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { createImageStore } from "../../../lib/store/images/image_store.ts";
import { openRecords } from "../../support/operator_key.ts";

const image = { id: "visit 1: Doe", extension: ".nii.gz", isSession: false };
const secret = new TextEncoder().encode("the patient's own voxels".repeat(9));

async function open() {
  const kv = await Deno.openKv(":memory:");
  let time = 1e12;
  const records = await openRecords(kv, undefined, { now: () => time });
  return {
    kv,
    records,
    store: createImageStore(records),
    pass: (ms: number) => time += ms,
    [Symbol.dispose]: () => kv.close(),
  };
}

Deno.test("a held image is encrypted, expires, and is erased with its patient", async () => {
  using opened = await open();
  const { kv, records, store, pass } = opened;
  await store.put("t", "p", image, secret, 1000);
  await store.put("t", "p", { ...image, id: "other" }, secret, 5000);
  deepEqual((await store.get("t", "p", image.id))?.bytes, secret);
  equal(await store.get("u", "p", image.id), null);
  for await (const { key, value } of kv.list({ prefix: [] })) {
    const stored =
      Deno.inspect([key, value], { iterableLimit: 1e6, depth: 9 }) +
      (value instanceof Uint8Array
        ? new TextDecoder("latin1").decode(value)
        : "");
    ok(!/own voxels|Doe/.test(stored), Deno.inspect(key));
  }
  pass(1000);
  equal(await store.get("t", "p", image.id), null);
  deepEqual((await store.list("t", "p")).map(({ id }) => id), ["other"]);
  ok(await records.erase("t", "p"));
  deepEqual(await store.list("t", "p"), []);
  equal(await store.get("t", "p", "other"), null);
  const left = await Array.fromAsync(kv.list({ prefix: ["image"] }));
  deepEqual(left, []);
});

Deno.test("a patient has so many images at most", async () => {
  using opened = await open();
  const { store, pass } = opened;
  const bytes = Uint8Array.of(1);
  for (let i = 0; i < 64; i++) {
    await store.put("t", "p", { ...image, id: `${i}` }, bytes, 1000);
  }
  await store.put("t", "p", { ...image, id: "7" }, bytes, 1000);
  await rejects(store.put("t", "p", image, bytes, 1000), {
    code: "limit-reached",
  });
  await store.put("t", "q", image, bytes, 1000);
  ok(await store.delete("t", "p", "7"));
  await store.put("t", "p", image, bytes, 1000);
  pass(1000);
  await store.put("t", "p", { ...image, id: "next" }, bytes, 1000);
});
