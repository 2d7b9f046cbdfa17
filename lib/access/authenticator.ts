import { timingSafeEqual } from "node:crypto";
import {
  type ApiKey,
  digestSecret,
  findKey,
  SECRET_PREFIX,
} from "./api_keys.ts";
import { type Caller, DEFAULT_TENANT, isName } from "./caller.ts";
import { readToken, type TokenRules } from "./tokens.ts";

/** Tells who sent a credential: an API key, a token, or the secret of another host of the service. */
export type Authenticator = ReturnType<typeof createAuthenticator>;

export interface AuthenticatorOptions {
  keys?: readonly ApiKey[] | undefined;
  tokens?: TokenRules | undefined;
  /** The credential of other hosts of the service, which may have images encoded on behalf of any tenant. */
  hostSecret?: string | undefined;
}

export function createAuthenticator(
  { keys = [], tokens, hostSecret }: AuthenticatorOptions,
) {
  const host = hostSecret === undefined ? null : digestSecret(hostSecret);
  return {
    /**
     * @param credential as it was sent, without the name of its scheme.
     * @param tenant on whose behalf the sender claims to ask; only another host of the service is believed.
     * @returns null for a credential that is unknown or expired.
     * @throws EdgeError `access-unavailable` when that cannot be decided now.
     */
    async authenticate(
      credential: string,
      tenant = DEFAULT_TENANT,
    ): Promise<Caller | null> {
      if (host !== null && timingSafeEqual(digestSecret(credential), host)) {
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
