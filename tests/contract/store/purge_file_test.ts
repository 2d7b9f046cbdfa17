import { deepEqual, equal, ok } from "node:assert/strict";
import { BlobStore } from "../../../lib/store/kv/blob_store.ts";
import {
  createPurger,
  PURGE_DUE,
} from "../../../lib/store/erasure/purge_file.ts";
import { inFolder } from "../../support/in_folder.ts";

const secretOf = (i: number) => `secret of patient ${i}.`;
const bytesOf = (i: number) =>
  new TextEncoder().encode(secretOf(i).repeat(10_000));

async function contents(path: string): Promise<string> {
  const files = [path, `${path}-wal`].map((name) => Deno.readFile(name));
  return (await Promise.all(files))
    .map((bytes) => new TextDecoder("latin1").decode(bytes)).join("");
}

Deno.test("a purged file holds nothing of what was deleted, and all of the rest, while others read and write", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/kv`;
    using kv = await Deno.openKv(path);
    using purger = createPurger(kv, path);
    const blobs = new BlobStore(kv);
    const key = (i: number) => ["reference", "t", `p${i}`, "r"];
    const put = (i: number) =>
      blobs.write([
        { key: key(i), record: { secret: secretOf(i) }, bytes: bytesOf(i) },
      ]);
    for (let i = 0; i < 60; i++) await put(i);
    for (let i = 0; i < 60; i += 2) await blobs.delete(key(i));
    ok((await contents(path)).includes(secretOf(0)));

    await purger.purge();
    ok((await contents(path)).includes(secretOf(0)), "nothing was noted");
    await kv.set(PURGE_DUE, 1);
    const purging = purger.purge();
    const meanwhile = [put(60), put(61), blobs.read(key(1))];
    await purging;
    await Promise.all(meanwhile);
    equal((await kv.get(PURGE_DUE)).value, null);

    const all = await contents(path);
    for (let i = 0; i < 62; i++) {
      const kept = i % 2 === 1 || i === 60;
      equal(all.includes(secretOf(i)), kept, `patient ${i}`);
      const found = await blobs.read<{ secret: string }>(key(i));
      deepEqual(found?.bytes, kept ? bytesOf(i) : undefined);
    }
    // Deno KV takes the file as its own.
    kv.close();
    using again = await Deno.openKv(path);
    ok(await new BlobStore(again).read(key(61)));
  });
});
