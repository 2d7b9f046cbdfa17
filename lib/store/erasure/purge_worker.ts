/// <reference lib="deno.worker" />
import { DatabaseSync } from "node:sqlite";

/** How long SQLite waits for other connections, milliseconds. */
const PATIENCE_MS = 10_000;
/** Bytes of zeros in a row of the filling. */
const FILL_BYTES = 2 ** 20;

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = ({ data: path }: MessageEvent<string>) => {
  try {
    purgeFile(path);
    scope.postMessage(null);
  } catch (error) {
    scope.postMessage((error as Error).message);
  }
};

/**
 * Overwrites what was deleted from Deno KV's SQLite file. Deleted rows remain in three places: in free pages, which
 * are filled with zeros; in the free space of pages in use, so the table is written anew; and in the write-ahead log,
 * which is emptied. VACUUM would do the same, but Deno allows it only to processes that have all permissions.
 */
function purgeFile(path: string): void {
  const database = new DatabaseSync(path);
  const pragma = (text: string) => {
    const row = database.prepare(`PRAGMA ${text}`).get() ?? {};
    return Number(Object.values(row)[0]);
  };
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    // From here on, SQLite zeroes what this connection frees.
    database.exec("PRAGMA secure_delete = ON");
    database.exec("BEGIN IMMEDIATE");
    const free = pragma("freelist_count") * pragma("page_size");
    database.exec(`
      CREATE TABLE filling (x BLOB);
      WITH RECURSIVE rows(i) AS (
        SELECT 0 UNION ALL SELECT i + 1 FROM rows WHERE i * ${FILL_BYTES} < ${free}
      ) INSERT INTO filling SELECT zeroblob(${FILL_BYTES}) FROM rows;
      DROP TABLE filling;
    `);
    const schema = database.prepare(
      "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'kv' AND sql NOT NULL",
    ).all() as { type: string; sql: string }[];
    const sqlOf = (wanted: string) =>
      schema.filter(({ type }) => type === wanted)
        .map(({ sql }) => `${sql};`).join("");
    database.exec(`
      ALTER TABLE kv RENAME TO old_kv;
      ${sqlOf("table")}
      INSERT INTO kv SELECT * FROM old_kv;
      DROP TABLE old_kv;
      ${sqlOf("index")}
    `);
    database.exec("COMMIT");
    if (pragma("wal_checkpoint(TRUNCATE)") !== 0) {
      throw new Error(
        "Cannot empty the write-ahead log: other connections read it.",
      );
    }
  } finally {
    database.close();
  }
}
