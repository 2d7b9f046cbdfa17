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

/** Rewrites a SQLite file in WAL mode without its free pages, and empties its log. */
function scrubFile(path: string): void {
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}`);
    database.exec("VACUUM");
    const checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
    const { busy } = checkpoint.get() as { busy: number };
    if (busy !== 0) throw new Error("Other connections read the log.");
  } finally {
    database.close();
  }
}
