import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { EdgeError } from "../core/errors.ts";
import {
  type Caller,
  isScope,
  requireName,
  type Scope,
  SCOPES,
} from "./caller.ts";

/** What every secret begins with, so that scanners find one that was published by mistake. */
export const SECRET_PREFIX = "p2sam_";
/** Random bytes of a secret. */
const SECRET_BYTES = 32;

/** An API key as it is configured: whose it is, and the digest of its secret. */
export interface ApiKey extends Caller {
  /** sha256 of the secret, 32 bytes. */
  digest: Uint8Array;
}

/**
 * A new key: its secret, which is told once and kept nowhere, and the entry to configure.
 *
 * A secret is 256 random bits, which nobody finds from a plain SHA-256 of it; a slow hash is for
 * passwords that people choose, and would let anyone spend this server's time.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 *
 * const { secret, entry } = mintKey("reader-1", "clinic", ["segment"]);
 * const keys = parseKeys(entry);
 * equal(findKey(keys, secret)?.tenant, "clinic");
 * equal(findKey(keys, "p2sam_guessed"), null);
 * ```
 */
export function mintKey(
  id: string,
  tenant: string,
  scopes: readonly Scope[],
): { secret: string; entry: string } {
  requireName(id, "The id");
  requireName(tenant, "The tenant");
  const random = randomBytes(SECRET_BYTES).toString("base64url");
  const secret = SECRET_PREFIX + random;
  const digest = digestOf(secret).toString("hex");
  return { secret, entry: [id, tenant, scopes.join("+"), digest].join(":") };
}

/**
 * Keys from their entries, `id:tenant:scope+scope:sha256`, separated by commas or newlines; what follows
 * `#` on a line is left out.
 *
 * @throws EdgeError `invalid-input` that names the entry by its number, and never its text.
 */
export function parseKeys(text: string): ApiKey[] {
  const entries = text.replace(/#.*$/gm, "").split(/[,\n]/)
    .map((entry) => entry.trim()).filter((entry) => entry !== "");
  const keys = entries.map((entry, i) => {
    const [caller, tenant, list = "", hex = "", ...more] = entry.split(":");
    const scopes = list.split("+");
    const refuse = (why: string) =>
      new EdgeError("invalid-input", `has a bad key, number ${i + 1}: ${why}`);
    const named = /^[A-Za-z0-9]/.test(caller) && tenant !== undefined;
    if (!named || more.length > 0 || !/^[0-9a-f]{64}$/.test(hex)) {
      throw refuse(
        "wanted id:tenant:scope+scope:sha256, as `deno task api-key` prints it",
      );
    }
    try {
      requireName(caller, "the id");
      requireName(tenant, "the tenant");
    } catch (error) {
      throw refuse((error as Error).message);
    }
    if (!scopes.every(isScope)) {
      throw refuse(`a scope must be ${SCOPES.join(", ")}`);
    }
    const digest = Buffer.from(hex, "hex");
    return { caller, tenant, scopes: new Set(scopes), digest };
  });
  const ids = keys.map(({ caller }) => caller);
  const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (twice !== -1) {
    throw new EdgeError(
      "invalid-input",
      `has a bad key, number ${twice + 1}: its id was used before`,
    );
  }
  return keys;
}

/** Whose secret this is. Every digest is compared, each in constant time, whichever fits. */
export function findKey(
  keys: readonly ApiKey[],
  secret: string,
): ApiKey | null {
  const came = digestOf(secret);
  let found: ApiKey | null = null;
  for (const key of keys) {
    if (timingSafeEqual(came, key.digest)) found = key;
  }
  return found;
}

function digestOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
