import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { invalidInput } from "../core/errors.ts";
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
  /** SHA-256 of the secret, 32 bytes. */
  digest: Uint8Array;
}

/**
 * A new key: its secret, which is shown once and kept nowhere, and the entry to configure.
 *
 * A secret is 256 random bits, which cannot be found from a plain SHA-256 of it. A slow hash is for passwords that people
 * choose, and would let anyone spend this server's time.
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
  const digest = digestSecret(secret).toString("hex");
  return { secret, entry: [id, tenant, scopes.join("+"), digest].join(":") };
}

/**
 * Keys from their entries, `id:tenant:scope+scope:sha256`, separated by commas or newlines. On each line, `#` begins a
 * comment.
 *
 * @throws EdgeError `invalid-input` that gives the entry's number, and never its text.
 */
export function parseKeys(text: string): ApiKey[] {
  const entries = text.replace(/#.*$/gm, "").split(/[,\n]/)
    .map((entry) => entry.trim()).filter((entry) => entry !== "");
  const keys = entries.map((entry, i) => {
    const [caller = "", tenant, list = "", hex = "", ...more] = entry
      .split(":");
    const scopes = list.split("+");
    const named = /^[A-Za-z0-9]/.test(caller) && tenant !== undefined;
    if (!named || more.length > 0 || !/^[0-9a-f]{64}$/.test(hex)) {
      throw badKey(
        i,
        "wanted id:tenant:scope+scope:sha256, as `deno task api-key` prints it",
      );
    }
    try {
      requireName(caller, "the id");
      requireName(tenant, "the tenant");
    } catch (error) {
      throw badKey(i, (error as Error).message);
    }
    if (!scopes.every(isScope)) {
      throw badKey(i, `a scope must be ${SCOPES.join(", ")}`);
    }
    const digest = Buffer.from(hex, "hex");
    return { caller, tenant, scopes: new Set(scopes), digest };
  });
  const ids = keys.map(({ caller }) => caller);
  const repeated = ids.findIndex((id, i) => ids.indexOf(id) !== i);
  if (repeated !== -1) throw badKey(repeated, "its id was used before");
  return keys;
}

/** @param index of the entry, from 0. */
function badKey(index: number, why: string) {
  return invalidInput(`has a bad key, number ${index + 1}: ${why}`);
}

/** The key that a secret belongs to. It is compared with every digest, each in constant time, even after a match. */
export function findKey(
  keys: readonly ApiKey[],
  secret: string,
): ApiKey | null {
  const digest = digestSecret(secret);
  let found: ApiKey | null = null;
  for (const key of keys) {
    if (timingSafeEqual(digest, key.digest)) found = key;
  }
  return found;
}

/** SHA-256: digests have one length, as a comparison in constant time needs, and reveal nothing of the secret. */
export function digestSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
