import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { MAX_REVISIONS } from "../../../lib/store/profiles/ledger.ts";
import { createProfileStore } from "../../../lib/store/profiles/profile_store.ts";
import type { Reference } from "../../../lib/store/profiles/reference.ts";
import { RecordStore } from "../../../lib/store/records/record_store.ts";
import { openStore } from "../../support/store.ts";

const T = "clinic-a";
const OTHER = "clinic-b";
const M = "m".repeat(64);

function make(reference: string, more: Partial<Reference> = {}): Reference {
  return {
    patient: "p",
    reference,
    label: "target",
    position: null,
    model: M,
    image: { width: 8, height: 8 },
    patches: 1,
    createdAt: new Date().toISOString(),
    ...more,
  };
}
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function withStore(
  work: (
    store: ReturnType<typeof createProfileStore>,
    records: RecordStore,
  ) => Promise<void>,
) {
  await using kv = await openStore();
  const records = new RecordStore(kv);
  await work(createProfileStore(records), records);
}

Deno.test("an annotation of any length is kept beside its reference, and goes with it", () =>
  withStore(async (store, records) => {
    const annotation = {
      size: [2048, 2048] as [number, number],
      counts: "x".repeat(500_000),
      image: "d",
    };
    const reference = make("a", { annotationKept: true });
    const put = () =>
      store.put(T, { reference, profile: bytes("1"), annotation });
    for (let i = 0; i < MAX_REVISIONS + 2; i++) await put();
    deepEqual(await store.annotation(T, "p", "a"), annotation);
    const kept = await records.list(["annotation", T, "p"]);
    equal(kept.length, MAX_REVISIONS);
    // Once it lay in the record.
    const older = { ...annotation, counts: "older" };
    const record = { ...reference, annotation: older };
    for (const { key } of kept) await records.delete(key);
    equal(await store.annotation(T, "p", "a"), null);
    for (const one of await records.list(["reference", T, "p"])) {
      await records.put(one.key, { record, bytes: bytes("1") });
    }
    deepEqual(await store.annotation(T, "p", "a"), older);
    await records.erase(T, "p");
    equal(await store.annotation(T, "p", "a"), null);
  }));

/** What the profile of a label is, as text by name. */
async function stateOf(
  store: ReturnType<typeof createProfileStore>,
  label = "target",
  revision?: number,
) {
  const wanted = { model: M, ...(revision !== undefined && { revision }) };
  const found = await store.profile(T, "p", label, wanted);
  return found && Object.fromEntries(
    found.enrolled.map((one) => [one.reference.reference, text(one.profile)]),
  );
}

Deno.test("every change makes a revision, and each can be read and restored", () =>
  withStore(async (store) => {
    const put = (name: string, content: string, more = {}) =>
      store.put(T, { reference: make(name, more), profile: bytes(content) });
    deepEqual(await put("a", "a1"), { replaced: false, revision: 1 });
    deepEqual(await put("b", "b1"), { replaced: false, revision: 2 });
    deepEqual(await put("a", "a2"), { replaced: true, revision: 3 });
    equal(await store.delete(T, "p", "b"), true);
    equal(await store.delete(T, "p", "b"), false);
    const accepted = { by: "reader-7", at: null };
    deepEqual(await put("c", "c1", { accepted }), {
      replaced: false,
      revision: 5,
    });
    deepEqual(await stateOf(store), { a: "a2", c: "c1" });
    deepEqual(await stateOf(store, "target", 1), { a: "a1" });
    deepEqual(await stateOf(store, "target", 2), { a: "a1", b: "b1" });
    deepEqual(await stateOf(store, "target", 4), { a: "a2" });
    equal(await stateOf(store, "target", 6), null);
    equal(await stateOf(store, "other"), null);

    const made = (await store.restore(T, "p", "target", 2))!;
    deepEqual([made.revision, made.change, made.restored], [6, "restored", 2]);
    deepEqual(await stateOf(store), { a: "a1", b: "b1" });
    equal(await store.restore(T, "p", "target", 9), null);
    equal(await store.restore(T, "p", "other", 1), null);
    const kept = (await store.revisions(T, "p"))!.get("target")!;
    deepEqual(
      kept.map(({ revision, change }) => [revision, change]),
      [
        [6, "restored"],
        [5, "accepted"],
        [4, "deleted"],
        [3, "replaced"],
        [2, "enrolled"],
        [1, "enrolled"],
      ],
    );
    deepEqual(kept[1].references.map(({ accepted }) => accepted), [
      undefined,
      accepted,
    ]);
  }));

Deno.test("labels and references may have the names of object properties", () =>
  withStore(async (store) => {
    const names = ["constructor", "__proto__", "toString", "hasOwnProperty"];
    for (const name of names) {
      equal(await store.restore(T, "p", name, 1), null);
      equal(await store.profile(T, "p", name, { model: M }), null);
      equal(await store.find(T, "p", name), null);
    }
    for (const name of names) {
      const reference = make(name, { label: name });
      const profile = bytes(`of ${name}`);
      deepEqual(await store.put(T, { reference, profile }), {
        replaced: false,
        revision: 1,
      });
    }
    for (const name of names) {
      const wanted = [[name, `of ${name}`]];
      deepEqual(Object.entries((await stateOf(store, name))!), wanted);
      equal(await store.delete(T, "p", name), true);
      deepEqual(Object.entries((await stateOf(store, name))!), []);
      equal((await store.restore(T, "p", name, 1))?.revision, 3);
      deepEqual(Object.entries((await stateOf(store, name))!), wanted);
    }
    const labels = (await store.revisions(T, "p"))!.keys();
    deepEqual([...labels].sort(), names.toSorted());
  }));

Deno.test("a reference that changes its label leaves the other", () =>
  withStore(async (store) => {
    const put = (label: string) =>
      store.put(T, { reference: make("a", { label }), profile: bytes(label) });
    await put("liver");
    deepEqual(await put("spleen"), { replaced: true, revision: 1 });
    deepEqual(await stateOf(store, "liver"), {});
    deepEqual(await stateOf(store, "spleen"), { a: "spleen" });
    await store.restore(T, "p", "liver", 1);
    deepEqual(await stateOf(store, "liver"), { a: "liver" });
    deepEqual(await stateOf(store, "spleen"), {});
    equal((await store.find(T, "p", "a"))!.label, "liver");
  }));

Deno.test("revisions are bounded, and what falls out leaves no byte", () =>
  withStore(async (store, records) => {
    for (let i = 0; i < MAX_REVISIONS + 5; i++) {
      await store.put(T, { reference: make("a"), profile: bytes(`${i}`) });
    }
    const kept = (await store.revisions(T, "p"))!.get("target")!;
    equal(kept.length, MAX_REVISIONS);
    equal(kept[0].revision, MAX_REVISIONS + 5);
    equal(await stateOf(store, "target", 5), null);
    deepEqual(await stateOf(store, "target", 6), { a: "5" });
    const files = await records.list(["reference", T, "p"]);
    equal(files.length, MAX_REVISIONS);
  }));

Deno.test("writers at once: every change is one revision, none is lost", () =>
  withStore(async (store, records) => {
    const names = Array.from({ length: 12 }, (_, i) => `r${i}`);
    const made = await Promise.all(
      names.map((name) =>
        store.put(T, { reference: make(name), profile: bytes(name) })
      ),
    );
    deepEqual(
      made.map(({ revision }) => revision).sort((a, b) => a - b),
      names.map((_, i) => i + 1),
    );
    deepEqual(
      await stateOf(store),
      Object.fromEntries(names.map((n) => [n, n])),
    );
    // Erasing meanwhile leaves the whole of what came after, and nothing of what came before.
    await Promise.all([
      records.erase(T, "p"),
      ...names.map((name) =>
        store.put(T, { reference: make(name), profile: bytes(`${name}+`) })
      ),
    ]);
    for (const [name, content] of Object.entries((await stateOf(store))!)) {
      ok([name, `${name}+`].includes(content));
    }
    for (const [, revisions] of (await store.revisions(T, "p"))!) {
      const newest = revisions[0].references.map(({ reference }) => reference);
      deepEqual(Object.keys((await stateOf(store))!), newest);
    }
  }));

Deno.test("erasing removes every byte of every revision", () =>
  withStore(async (store, records) => {
    for (const content of ["1", "2"]) {
      await store.put(T, { reference: make("a"), profile: bytes(content) });
    }
    await store.put("other", { reference: make("a"), profile: bytes("3") });
    equal(await records.erase(T, "p"), true);
    equal(await records.erase(T, "p"), false);
    deepEqual(await store.list(T, "p"), []);
    const left = [];
    for await (const { key } of records.kv.list({ prefix: [] })) {
      ok(!key.includes(T), JSON.stringify(key));
      left.push(key[0]);
    }
    // Those of the other tenant.
    equal(left.filter((kind) => kind === "chunk").length, 2);
    ok(left.includes("reference") && left.includes("profile"));
    deepEqual((await store.list("other", "p")).length, 1);
  }));

Deno.test("references stored before there were revisions are the first one", () =>
  withStore(async (store, records) => {
    for (const name of ["a", "b"]) {
      const key = ["reference", T, "p", name];
      await records.put(key, { record: make(name), bytes: bytes(name) });
    }
    deepEqual(await stateOf(store), { a: "a", b: "b" });
    equal((await store.list(T, "p"))!.length, 2);
    deepEqual(await store.list(OTHER, "p") ?? [], [], "they are one tenant's");
    await store.put(T, { reference: make("c"), profile: bytes("c") });
    deepEqual(await stateOf(store), { a: "a", b: "b", c: "c" });
    deepEqual(await stateOf(store, "target", 1), { a: "a", b: "b" });
  }));

Deno.test("a file that a crash left is removed by the next change", () =>
  withStore(async (store, records) => {
    const lost = ["reference", T, "p", "x", crypto.randomUUID()];
    await records.put(lost, { record: make("x"), bytes: bytes("x") });
    await store.put(T, { reference: make("a"), profile: bytes("a") });
    equal(await records.get(lost), null);
    deepEqual(await stateOf(store), { a: "a" });
  }));

Deno.test("any changes: the newest state is what a plain model says, and so is every revision", async () => {
  const name = fc.constantFrom("a", "b", "c");
  const label = fc.constantFrom("x", "y");
  const change = fc.oneof(
    fc.record({ kind: fc.constant("put"), name, label }),
    fc.record({ kind: fc.constant("delete"), name, label }),
    fc.record({ kind: fc.constant("restore"), name, label, back: fc.nat(4) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 12 }),
      (changes) =>
        withStore(async (store) => {
          type State = Record<string, string>;
          const history: Record<string, State[]> = {};
          const push = (label: string, state: State) =>
            (history[label] ??= []).push(state);
          const now = (label: string): State => history[label]?.at(-1) ?? {};
          const leave = (name: string, but?: string) => {
            for (const other of Object.keys(history)) {
              if (other === but || !(name in now(other))) continue;
              const { [name]: _, ...rest } = now(other);
              push(other, rest);
            }
          };
          for (const [i, one] of changes.entries()) {
            const { kind, name, label } = one;
            if (kind === "put") {
              leave(name, label);
              push(label, { ...now(label), [name]: `${i}` });
              const reference = make(name, { label });
              await store.put(T, { reference, profile: bytes(`${i}`) });
            } else if (kind === "delete") {
              leave(name);
              await store.delete(T, "p", name);
            } else {
              const old = history[label]?.[(one as { back: number }).back];
              if (old !== undefined) {
                for (const name of Object.keys(old)) leave(name, label);
                push(label, old);
              }
              const back = (one as { back: number }).back + 1;
              await store.restore(T, "p", label, back);
            }
          }
          for (const [label, states] of Object.entries(history)) {
            deepEqual(await stateOf(store, label), now(label));
            for (const [i, state] of states.entries()) {
              deepEqual(await stateOf(store, label, i + 1), state);
            }
          }
        }),
    ),
    { numRuns: 40 },
  );
});
