import type { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { type ApiKey, findKey, SECRET_PREFIX } from "./api_keys.ts";
import { type Access, DEFAULT_TENANT, isName } from "./caller.ts";
import { readToken, type TokenRules } from "./tokens.ts";

export interface AccessOptions {
  keys?: readonly ApiKey[];
  tokens?: TokenRules;
  /** What other hosts of the service bring, to have images encoded on behalf of any tenant. */
  hostSecret?: string;
}

/** Who may call, by what they bring. */
export function createAccess(
  { keys = [], tokens, hostSecret }: AccessOptions,
): Access {
  const host = hostSecret === undefined ? null : digestOf(hostSecret);
  return {
    async identify(credential, tenant = DEFAULT_TENANT) {
      if (host !== null && timingSafeEqual(digestOf(credential), host)) {
        if (!isName(tenant)) return null;
        return {
          tenant,
          caller: "host",
          scopes: new Set(["encode"]),
          unlimited: true,
        };
      }
      if (credential.startsWith(SECRET_PREFIX)) {
        const key = findKey(keys, credential);
        if (key === null) return null;
        const { digest: _, ...caller } = key;
        return caller;
      }
      return tokens === undefined ? null : await readToken(credential, tokens);
    },
  };
}

/** Digests are of one length, which the comparison wants, and tell nothing of what was compared. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
