import type { Bytes } from "../../../core/bytes.ts";
import type { Kv, KvAtomic, KvExpiry } from "../kv.ts";
import { parseAddress } from "./address.ts";
import { Connections } from "./connections.ts";
import { decodeKey, encodeKey } from "./keys.ts";
import { migrate } from "./schema.ts";
import { decodeValue, encodeValue } from "./values.ts";

/** Entries that one statement of a list reads. */
const BATCH = 100;
/** How often what has expired is removed, milliseconds. */
const EXPIRE_MS = 60_000;
/** Expired entries that one statement removes: as many large values as it can in its time. */
const EXPIRE_BATCH = 100;
/** Bytes of a value in one piece. A row could hold a gigabyte, but it passes through memory several times. */
const CHUNK_BYTES = 8 * 2 ** 20;
const COLUMNS = "k, version, encoding, v";
const ALIVE = "(expires_at IS NULL OR expires_at > clock_timestamp())";

/** Digits of a versionstamp: as many as Deno KV's. */
const STAMP_DIGITS = 20;

/** A change of one key that waits for its commit. */
type Change = { set: unknown; expireIn: number | undefined } | "removed";

/**
 * Opens a PostgreSQL database as a `Kv`, over one table of its own schema.
 *
 * @param address see `parseAddress`.
 * @param how whether the schema must hold a store already.
 * @throws EdgeError `invalid-input` for an address or a schema that cannot be used.
 */
export async function openPostgres(
  address: string,
  how: { isThere: boolean } = { isThere: false },
): Promise<PostgresKv> {
  const parsed = parseAddress(address);
  const connections = await Connections.open(parsed);
  try {
    await migrate(connections, parsed.schema, how.isThere);
    return new PostgresKv(connections, parsed.schema);
  } catch (error) {
    await connections.close();
    throw error;
  }
}

/**
 * Ordered keys in a PostgreSQL table, with the guarantees of `Deno.Kv`: a commit is whole or absent, its checks hold at
 * that moment, and reads see every commit that was answered before. An entry that has expired is never read.
 */
export class PostgresKv implements Kv {
  readonly chunkBytes = CHUNK_BYTES;
  readonly #expiring: ReturnType<typeof setInterval>;

  constructor(readonly connections: Connections, readonly schema: string) {
    this.#expiring = setInterval(() => {
      this.removeExpired().catch(() => {/* The next time will do. */});
    }, EXPIRE_MS);
    Deno.unrefTimer(this.#expiring);
  }

  async get<T = unknown>(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<T>> {
    const [entry] = await this.getMany([key]);
    return entry as Deno.KvEntryMaybe<T>;
  }

  async getMany(keys: Deno.KvKey[]): Promise<Deno.KvEntryMaybe<unknown>[]> {
    const encoded = keys.map(encodeKey);
    const places = encoded.map((_, i) => `$${i + 1}::bytea`);
    const rows = await this.connections.query(
      `SELECT ${COLUMNS} FROM ${this.#table} WHERE k IN (${places}) AND ${ALIVE}`,
      encoded,
      "repeatable",
    );
    const found = new Map(
      rows.map((row) => [(row[0] as Bytes).toHex(), entryOf(row)]),
    );
    return keys.map((key, i) =>
      found.get(encoded[i]!.toHex()) ?? { key, value: null, versionstamp: null }
    );
  }

  async set(
    key: Deno.KvKey,
    value: unknown,
    options?: KvExpiry,
  ): Promise<Deno.KvCommitResult> {
    return await this.atomic().set(key, value, options)
      .commit() as Deno.KvCommitResult;
  }

  async delete(key: Deno.KvKey): Promise<void> {
    // Nothing depends on when it is done, so it may be done twice.
    await this.#commit(
      [],
      new Map([[encodeKey(key).toHex(), "removed"]]),
      true,
    );
  }

  async *list<T = unknown>(
    selector: Deno.KvListSelector,
    { limit = Infinity, reverse = false, batchSize = BATCH }: {
      limit?: number;
      reverse?: boolean;
      batchSize?: number;
    } = {},
  ): AsyncIterableIterator<Deno.KvEntry<T>> {
    let [start, end] = boundsOf(selector);
    let first = "k >= $1";
    let last = "k < $2";
    for (let left = limit; left > 0;) {
      const count = Math.min(left, batchSize);
      const rows = await this.connections.query(
        `SELECT ${COLUMNS} FROM ${this.#table} WHERE ${first} AND ${last} AND ${ALIVE} ` +
          `ORDER BY k ${reverse ? "DESC" : ""} LIMIT ${count}`,
        [start, end],
        "repeatable",
      );
      for (const row of rows) yield entryOf<T>(row);
      if (rows.length < count) return;
      left -= count;
      const reached = rows.at(-1)![0] as Bytes;
      if (reverse) [end, last] = [reached, "k < $2"];
      else [start, first] = [reached, "k > $1"];
    }
  }

  atomic(): KvAtomic {
    const checks: Deno.AtomicCheck[] = [];
    // The last change of a key counts.
    const changes = new Map<string, Change>();
    const operation: KvAtomic = {
      check: (...more) => {
        checks.push(...more);
        return operation;
      },
      set: (key, value, { expireIn } = {}) => {
        changes.set(encodeKey(key).toHex(), { set: value, expireIn });
        return operation;
      },
      delete: (key) => {
        changes.set(encodeKey(key).toHex(), "removed");
        return operation;
      },
      commit: async () => {
        const stamp = await this.#commit(checks, changes, false);
        return stamp === null
          ? { ok: false }
          : { ok: true, versionstamp: stampOf(stamp) };
      },
    };
    return operation;
  }

  /** Removes what has expired; of several processes one does it. */
  async removeExpired(): Promise<void> {
    for (let count = EXPIRE_BATCH; count === EXPIRE_BATCH;) {
      const [[removed] = []] = await this.connections.query(
        `WITH gone AS (DELETE FROM ${this.#table} WHERE k IN (
           SELECT k FROM ${this.#table} WHERE expires_at <= statement_timestamp()
           LIMIT ${EXPIRE_BATCH} FOR UPDATE SKIP LOCKED
         ) RETURNING 1) SELECT count(*)::int FROM gone`,
        [],
        "once",
      );
      count = Number(removed);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#expiring);
    await this.connections.close();
  }

  get #table(): string {
    return `"${this.schema}".entry`;
  }

  /** The version of the commit, or null when a check failed. */
  async #commit(
    checks: Deno.AtomicCheck[],
    changes: Map<string, Change>,
    repeatable: boolean,
  ): Promise<string | null> {
    const values: unknown[] = [];
    const array = (items: unknown[], type: string) => {
      const places = items.map((item) => `$${values.push(item)}`);
      return `ARRAY[${places}]::${type}[]`;
    };
    const [removed, keys, vals, encodings, lifetimes]: unknown[][] = [
      [],
      [],
      [],
      [],
      [],
    ];
    for (const [hex, change] of changes) {
      const key = Uint8Array.fromHex(hex);
      if (change === "removed") {
        removed!.push(key);
        continue;
      }
      const { encoding, bytes } = encodeValue(change.set);
      keys!.push(key);
      vals!.push(bytes);
      encodings!.push(encoding);
      lifetimes!.push(
        change.expireIn === undefined ? null : Math.ceil(change.expireIn),
      );
    }
    const checked = checks.map(({ key }) => encodeKey(key));
    const versions = checks.map(({ versionstamp }) => numberOf(versionstamp));
    // Arrays of bytes would be sent as text; single parameters are sent as they are.
    const text = `SELECT "${this.schema}".commit_entries(${[
      array(checked, "bytea"),
      array(versions, "bigint"),
      array(removed!, "bytea"),
      array(keys!, "bytea"),
      array(vals!, "bytea"),
      array(encodings!, "smallint"),
      array(lifetimes!, "bigint"),
    ]})`;
    const again = repeatable ? "repeatable" : "once";
    const [[stamp] = []] = await this.connections.query(text, values, again);
    return stamp as string | null;
  }
}

/** The bytes of all keys of a selector: from the first to before the second. */
function boundsOf(selector: Deno.KvListSelector): [Bytes, Bytes] {
  const { prefix, start, end } = selector as {
    prefix?: Deno.KvKey;
    start?: Deno.KvKey;
    end?: Deno.KvKey;
  };
  // Below a prefix, the next part's kind is between these two.
  const least = prefix && Uint8Array.of(...encodeKey(prefix), 0);
  const most = prefix && Uint8Array.of(...encodeKey(prefix), 0xff);
  const bounds: [Bytes, Bytes] = [
    start ? encodeKey(start) : least ?? new Uint8Array(0),
    end ? encodeKey(end) : most ?? Uint8Array.of(0xff),
  ];
  return bounds;
}

function entryOf<T>(row: unknown[]): Deno.KvEntry<T> {
  const [k, version, encoding, v] = row as [Bytes, string, number, Bytes];
  return {
    key: decodeKey(k),
    value: decodeValue(encoding, v) as T,
    versionstamp: stampOf(version),
  };
}

const stampOf = (version: string): string =>
  BigInt(version).toString(16).padStart(STAMP_DIGITS, "0");

const numberOf = (stamp: string | null): string | null =>
  stamp === null ? null : BigInt(`0x${stamp}`).toString();
