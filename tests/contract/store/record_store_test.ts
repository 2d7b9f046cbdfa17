import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { DataKeys } from "../../../lib/store/encryption/data_keys.ts";
import {
  openKeyring,
  rewrapIndexKey,
} from "../../../lib/store/encryption/keyring.ts";
import { encryptStore } from "../../../lib/store/encrypt_store.ts";
import { unchangedSince } from "../../../lib/store/erasure/erasure.ts";
import { createPatientStore } from "../../../lib/store/patient_store.ts";
import { RecordStore } from "../../../lib/store/records/record_store.ts";
import { faultyKv, type KvFaults } from "../../support/faulty_kv.ts";
import { openRecords, operatorKey } from "../../support/operator_key.ts";
import { openStore } from "../../support/store.ts";
import type { Kv } from "../../../lib/store/kv/kv.ts";

const key = ["reference", "t", "Jane Doe", "visit 1"];
const bytesOf = (length: number, fill = 1) => new Uint8Array(length).fill(fill);
const record = { patient: "Jane Doe", label: "liver" };

async function dump(kv: Kv): Promise<[Deno.KvKey, unknown][]> {
  const found: [Deno.KvKey, unknown][] = [];
  for await (const { key, value } of kv.list({ prefix: [] })) {
    found.push([key, value]);
  }
  return found;
}

const isDamaged = { name: "EdgeError", code: "damaged" };

Deno.test("what is encrypted is read back at every size, and the database reveals nothing of it", async () => {
  await using kv = await openStore();
  const records = await openRecords(kv);
  const size = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 59_950, max: 60_001 }),
    fc.integer({ min: 0, max: 900_000 }),
  );
  await fc.assert(
    fc.asyncProperty(size, async (length) => {
      const bytes = new TextEncoder().encode("TENSOR".repeat(length / 6));
      await records.put(key, { record, bytes });
      deepEqual(await records.get(key), { record, bytes });
      const seen = Deno.inspect(await dump(kv), {
        depth: 9,
        iterableLimit: Infinity,
        strAbbreviateSize: Infinity,
      });
      for (const secret of ["Jane", "visit 1", "liver"]) {
        ok(!seen.includes(secret), secret);
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("records are listed in the order of their plain keys", async () => {
  await using kv = await openStore();
  const records = await openRecords(kv);
  const names = ["b", "a", "10", "9", "c"];
  for (const name of names) {
    const at = ["reference", "t", "p", name];
    await records.put(at, { record: name, bytes: bytesOf(3) });
  }
  const found = await records.list<string>(["reference", "t", "p"]);
  deepEqual(found.map(({ record }) => record), names.toSorted());
  deepEqual(found.map(({ key }) => key[3]), names.toSorted());
  deepEqual(await records.list(["reference", "u", "p"]), []);
});

Deno.test("a blob moved to another place, mixed from two writes or altered is reported as damaged", async () => {
  await using kv = await openStore();
  const records = await openRecords(kv);
  const other = ["reference", "t", "John Roe", "visit 1"];
  const sister = ["reference", "t", "Jane Doe", "visit 2"];
  for (const at of [key, other, sister]) {
    await records.put(at, { record, bytes: bytesOf(100) });
  }
  const [at, otherAt, sisterAt] = await Promise.all(
    [key, other, sister].map((plain) => records.hideNames(plain)),
  );
  type Manifest = { version: string; record: { write: string } };
  const own = (await kv.get<Manifest>(at)).value!;
  for (const [target, plain] of [[otherAt, other], [sisterAt, sister]]) {
    const before = (await kv.get<Manifest>(target)).value!;
    await kv.set(target, own);
    await rejects(records.get(plain), isDamaged);
    await rejects(records.list(plain.slice(0, 3)), isDamaged);
    await kv.set(target, { ...before, version: own.version });
    await rejects(records.get(plain), isDamaged, "bytes of another");
    await kv.set(target, { ...before, record: own.record });
    await rejects(records.get(plain), isDamaged, "record of another");
  }
  const chunk = ["chunk", own.version, 0];
  const sealed = (await kv.get<Uint8Array>(chunk)).value!;
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
      const altered = sealed.slice();
      altered[bit >> 3] ^= 1 << (bit & 7);
      await kv.set(chunk, altered);
      await rejects(records.get(key), isDamaged);
    }),
    { numRuns: 50 },
  );
  await kv.set(chunk, sealed.slice(0, 5));
  await rejects(records.get(key), isDamaged);
  equal(await records.erase("t", "Jane Doe"), true, "it can be erased still");
  equal(await records.get(key), null);
});

Deno.test("a data key of another patient does not unwrap", async () => {
  await using kv = await openStore();
  const records = await openRecords(kv);
  const other = ["reference", "t", "John Roe", "visit 1"];
  for (const at of [key, other]) {
    await records.put(at, { record, bytes: bytesOf(9) });
  }
  const keys = (await dump(kv)).filter(([[kind]]) => kind === "datakey");
  equal(keys.length, 2);
  await kv.set(keys[0][0], keys[1][1]);
  await kv.set(keys[1][0], keys[0][1]);
  await rejects(records.get(key), isDamaged);
  await rejects(records.get(other), isDamaged);
});

Deno.test("keys rotate: a rewrap that is cut anywhere can be continued, and loses and renames nothing", async () => {
  await using kv = await openStore();
  const [old, young] = [operatorKey("old", 1), operatorKey("young", 2)];
  const before = await openRecords(kv, [old]);
  const patients = Array.from({ length: 12 }, (_, i) => `p${i}`);
  for (const patient of patients) {
    const at = ["reference", "t", patient, "r"];
    await before.put(at, { record: patient, bytes: bytesOf(9) });
  }
  await before.put(["embedding", "t", "e"], {
    record: 1,
    bytes: bytesOf(9),
  }, 60_000);
  const keyring = (await openKeyring(kv, [young, old]))!;
  let left = 5;
  const cut = new Proxy(kv, {
    get(target, name) {
      if (name === "atomic" && left-- === 0) throw new Error("cut");
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await rejects(new DataKeys(cut, keyring, Date.now).rewrap(), /cut/);
  const check = async (records: RecordStore) => {
    for (const patient of patients) {
      const at = ["reference", "t", patient, "r"];
      equal((await records.get(at))?.record, patient);
    }
    equal((await records.get(["embedding", "t", "e"]))?.record, 1);
  };
  await check(await openRecords(kv, [young, old]));
  equal(await new DataKeys(kv, keyring, Date.now).rewrap(), 13 - 5);
  equal(await rewrapIndexKey(kv, keyring), true);
  equal(await new DataKeys(kv, keyring, Date.now).rewrap(), 0);
  equal(await rewrapIndexKey(kv, keyring), false);
  await check(await openRecords(kv, [young]));
  await rejects(openRecords(kv, [old]), /needs the operator key "young"/);
});

Deno.test("keys that do not fit the store stop the start, and change nothing", async () => {
  await using kv = await openStore();
  const records = await openRecords(kv);
  await records.put(key, { record, bytes: bytesOf(9) });
  const before = await dump(kv);
  const unfit = (keys: ReturnType<typeof operatorKey>[], why: RegExp) =>
    rejects(openKeyring(kv, keys), {
      code: "invalid-input",
      message: why,
    });
  await unfit([], /^KV_PATH cannot be used: .* OPERATOR_KEYS is not set\.$/);
  await unfit([operatorKey("k2")], /needs the operator key "k1"\.$/);
  await unfit([operatorKey("k1", 8)], /"k1" is not the one the store knows\.$/);
  deepEqual(await dump(kv), before);

  await using plain = await openStore();
  await new RecordStore(plain).put(key, { record, bytes: bytesOf(9) });
  await rejects(openRecords(plain), /deno task operator-keys seal/);
  deepEqual(await new RecordStore(plain).get(key), {
    record,
    bytes: bytesOf(9),
  });
});

Deno.test("a store in the clear is encrypted; cut anywhere, that is reported and continued", async () => {
  await using kv = await openStore();
  const plain = new RecordStore(kv, { now: () => 1234 });
  const patients = ["Jane Doe", "John Roe", "Max Moe"];
  for (const patient of patients) {
    for (const name of ["x", "y"]) {
      const at = ["reference", "t", patient, name];
      await plain.put(at, { record: name, bytes: bytesOf(70_000) });
    }
  }
  await createPatientStore(plain, 1e6).link("t", "Jane Doe", "e", false);
  await plain.put(["embedding", "t", "e"], { record: 1, bytes: bytesOf(9) });
  for (const kind of ["image", "answer"]) {
    const at = [kind, "t", "Jane Doe", "x"];
    await plain.put(at, { record: 1, bytes: bytesOf(70_000) }, 60_000);
  }
  const keys = [operatorKey("k1")];
  for (let steps = 3, done = false; !done; steps += 7) {
    let left = steps;
    const cut = new Proxy(kv, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "atomic" && left-- === 0) throw new Error("cut");
        return value.bind(target);
      },
    });
    const keyring = (await openKeyring(kv, keys, { encrypts: true }))!;
    done = await encryptStore(cut, keyring).then(() => true, () => false);
    if (!done) {
      await rejects(openRecords(kv, keys), /was cut off; run it again/);
    }
  }
  const records = await openRecords(kv, keys);
  for (const patient of patients) {
    const found = await records.list(["reference", "t", patient]);
    deepEqual(found.map(({ record }) => record), ["x", "y"]);
  }
  const entries = await dump(kv);
  ok(!Deno.inspect(entries, { depth: 9 }).includes("Jane"));
  const changed = entries.filter(([[kind]]) => kind === "changed");
  deepEqual(changed.map(([, time]) => time), [1234, 1234, 1234]);
  const passing = ["answer", "embedding", "image", "link"];
  ok(!entries.some(([[kind]]) => passing.includes(String(kind))));
});

for (const keys of [[], [operatorKey("k1")]]) {
  const how = keys.length === 0 ? "in the clear" : "encrypted";

  Deno.test(`erasing removes a patient's records of every kind, and no other's, ${how}`, async () => {
    await using kv = await openStore();
    const records = await openRecords(kv, keys);
    for (const patient of ["p", "p2"]) {
      for (const kind of ["reference", "references", "revision", "a"]) {
        for (const name of ["x", "y"]) {
          const at = [kind, "t", patient, name];
          await records.put(at, { record: 1, bytes: bytesOf(70_000) });
        }
      }
      const id = `embedding of ${patient}`;
      await createPatientStore(records, 1e6).link("t", patient, id, false);
      await records.put(["embedding", "t", id], {
        record: 1,
        bytes: bytesOf(9),
      }, 60_000);
    }
    const erased = await records.erase("t", "p");
    equal(erased, true);
    equal(await records.erase("t", "p"), false);
    equal(await records.erase("u", "p2"), false);
    equal(await records.get(["embedding", "t", "embedding of p"]), null);
    for (const kind of ["reference", "references", "revision", "a"]) {
      deepEqual(await records.list([kind, "t", "p"]), []);
      equal((await records.list([kind, "t", "p2"])).length, 2);
    }
    ok(await records.get(["embedding", "t", "embedding of p2"]));
    equal(await records.erase("t", "p2"), true);
    const left = (await dump(kv)).map(([[kind]]) => kind);
    deepEqual(left, keys.length === 0 ? ["scrub"] : ["scrub", "seal"]);
  });

  Deno.test(`an erasure cut at any step is finished by a sweep, or by the next write, ${how}`, async () => {
    for (let cutAt = 2; cutAt < 40; cutAt++) {
      await using kv = await openStore();
      const records = await openRecords(kv, keys);
      const at = (name: string) => ["reference", "t", "p", name];
      for (const name of ["x", "y"]) {
        await records.put(at(name), { record: 1, bytes: bytesOf(70_000) });
      }
      await createPatientStore(records, 1e6).link("t", "p", "e", true);
      await records.put(["embedding", "t", "e"], {
        record: 1,
        bytes: bytesOf(9),
      });
      let calls = 0;
      const cut = new Proxy(kv, {
        get(target, name) {
          const value = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          if (name === "atomic" || name === "delete") {
            if (++calls >= cutAt) throw new Error("cut");
          }
          return value.bind(target);
        },
      });
      const whole = await (await openRecords(cut, keys)).erase("t", "p")
        .then(() => true, () => false);
      if (whole) {
        ok(cutAt > 5);
        break;
      }
      if (cutAt % 2 === 0) await records.sweep();
      else await records.put(at("new"), { record: 2, bytes: bytesOf(3) });
      const names = (await records.list(["reference", "t", "p"]))
        .map(({ key }) => key[3]);
      deepEqual(names, cutAt % 2 === 0 ? [] : ["new"], `cut at ${cutAt}`);
      equal(await records.get(["embedding", "t", "e"]), null);
      ok(!(await dump(kv)).some(([[kind]]) => kind === "erasing"));
      await records.sweep();
      equal(
        (await records.list(["reference", "t", "p"])).length,
        names.length,
      );
    }
  });

  Deno.test(`a record that is removed during an erasure does not make its patient known again, ${how}`, async () => {
    await using kv = await openStore();
    const records = await openRecords(kv, keys);
    const at = ["reference", "t", "p", "x"];
    await records.put(at, { record: 1, bytes: bytesOf(9) });
    let commits = 0;
    const cut = new Proxy(kv, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name === "atomic" && ++commits > 1) throw new Error("cut");
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    await rejects((await openRecords(cut, keys)).erase("t", "p"), /cut/);
    await records.delete(at);
    equal(await records.erase("t", "p"), false);
    ok(!(await dump(kv)).some(([[kind]]) => kind === "changed"));
  });

  Deno.test(`retention spares a patient that changed since it was looked at, ${how}`, async () => {
    await using kv = await openStore();
    const records = await openRecords(kv, keys);
    const at = ["reference", "t", "p", "x"];
    const put = () => records.put(at, { record: 1, bytes: bytesOf(9) });
    await put();
    const soon = Date.now() + 1000;
    const retain = async (meanwhile: () => Promise<unknown>) => {
      const erased = [];
      for await (const { owner, change } of unchangedSince(kv, () => soon)) {
        await meanwhile();
        erased.push(await records.erasure.erase(owner, [change]));
      }
      return erased;
    };
    deepEqual(await retain(put), [false]);
    ok(await records.get(at));
    deepEqual(await retain(() => Promise.resolve()), [true]);
    equal(await records.get(at), null);
  });

  Deno.test(`writes and erasures of one patient at once: what is acknowledged after the last erasure is whole, ${how}`, async () => {
    await using kv = await openStore();
    const records = await openRecords(kv, keys);
    const at = (i: number) => ["reference", "t", "p", `r${i}`];
    for (let round = 0; round < 10; round++) {
      const put = (i: number) =>
        records.put(at(i), { record: i, bytes: bytesOf(70_000, i) });
      await Promise.all([
        put(0),
        put(1),
        records.erase("t", "p"),
        put(2),
        records.erase("t", "p"),
        put(3),
      ]);
      for (
        const { key, record } of await records.list<number>([
          "reference",
          "t",
          "p",
        ])
      ) {
        deepEqual((await records.get(key))!.bytes, bytesOf(70_000, record));
      }
      await put(4);
      equal((await records.get(at(4)))?.record, 4);
      await records.erase("t", "p");
      deepEqual(await records.list(["reference", "t", "p"]), []);
    }
  });

  Deno.test(`an embedding that is stored while its patient is erased does not stay, ${how}`, async () => {
    await using kv = await openStore();
    const records = await openRecords(kv, keys);
    await records.put(key, { record, bytes: bytesOf(9) });
    const patients = createPatientStore(records, 1e6);
    const link = () => patients.link("t", "Jane Doe", "e", false);
    await link();
    await records.erase("t", "Jane Doe");
    await records.put(["embedding", "t", "e"], {
      record: 1,
      bytes: bytesOf(9),
    });
    await patients.confirmLink("t", "Jane Doe", "e");
    equal(await records.get(["embedding", "t", "e"]), null);
    await rejects(link(), { code: "not-found" });
  });
}

Deno.test("a write that lands while its patient's erasure looks for it is erased", async () => {
  await using kv = await openStore();
  const faults: KvFaults = {};
  const records = new RecordStore(kv);
  faults.before = async (step) => {
    if (step !== "commit") return;
    delete faults.before;
    await records.put(key, { record, bytes: bytesOf(3) });
  };
  const erasing = new RecordStore(faultyKv(kv, faults));
  equal(await erasing.erase("t", "Jane Doe"), true);
  equal(await records.get(key), null);
  equal(await erasing.erase("t", "Jane Doe"), false);
});
