import { openKv } from "../../deploy/compose_state.ts";
import type { Kv } from "../../lib/store/kv/kv.ts";

/**
 * The database under test: a server's address in `STORE`, where the tests of stores run over PostgreSQL or KV Connect
 * (`tests/process/stores_test.ts`); SQLite otherwise.
 */
const SERVER = Deno.env.get("STORE") || null;

/** Whether the database is a file of this machine. */
export const isFile = SERVER === null;

/** The `KV_PATH` of an empty database of the kind under test. @param file used where it is a file. */
export function freshPath(file = ":memory:"): string {
  if (SERVER === null) return file;
  if (!SERVER.startsWith("postgres")) return SERVER;
  const schema = `t${crypto.randomUUID().replaceAll("-", "")}`;
  return `${SERVER}schema=${schema}`;
}

/** Opens a database, by default an empty one of the kind under test, and closes it afterwards. */
export async function openStore(path?: string): Promise<Kv & AsyncDisposable> {
  const kv = await openKv(path ?? freshPath());
  if (path === undefined) await empty(kv);
  return Object.assign(kv, {
    async [Symbol.asyncDispose]() {
      await kv.close();
    },
  });
}

/** A KV Connect server has one database. */
async function empty(kv: Kv): Promise<void> {
  for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
}
