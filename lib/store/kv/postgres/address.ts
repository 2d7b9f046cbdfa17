import { invalidInput } from "../../../core/errors.ts";

/** Where a database is, and how to speak to it. */
export interface PostgresAddress {
  /** A host, or the folder of a Unix socket. */
  host: string;
  port: number;
  database: string;
  /** Undefined for what the environment says (PGUSER, PGPASSWORD). */
  user: string | undefined;
  password: string | undefined;
  /** Whether the connection is encrypted, and the server's certificate verified. */
  verify: boolean;
  /** A file of certificates to trust instead of the system's, PEM. */
  rootCertificate: string | undefined;
  /** The schema that holds the store's tables. */
  schema: string;
}

const PARAMETERS = ["schema", "sslmode", "sslrootcert", "host"];
/** Parameters of libpq that addresses are handed out with, and that change nothing here. */
const IGNORED = [
  "channel_binding",
  "connect_timeout",
  "application_name",
  "target_session_attrs",
];
/** What `sslmode` may be, and whether it verifies the server: libpq's milder ways to encrypt are taken as the strictest. */
const VERIFIES = new Map([
  ["disable", false],
  ["require", true],
  ["verify-ca", true],
  ["verify-full", true],
]);

/** Whether a `KV_PATH` names a PostgreSQL database. */
export const isPostgres = (path: string) => /^postgres(ql)?:\/\//i.test(path);

/**
 * Reads `postgres://user:password@host:5432/database?schema=p2sam&sslmode=verify-full&sslrootcert=/ca.pem`. With a
 * remote host, encryption and a verified certificate are the default.
 *
 * @throws EdgeError `invalid-input`, without the password.
 */
export function parseAddress(path: string): PostgresAddress {
  const url = URL.parse(path);
  if (url === null) throw unfit("it is no URL");
  const query = url.searchParams;
  const known = new Set([...PARAMETERS, ...IGNORED]);
  const unknown = [...query.keys()].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw unfit(
      `it has the parameter ${unknown}; it may have ${PARAMETERS.join(", ")}`,
    );
  }
  const named = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const host = query.get("host") ?? (named || "localhost");
  const database = decodeURIComponent(url.pathname.slice(1));
  if (database === "") throw unfit("it names no database");
  const schema = query.get("schema") ?? "p2sam";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw unfit("a schema is named by small letters, digits and _");
  }
  const near = /^(\/|localhost$|127(\.\d+){3}$|::1$)/.test(host);
  const mode = query.get("sslmode") ?? (near ? "disable" : "verify-full");
  const verify = VERIFIES.get(mode);
  if (verify === undefined) {
    const may = [...VERIFIES.keys()].join(", ");
    throw unfit(`sslmode is ${mode}; it may be ${may}`);
  }
  return {
    host,
    port: Number(url.port || 5432),
    database,
    user: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    verify,
    rootCertificate: query.get("sslrootcert") ?? undefined,
    schema,
  };
}

/** A `KV_PATH` as it may be shown: without password. */
export function withoutPassword(path: string): string {
  if (!isPostgres(path)) return path;
  const url = URL.parse(path);
  if (url === null) return "postgres://…";
  url.password = "";
  return url.href;
}

function unfit(why: string) {
  return invalidInput(
    `KV_PATH is no address of a PostgreSQL database: ${why}.`,
  );
}
