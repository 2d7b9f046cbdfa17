/// <reference lib="deno.worker" />
import { DatabaseSync } from "node:sqlite";

/** How long SQLite waits for other connections, milliseconds. */
const PATIENCE_MS = 10_000;

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = ({ data: path }: MessageEvent<string>) => {
  try {
    scrubFile(path);
    scope.postMessage(null);
  } catch (error) {
    scope.postMessage((error as Error).message);
  }
};

/** Bytes of zeros in a row. */
const FILL_BYTES = 2 ** 20;

/**
 * Overwrites what was deleted from Deno KV's SQLite file. It lies in free pages, in the free space of
 * pages in use, and in the write-ahead log: the first are filled with zeros, the table is written anew,
 * and the log is emptied. VACUUM would do, but Deno allows it to none but processes with all permissions.
 */
function scrubFile(path: string): void {
  const database = new DatabaseSync(path);
  const number = (pragma: string) =>
    Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0]);
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    // From here on, what this connection frees is zeroed.
    database.exec("PRAGMA secure_delete = ON");
    database.exec("BEGIN IMMEDIATE");
    const free = number("freelist_count") * number("page_size");
    database.exec(`
      CREATE TABLE filling (x BLOB);
      WITH RECURSIVE rows(i) AS (
        SELECT 0 UNION ALL SELECT i + 1 FROM rows WHERE i * ${FILL_BYTES} < ${free}
      ) INSERT INTO filling SELECT zeroblob(${FILL_BYTES}) FROM rows;
      DROP TABLE filling;
    `);
    const kv = database.prepare(
      "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'kv' AND sql NOT NULL",
    ).all() as { type: string; sql: string }[];
    const table = kv.find(({ type }) => type === "table")!.sql;
    database.exec(`
      ALTER TABLE kv RENAME TO old_kv;
      ${table};
      INSERT INTO kv SELECT * FROM old_kv;
      DROP TABLE old_kv;
      ${
      kv.filter(({ type }) => type === "index").map(({ sql }) => `${sql};`)
        .join("")
    }
    `);
    database.exec("COMMIT");
    if (number("wal_checkpoint(TRUNCATE)") !== 0) {
      throw new Error("Other connections read the log.");
    }
  } finally {
    database.close();
  }
}
