import { deepEqual, equal, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { PURGE_DUE } from "../../lib/store/erasure/purge_file.ts";
import { files, form } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { Server } from "../support/server.ts";

const ROOT = new URL("../../", import.meta.url);
const PATIENT = "doe-jane-1961";
const OTHER = "roe-john-1955";
const REFERENCE = "thorax-of-may";
const LABEL = "glioblastoma";

/** The bytes of the database's files as one Latin-1 text. */
async function contents(path: string): Promise<string> {
  let all = "";
  for (const suffix of ["", "-wal"]) {
    const bytes = await Deno.readFile(path + suffix).catch(() =>
      new Uint8Array()
    );
    all += new TextDecoder("latin1").decode(bytes);
  }
  return all;
}

/** Bytes as they appear in `contents`. */
const shown = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** Samples of all large values in the store: the middle of each chunk, and each wrapped key. */
async function pieces(
  path: string,
): Promise<{ chunks: string[]; keys: string[] }> {
  using kv = await Deno.openKv(path);
  const [chunks, keys]: string[][] = [[], []];
  for await (const { value } of kv.list<Uint8Array>({ prefix: ["chunk"] })) {
    const middle = value.length >> 1;
    chunks.push(shown(value.subarray(middle, middle + 24)));
  }
  const wrapped = kv.list<{ bytes: Uint8Array }>({ prefix: ["datakey"] });
  for await (const { value } of wrapped) keys.push(shown(value.bytes));
  return { chunks, keys };
}

async function scrubbed(path: string): Promise<void> {
  using kv = await Deno.openKv(path);
  while ((await kv.get(PURGE_DUE)).value !== null) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const annotated = () =>
  form({ image: files.image, mask: files.mask, label: LABEL });

for (const keys of [undefined, stated(operatorKey("k1"))]) {
  const how = keys === undefined ? "in the clear" : "sealed";
  Deno.test(`after an erasure nothing of the patient remains in the database file, ${how}`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/edge.kv`;
      const environment = {
        // Embeddings of this model take several chunks.
        MODEL: "nano",
        KV_PATH: path,
        ...(keys && { OPERATOR_KEYS: keys }),
      };
      let before: Awaited<ReturnType<typeof pieces>>;
      {
        await using server = await Server.start(environment);
        // Replaced once, so that an older version lies in free pages.
        for (const status of [201, 200]) {
          const made = await server.enrol(PATIENT, REFERENCE, annotated());
          equal(made.status, status);
          await made.body?.cancel();
        }
        const url =
          `${server.url}/v1/patients/${PATIENT}/segmentations?label=${LABEL}`;
        const found = await fetch(url, { method: "POST", body: files.next });
        equal(found.status, 200);
        await found.body?.cancel();
        before = await pieces(path);
        const all = await contents(path);
        // Two embeddings and a profile.
        ok(before.chunks.length > 10);
        for (const piece of before.chunks) ok(all.includes(piece));
        equal(before.keys.length, keys === undefined ? 0 : 3);
        for (const key of before.keys) ok(all.includes(key));
        for (const name of [PATIENT, REFERENCE, LABEL]) {
          equal(all.includes(name), keys === undefined, name);
        }

        const path2 = `/v1/patients/${PATIENT}`;
        const erased = await server.request(path2, { method: "DELETE" });
        equal(erased.status, 204);
        await scrubbed(path);
        const third = drawVisit(3);
        const image = encodePng(third.image);
        const mask = encodePng(third.mask);
        const again = await server.enrol(OTHER, "r", form({ image, mask }));
        equal(again.status, 201, "the database goes on");
        await again.body?.cancel();
      }
      const after = await contents(path);
      for (const name of [PATIENT, REFERENCE]) ok(!after.includes(name), name);
      for (const piece of before.chunks) {
        ok(!after.includes(piece), "a chunk remains");
      }
      for (const key of before.keys) ok(!after.includes(key), "a key remains");
    });
  });
}

Deno.test("a purge that was cut off is done by the next start", async () => {
  await inFolder(async (folder) => {
    const environment = { KV_PATH: `${folder}/edge.kv` };
    {
      await using server = await Server.start(environment);
      const made = await server.enrol(PATIENT, REFERENCE, annotated());
      equal(made.status, 201);
      await made.body?.cancel();
      const path = `/v1/patients/${PATIENT}`;
      equal((await server.request(path, { method: "DELETE" })).status, 204);
      await server.kill();
    }
    {
      using kv = await Deno.openKv(environment.KV_PATH);
      await kv.set(PURGE_DUE, 1);
    }
    await using server = await Server.start(environment);
    await scrubbed(environment.KV_PATH);
    equal((await server.json(`/v1/patients/${PATIENT}`)).status, 404);
    const after = await contents(environment.KV_PATH);
    ok(!after.includes(PATIENT));
  });
});

Deno.test("the task that seals and rotates keys, and servers that hold none, some or all of them", async () => {
  await inFolder(async (folder) => {
    const KV_PATH = `${folder}/edge.kv`;
    const [old, young] = [operatorKey("2025", 1), operatorKey("2026", 2)];
    const task = async (command: string, OPERATOR_KEYS: string) => {
      const { success, stdout, stderr } = await new Deno.Command(
        Deno.execPath(),
        {
          args: ["task", "--quiet", "operator-keys", command],
          cwd: ROOT,
          env: { KV_PATH, OPERATOR_KEYS },
        },
      ).output();
      const printed = new TextDecoder().decode(success ? stdout : stderr);
      return { success, printed: printed.trim() };
    };
    const refused = async (OPERATOR_KEYS: string) => {
      const { success, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "deploy/serve.ts"],
        cwd: ROOT,
        env: { KV_PATH, OPERATOR_KEYS, PORT: "0" },
      }).output();
      equal(success, false);
      return new TextDecoder().decode(stderr).trim();
    };
    const names = async (OPERATOR_KEYS: string) => {
      await using server = await Server.start({ KV_PATH, OPERATOR_KEYS });
      const { body } = await server.json(`/v1/patients/${PATIENT}`);
      const { references } = body as { references: { reference: string }[] };
      return references.map(({ reference }) => reference);
    };
    {
      await using server = await Server.start({ KV_PATH });
      const made = await server.enrol(PATIENT, REFERENCE, annotated());
      equal(made.status, 201);
      await made.body?.cancel();
    }
    ok((await contents(KV_PATH)).includes(PATIENT));
    equal(
      await refused(stated(old)),
      "error: KV_PATH cannot be used: the store holds unencrypted data, which `deno task operator-keys seal` encrypts.",
    );
    // The ledger, the reference, and its annotation.
    deepEqual(await task("seal", stated(old)), {
      success: true,
      printed: 'sealed 3 records under "2025"',
    });
    ok(!(await contents(KV_PATH)).includes(PATIENT));
    deepEqual(await names(stated(old)), [REFERENCE]);
    deepEqual(await names(stated(young, old)), [REFERENCE]);
    const rotated = await task("rotate", stated(young, old));
    ok(rotated.success, rotated.printed);
    deepEqual(await names(stated(young)), [REFERENCE]);
    ok((await refused(stated(old))).includes('needs the operator key "2026"'));
    ok((await refused("")).includes("OPERATOR_KEYS is not set"));
    equal((await task("melt", stated(young))).success, false);
    equal((await task("rotate", "x:AAAA")).success, false);
  });
});
