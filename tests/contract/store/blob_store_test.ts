import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { BlobStore, type Stored } from "../../../lib/store/kv/blob_store.ts";
import { inFolder } from "../../support/in_folder.ts";
import { freshPath, openStore } from "../../support/store.ts";
import type { Kv } from "../../../lib/store/kv/kv.ts";

const key = ["thing", "a"];
/** Writes one record; tells whether it replaced one. */
const put = async <T>(blobs: BlobStore, key: Deno.KvKey, stored: Stored<T>) =>
  await blobs.write([{ key, ...stored }]) !== 0;
/** Reads a record and its bytes, without its version. */
const get = async <T>(blobs: BlobStore, key: Deno.KvKey) => {
  const found = await blobs.read<T>(key);
  return found && { record: found.record, bytes: found.bytes };
};
const bytesOf = (length: number, value = 1) =>
  new Uint8Array(length).fill(value);

/** Entries that hold the bytes of a record. */
const chunksOf = (kv: Kv, bytes: number) =>
  Math.ceil(bytes / (kv.chunkBytes ?? 60_000));

async function keys(kv: Kv): Promise<Deno.KvKey[]> {
  const found = [];
  for await (const { key } of kv.list({ prefix: [] })) found.push(key);
  return found;
}

Deno.test("what is written is read back, at every size", async () => {
  await using kv = await openStore();
  const blobs = new BlobStore(kv);
  const size = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 59_999, max: 60_001 }),
    fc.integer({ min: 0, max: 2_000_000 }),
  );
  await fc.assert(
    fc.asyncProperty(size, fc.nat({ max: 255 }), async (length, value) => {
      const bytes = bytesOf(length, value);
      await put(blobs, key, { record: { length }, bytes });
      deepEqual(await get(blobs, key), { record: { length }, bytes });
    }),
    { numRuns: 30 },
  );
  await blobs.delete(key);
  deepEqual(await keys(kv), []);
});

Deno.test("replacing and deleting say what was there and leave nothing behind", async () => {
  await using kv = await openStore();
  const blobs = new BlobStore(kv);
  equal(await put(blobs, key, { record: 1, bytes: bytesOf(200_000) }), false);
  equal(await put(blobs, key, { record: 2, bytes: bytesOf(100_000) }), true);
  equal((await keys(kv)).length, 1 + chunksOf(kv, 100_000));
  equal((await blobs.read(key))?.record, 2);
  deepEqual(await blobs.list(["thing"]), [{ key, record: 2 }]);
  equal(await blobs.delete(key), true);
  equal(await blobs.delete(key), false);
  equal(await get(blobs, key), null);
  deepEqual(await keys(kv), []);
});

Deno.test("concurrent writers: one whole answer wins, nothing else remains", async () => {
  await using kv = await openStore();
  const blobs = new BlobStore(kv);
  const writes = Array.from(
    { length: 8 },
    (_, i) => put(blobs, key, { record: i, bytes: bytesOf(150_000 + i, i) }),
  );
  equal((await Promise.all(writes)).filter((replaced) => !replaced).length, 1);
  const { record, bytes } = (await get<number>(blobs, key))!;
  deepEqual(bytes, bytesOf(150_000 + record, record));
  equal((await keys(kv)).length, 1 + chunksOf(kv, 150_000));
});

Deno.test("writers over two connections to one file lose nothing and are refused nothing", async () => {
  await inFolder(async (folder) => {
    const path = await freshPath(`${folder}/kv`);
    await using one = await openStore(path);
    await using other = await openStore(path);
    const keysOf = (side: number) =>
      Array.from({ length: 40 }, (_, i) => ["thing", side, i]);
    await Promise.all([one, other].map(async (kv, side) => {
      const blobs = new BlobStore(kv);
      for (const key of [...keysOf(side), ["thing", "both"]]) {
        await put(blobs, key, { record: side, bytes: bytesOf(800_000, side) });
      }
    }));
    const blobs = new BlobStore(one);
    for (const side of [0, 1]) {
      for (const key of keysOf(side)) {
        const { record, bytes } = (await get<number>(blobs, key))!;
        equal(record, side);
        deepEqual(bytes, bytesOf(800_000, side));
      }
    }
    equal((await keys(other)).length, 81 * (1 + chunksOf(other, 800_000)));
  });
});

/** A KV whose nth commit or set fails, as a crash would cut it. */
function failing(kv: Kv, nth: number): Kv {
  let calls = 0;
  const count = () => {
    if (++calls >= nth) throw new Error("cut");
  };
  return new Proxy(kv, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "atomic") {
        return () => {
          const atomic = target.atomic();
          const commit = atomic.commit.bind(atomic);
          atomic.commit = () => {
            count();
            return commit();
          };
          return atomic;
        };
      }
      if (name !== "set" && name !== "delete") return value.bind(target);
      return (...args: unknown[]) => {
        count();
        return value.apply(target, args);
      };
    },
  });
}

Deno.test("a write cut at any step leaves the old whole or the new whole, and sweep tidies up", async () => {
  const before = { record: "old", bytes: bytesOf(130_000, 1) };
  const after = { record: "new", bytes: bytesOf(1_500_000, 2) };
  for (let nth = 1; nth <= 12; nth++) {
    await using kv = await openStore();
    const blobs = new BlobStore(kv);
    await put(blobs, key, before);
    const cut = new BlobStore(failing(kv, nth));
    const finished = await put(cut, key, after).then(() => true, () => false);
    const found = (await get<string>(blobs, key))!;
    deepEqual(found, found.record === "new" ? after : before);
    if (finished) equal(found.record, "new");

    await blobs.sweep();
    deepEqual(await get(blobs, key), found);
    await new BlobStore(kv, () => Date.now() + 61_000).sweep();
    deepEqual(await get(blobs, key), found);
    const chunks = chunksOf(kv, found.bytes.length);
    equal((await keys(kv)).length, 1 + chunks, `cut at step ${nth}`);
  }
});

Deno.test("a write that a sweep has given up is refused, not torn", async () => {
  await using kv = await openStore();
  const sweeper = new BlobStore(kv, () => Date.now() + 61_000);
  const kvSwept = new Proxy(kv, {
    get(target, name) {
      if (name !== "get") {
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (wanted: Deno.KvKey) => {
        await sweeper.sweep();
        return await target.get(wanted);
      };
    },
  });
  const slow = new BlobStore(kvSwept);
  await rejects(
    put(slow, key, { record: 1, bytes: bytesOf(99_999) }),
    /writing it took longer than 60 s/,
  );
  deepEqual(await keys(kv), []);
});
