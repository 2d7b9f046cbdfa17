import { inFolder } from "./in_folder.ts";
import { KvConnect } from "./kv_connect.ts";
import { Postgres } from "./postgres.ts";

/** A database server that a test may kill, and the `KV_PATH` of an empty database in it. */
export interface DatabaseServer {
  path: string;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again over what it stored. */
  begin(): Promise<void>;
  /** Waits until it has done what a killed process had sent it. */
  settle(): Promise<void>;
}

/**
 * Starts a server, and stops it after `use`.
 *
 * @param name `postgres` or `denokv`.
 */
export async function withDatabase<T>(
  name: string,
  use: (server: DatabaseServer) => Promise<T>,
): Promise<T> {
  if (name === "postgres") {
    await using server = await Postgres.start();
    return await use(Object.assign(server, { path: server.url() }));
  }
  if (name !== "denokv") throw new Error(`${name}: postgres or denokv.`);
  return await inFolder(async (folder) => {
    await using server = await KvConnect.start(`${folder}/kv.sqlite`);
    // Deno reads the token from the environment, also that of the processes it starts.
    for (const [key, value] of Object.entries(server.environment)) {
      Deno.env.set(key, value);
    }
    return await use(Object.assign(server, { path: server.url }));
  });
}
