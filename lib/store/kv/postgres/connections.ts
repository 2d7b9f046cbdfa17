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
const ANSWER_MS = 4000;
/** How long a statement that can be sent again waits for the server to come back, milliseconds: a second try is in it. */
const PATIENCE_MS = 8000;
/** Pauses between the attempts, milliseconds. */
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [20, 500];
/** The object identifier of the type bytea. */
const BYTEA = 17;
const parseAny = pg.types.getTypeParser(BYTEA);

/** Whether a statement may be sent again when nobody knows whether it was carried out. */
export type Again = "repeatable" | "once";

/**
 * Connections to a PostgreSQL server. Every statement is a transaction of its own, so that a pool such as PgBouncer's
 * may stand between. A connection that was lost is closed, and so are all that are older than the loss, so that after
 * a failover the next ones reach the new primary.
 */
export class Connections {
  readonly #pool: Pool;
  /** How many losses there were, and had been when a connection was made. */
  #losses = 0;
  readonly #lossesBefore = new WeakMap<Client, number>();
  #closed = false;

  private constructor(config: ConstructorParameters<typeof Pool>[0]) {
    this.#pool = new pg.Pool(config);
    this.#pool.on("error", () => {/* An idle connection was lost. */});
    this.#pool.on("connect", (client) => {
      this.#lossesBefore.set(client, this.#losses);
      client.on("error", () => {/* Where a statement runs, it reports it. */});
    });
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
      verify: (client, done) => {
        requirePrimary(client).then(() => done(), done);
      },
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
    const client = await this.#take();
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
    const client = await this.#take().catch((cause) => {
      throw isPassing(cause) ? new NotSent(cause) : cause;
    });
    let lost = false;
    try {
      const { rows } = await client.query({ text, values, rowMode: "array" });
      return rows;
    } catch (error) {
      lost = isLoss(error);
      if (lost && this.#isRecent(client)) this.#losses++;
      throw error;
    } finally {
      client.release(lost);
    }
  }

  /** A connection that was made after the last loss: what took that one took the older ones too. */
  async #take(): Promise<Client> {
    for (;;) {
      const client = await this.#pool.connect();
      if (this.#isRecent(client)) return client;
      client.release(true);
    }
  }

  #isRecent(client: Client): boolean {
    return this.#lossesBefore.get(client) === this.#losses;
  }
}

/** A standby is as good as away: it may not have heard yet of what was written, or erased, and takes no writes. */
async function requirePrimary(client: Client): Promise<void> {
  const { rows: [row] } = await client.query({
    text: "SELECT pg_is_in_recovery()",
    rowMode: "array",
  });
  if (!row?.[0]) return;
  const why = "the server is a standby, and the primary is needed";
  throw Object.assign(new Error(why), { code: "25006" });
}

/** No connection could be made, so that nothing was sent. */
class NotSent extends Error {
  constructor(cause: unknown) {
    super("The database cannot be reached.", { cause });
  }
}

/** Whether the server or the way to it is away: what it does not say itself, shutdown and start, a standby. */
function isLoss(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) ||
    /^(08|57P0|25006)/.test(error.code);
}

/** Whether a statement passes later: after a loss, a conflict, or too many connections. */
function isPassing(error: unknown): boolean {
  return isLoss(error) || /^(40|53300)/.test((error as { code: string }).code);
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

/** Bytes as hexadecimal text, the usual `bytea_output`, or else as the driver reads them. */
function parseBytes(text: string): Uint8Array<ArrayBuffer> {
  return text.startsWith("\\x")
    ? Uint8Array.fromHex(text.slice(2))
    : Uint8Array.from(parseAny(text) as Uint8Array);
}
