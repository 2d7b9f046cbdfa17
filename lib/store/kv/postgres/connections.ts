import { setTimeout as delay } from "node:timers/promises";
// @ts-types="./pg.d.ts"
import pg, { type Client, type Pool } from "pg";
import { invalidInput } from "../../../core/errors.ts";
import type { PostgresAddress } from "./address.ts";

/** Connections of one process. */
const MOST = 10;
/** How long a connection may take to be made, milliseconds. */
const CONNECT_MS = 3000;
/** How long the server may take to answer a statement, milliseconds: one that vanished says nothing. */
const ANSWER_MS = 8000;
/** How long a statement that can be sent again waits for the server to come back, milliseconds. */
const PATIENCE_MS = 8000;
/** Pauses between the attempts, milliseconds. */
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [20, 500];
/** The object identifier of the type bytea. */
const BYTEA = 17;

/** Whether a statement may be sent again when nobody knows whether it was carried out. */
export type Again = "repeatable" | "once";

/**
 * Connections to a PostgreSQL server. Every statement is a transaction of its own, so that a pool such as PgBouncer's
 * may stand between. A connection that failed is closed, so that after a failover the next ones reach the new primary.
 */
export class Connections {
  readonly #pool: Pool;
  #closed = false;

  private constructor(config: ConstructorParameters<typeof Pool>[0]) {
    this.#pool = new pg.Pool(config);
    this.#pool.on("error", () => {/* An idle connection was lost. */});
    // Where a statement runs, it reports the loss.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** @throws EdgeError `invalid-input` when the file of certificates cannot be read. */
  static async open(address: PostgresAddress): Promise<Connections> {
    const { host, port, database, user, password } = address;
    return new Connections({
      host,
      port,
      database,
      user,
      password,
      ssl: await encryptionOf(address),
      max: MOST,
      application_name: "p2sam-edge",
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: 60_000,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      types: {
        getTypeParser: (type) =>
          type === BYTEA ? parseBytes : pg.types.getTypeParser(type),
      },
    });
  }

  /** The rows of a statement; a connection that cannot be made, or a server that takes no writes, is waited for. */
  async query(
    text: string,
    values: unknown[],
    again: Again,
  ): Promise<unknown[][]> {
    const until = performance.now() + PATIENCE_MS;
    for (
      let pause = SHORTEST_PAUSE;;
      pause = Math.min(2 * pause, LONGEST_PAUSE)
    ) {
      try {
        return await this.#once(text, values);
      } catch (error) {
        const unsent = error instanceof NotSent;
        const passes = unsent || isPassing(error) &&
            (again === "repeatable" || changedNothing(error));
        const late = this.#closed || performance.now() + pause > until;
        if (!passes || late) throw unsent ? error.cause : error;
      }
      await delay(pause * (0.5 + Math.random()));
    }
  }

  /** Runs work on one connection. */
  async exclusively<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken = true;
    try {
      const result = await work(client);
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.end();
  }

  async #once(text: string, values: unknown[]): Promise<unknown[][]> {
    const client = await this.#pool.connect().catch((cause) => {
      throw isPassing(cause) ? new NotSent(cause) : cause;
    });
    let broken = true;
    try {
      const { rows } = await client.query({ text, values, rowMode: "array" });
      broken = false;
      return rows;
    } catch (error) {
      broken = isPassing(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** No connection could be made, so that nothing was sent. */
class NotSent extends Error {
  constructor(cause: unknown) {
    super("The database cannot be reached.", { cause });
  }
}

/** Whether the server or the way to it is away for now: connections, shutdown and start, a standby, a conflict. */
function isPassing(error: unknown): boolean {
  const { code } = error as { code?: string };
  // What has no code of SQL is a failure of the connection.
  return code === undefined || !/^[0-9A-Z]{5}$/.test(code) ||
    /^(08|40|53300|57P0|25006)/.test(code);
}

/** Whether the server refused a statement that passes later: it takes no writes, or saw a conflict. */
function changedNothing(error: unknown): boolean {
  return /^(25006|40|53300|57P03)/.test(
    (error as { code?: string }).code ?? "",
  );
}

/** The host is what the certificate must name. */
async function encryptionOf(
  { verify, rootCertificate, host }: PostgresAddress,
) {
  if (!verify) return false as const;
  if (rootCertificate === undefined) return { host };
  try {
    return { host, ca: await Deno.readTextFile(rootCertificate) };
  } catch (error) {
    throw invalidInput(
      `KV_PATH names sslrootcert ${rootCertificate}, which cannot be read: ${
        (error as Error).message
      }`,
    );
  }
}

function parseBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.slice(2));
}
