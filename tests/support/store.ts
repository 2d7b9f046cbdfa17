import { openKv } from "../../deploy/compose_state.ts";
import type { Kv } from "../../lib/store/kv/kv.ts";

/**
 * The database under test: a server's address in `STORE`, where the tests of stores run over PostgreSQL or KV Connect
 * (`tests/process/stores_test.ts`); SQLite otherwise.
 */
const SERVER = Deno.env.get("STORE") || null;

/** Whether the database is a file of this machine. */
export const isFile = SERVER === null;

/**
 * The `KV_PATH` of an empty database of the kind under test. A KV Connect server has one database, which is emptied: it
 * is the same as before.
 *
 * @param file used where it is a file.
 */
export async function freshPath(file = ":memory:"): Promise<string> {
  if (SERVER === null) return file;
  if (SERVER.startsWith("postgres")) {
    const schema = `t${crypto.randomUUID().replaceAll("-", "")}`;
    return `${SERVER}schema=${schema}`;
  }
  await using kv = await openStore(SERVER);
  for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
  return SERVER;
}

/** Opens a database, by default an empty one of the kind under test, and closes it afterwards. */
export async function openStore(path?: string): Promise<Kv & AsyncDisposable> {
  const kv = await openKv(path ?? await freshPath());
  return Object.assign(kv, {
    async [Symbol.asyncDispose]() {
      await kv.close();
    },
  });
}
