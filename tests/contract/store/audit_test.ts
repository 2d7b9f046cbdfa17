import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { verifyExport } from "../../../lib/cli/verify_trail.ts";
import { openAudit } from "../../../lib/store/audit/audit_store.ts";
import type { AuditEntry } from "../../../lib/store/audit/hash_chain.ts";
import { openKeyring } from "../../../lib/store/encryption/keyring.ts";
import { operatorKey } from "../../support/operator_key.ts";
import { openStore } from "../../support/store.ts";
import type { Kv } from "../../../lib/store/kv/kv.ts";

const event = (request: string) => ({
  caller: "k-1",
  operation: "PUT /v1/patients/{}",
  names: ["tag"],
  phase: "answered" as const,
  status: 200,
  request,
});

const exported = (entries: AuditEntry[]) =>
  entries.map((entry) => JSON.stringify(entry) + "\n").join("");

for (const keys of [[], [operatorKey("k1")]]) {
  const how = keys.length === 0 ? "in the clear" : "encrypted";
  const open = async (kv: Kv) =>
    await openAudit(kv, await openKeyring(kv, keys));

  Deno.test(`every instance appends to its own chain, and every entry is there once, ${how}`, async () => {
    await using kv = await openStore();
    const instances = [await open(kv), await open(kv), await open(kv)];
    const wanted: string[] = [];
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        instances.flatMap((audit, i) =>
          Array.from({ length: 150 }, (_, j) => {
            const request = `${round} ${i} ${j}`;
            wanted.push(request);
            return audit.append("t", event(request));
          })
        ),
      );
    }
    await (await open(kv)).append("t", event("last"));
    await instances[0].append("u", event("another tenant's"));
    wanted.push("last");
    const found: AuditEntry[] = [];
    let after: [string, number] | undefined;
    for (;;) {
      const page = await instances[1].read("t", {
        ...(after && { after }),
        limit: 300,
      });
      found.push(...page);
      if (page.length < 300) break;
      after = [page[299].chain, page[299].seq];
    }
    deepEqual(found.map(({ request }) => request).sort(), wanted.sort());
    equal(
      await verifyExport(exported(found)),
      "whole: 2251 entries in 4 chains",
    );
  });

  Deno.test(`tags survive a restart, and differ by name, place and tenant, ${how}`, async () => {
    await using kv = await openStore();
    const [one, other] = [await open(kv), await open(kv)];
    const tag = await one.tag("t", "patients", "p");
    equal(await other.tag("t", "patients", "p"), tag);
    const others = [
      await one.tag("u", "patients", "p"),
      await one.tag("t", "patients", "q"),
      await one.tag("t", "references", "p"),
    ];
    equal(new Set([tag, ...others]).size, 4);
  });
}

Deno.test("an export that lacks an entry, or has one altered, moved or twice, is reported as broken", async () => {
  await using kv = await openStore();
  let time = 1e12;
  const openLater = () => openAudit(kv, null, () => time += 1000);
  for (const _ of [1, 2, 3]) {
    const audit = await openLater();
    for (const i of [1, 2, 3, 4]) await audit.append("t", event(`${i}`));
  }
  const entries = await (await openLater()).read("t", { limit: 100 });
  equal(
    await verifyExport(exported(entries)),
    "whole: 12 entries in 3 chains",
  );
  const broken = (altered: AuditEntry[]) =>
    rejects(verifyExport(exported(altered)), /^EdgeError: The trail is broken/);
  // The end of the youngest chain alone can be cut off: nothing names it yet.
  for (let i = 0; i < entries.length - 1; i++) {
    await broken(entries.toSpliced(i, 1));
    await broken(entries.toSpliced(i, 1, { ...entries[i], caller: "k-2" }));
    await broken(entries.toSpliced(i, 0, entries[i]));
  }
  await broken(entries.slice(4));
  await fc.assert(
    fc.asyncProperty(fc.nat(11), fc.nat(11), async (a, b) => {
      if (a === b) return;
      const swapped = entries.with(a, entries[b]).with(b, entries[a]);
      // Chains as a whole may change places.
      if (entries[a].chain === entries[b].chain) await broken(swapped);
    }),
  );
  for (const text of ["{", "[]", "null", '{"heads":1}']) {
    await rejects(verifyExport(text), /Line 1 is no entry/);
  }
});

Deno.test("an entry forged in an encrypted store without its key is reported as damaged", async () => {
  await using kv = await openStore();
  const audit = await openAudit(kv, await openKeyring(kv, [operatorKey("k")]));
  for (const i of [1, 2]) await audit.append("t", event(`${i}`));
  const [first, second] = await audit.read("t", { limit: 9 });
  const at = (seq: number) => ["audit", "entry", "t", first.chain, seq];
  ok((await kv.get(at(0))).value instanceof Uint8Array);
  await kv.set(at(1), (await kv.get(at(0))).value);
  await rejects(audit.read("t", { limit: 9 }), { code: "damaged" });
  await kv.set(at(1), JSON.stringify(second));
  await rejects(audit.read("t", { limit: 9 }), { code: "damaged" });
});
