import { invalidInput } from "../../../core/errors.ts";
import type { Connections } from "./connections.ts";

/**
 * What makes each version of the schema out of the one before. Statements name no schema: they run with the store's own
 * as search path. A step never changes once it was released.
 *
 * `commit_entries` takes a lock for each key that it checks or changes, always in the same order, so that commits that
 * share a key follow one another and none waits in a circle. Its checks run after that and see all earlier commits,
 * since under READ COMMITTED every statement of a function sees what is committed by then. The version is drawn under
 * the locks too, so that it rises with every commit of a key.
 *
 * A lock is a digest of the key: SHA-256, since FIPS forbids the MD5 of schemas that were made before. Each schema keeps
 * its own. Whoever replaces the function must first let end what is under way, which locks by the other digest.
 */
const STEPS = [`
  CREATE TABLE entry (
    k bytea PRIMARY KEY,
    v bytea NOT NULL,
    encoding smallint NOT NULL,
    version bigint NOT NULL,
    expires_at timestamptz
  );
  -- What is stored is encrypted, mostly, and does not compress.
  ALTER TABLE entry ALTER COLUMN v SET STORAGE EXTERNAL;
  CREATE INDEX entry_expiry ON entry (expires_at) WHERE expires_at IS NOT NULL;
  CREATE SEQUENCE versionstamp;

  CREATE FUNCTION commit_entries(
    checked bytea[], versions bigint[], removed bytea[],
    keys bytea[], vals bytea[], encodings smallint[], lifetimes bigint[]
  ) RETURNS bigint LANGUAGE plpgsql
  -- A plan from when the table was small would read all of it.
  SET enable_seqscan = off AS $$
  DECLARE
    wanted record;
    stamp bigint;
    instant timestamptz;
    found_version bigint;
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE 'The isolation level must be READ COMMITTED.';
    END IF;
    FOR wanted IN
      SELECT ('x' || encode(substr(sha256(k), 1, 8), 'hex'))::bit(64)::bigint AS lock, bool_or(changed) AS changed
      FROM (
        SELECT unnest(removed || keys) AS k, true AS changed
        UNION ALL SELECT unnest(checked), false
      ) AS touched GROUP BY 1 ORDER BY 1
    LOOP
      IF wanted.changed THEN PERFORM pg_advisory_xact_lock(wanted.lock);
      ELSE PERFORM pg_advisory_xact_lock_shared(wanted.lock);
      END IF;
    END LOOP;
    instant := clock_timestamp();
    FOR i IN 1 .. cardinality(checked) LOOP
      SELECT version INTO found_version FROM entry
      WHERE k = checked[i] AND (expires_at IS NULL OR expires_at > instant);
      IF found_version IS DISTINCT FROM versions[i] THEN RETURN NULL; END IF;
    END LOOP;
    stamp := nextval('versionstamp');
    IF cardinality(removed) > 0 THEN
      DELETE FROM entry WHERE k = ANY (removed);
    END IF;
    INSERT INTO entry
      SELECT k, v, encoding, stamp, instant + lifetime * interval '1 millisecond'
      FROM unnest(keys, vals, encodings, lifetimes) AS new (k, v, encoding, lifetime)
    ON CONFLICT (k) DO UPDATE SET
      v = EXCLUDED.v, encoding = EXCLUDED.encoding,
      version = EXCLUDED.version, expires_at = EXCLUDED.expires_at;
    RETURN stamp;
  END $$;
`];

/** What the server answers where a right is missing. */
const NO_RIGHT = "42501";

/**
 * Makes the schema and its tables, or brings them to this version. Of several processes that start at once, one does
 * it. The user needs no right but on its own schema, and that to make one in the database where there is none.
 *
 * @param isThere whether the schema must hold a store already.
 * @throws EdgeError `invalid-input` when a later version made it, the schema cannot be made, it holds no store, or its
 *   transactions are of another kind.
 */
export async function migrate(
  connections: Connections,
  schema: string,
  isThere: boolean,
): Promise<void> {
  await requireReadCommitted(connections);
  const found = await versionOf(connections, schema);
  if (found === STEPS.length) return;
  if (found === 0 && isThere) {
    throw unfit(`its schema ${schema} holds no store; is it the one you mean?`);
  }
  await connections.exclusively(async (client) => {
    await client.query("BEGIN");
    const [name, lock] = [`"${schema}"`, `hashtext('p2sam ${schema}')`];
    await client.query(`SELECT pg_advisory_xact_lock(${lock})`);
    const { rows: [found] } = await client.query({
      text: "SELECT to_regnamespace($1) IS NOT NULL",
      values: [name],
      rowMode: "array",
    });
    if (!found?.[0]) {
      await client.query(`CREATE SCHEMA ${name}`).catch((error) => {
        if (error.code !== NO_RIGHT) throw error;
        throw unfit(
          `there is no schema ${schema}, and the user may not make one; let an administrator run ` +
            `CREATE SCHEMA ${schema} AUTHORIZATION <user>`,
        );
      });
    }
    await client.query(`SET LOCAL search_path = ${name}, pg_catalog`);
    await client.query("CREATE TABLE IF NOT EXISTS migrated (step int)");
    const { rows: [done] } = await client.query({
      text: "SELECT count(*)::int FROM migrated",
      rowMode: "array",
    });
    const before = Number(done?.[0]);
    for (const [i, step] of STEPS.entries()) {
      if (i < before) continue;
      await client.query(step);
      await client.query(
        `INSERT INTO migrated VALUES (${i + 1});
         ALTER FUNCTION commit_entries SET search_path = ${name}, pg_catalog`,
      );
    }
    await client.query("COMMIT");
  });
  const version = await versionOf(connections, schema);
  if (version > STEPS.length) {
    throw unfit(
      `its schema ${schema} is of version ${version}, and this program knows ${STEPS.length}; start the later one`,
    );
  }
}

/** The checks of a commit would not see the commits that it waited for. */
async function requireReadCommitted(connections: Connections): Promise<void> {
  const [[isolation, user] = []] = await connections.query(
    "SELECT current_setting('transaction_isolation'), quote_ident(current_user)",
    [],
    "repeatable",
  );
  if (isolation === "read committed") return;
  throw unfit(
    `its transactions are ${isolation}; let an administrator run ` +
      `ALTER ROLE ${user} SET default_transaction_isolation = 'read committed'`,
  );
}

/** How many steps made the schema; 0 where there is none. */
async function versionOf(
  connections: Connections,
  schema: string,
): Promise<number> {
  const table = `"${schema}".migrated`;
  const [[exists] = []] = await connections.query(
    "SELECT to_regclass($1) IS NOT NULL",
    [table],
    "repeatable",
  );
  if (!exists) return 0;
  const [[count] = []] = await connections.query(
    `SELECT count(*)::int FROM ${table}`,
    [],
    "repeatable",
  );
  return Number(count);
}

function unfit(why: string) {
  return invalidInput(`KV_PATH cannot be used: ${why}.`);
}
