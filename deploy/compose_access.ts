import { createLocalJWKSet, createRemoteJWKSet } from "jose";
import {
  type Authenticator,
  createAuthenticator,
} from "../lib/access/authenticator.ts";
import { parseKeys } from "../lib/access/api_keys.ts";
import type { TokenRules } from "../lib/access/tokens.ts";
import { EdgeError, invalidInput } from "../lib/core/errors.ts";
import type { Config } from "./config.ts";

/** How long the issuer's host may take to send its keys, milliseconds. */
const JWKS_TIMEOUT_MS = 5000;

/**
 * Who may call, according to the settings; undefined where they state nothing.
 *
 * @param hostSecret the token of other hosts of the service.
 */
export async function composeAccess(
  config: Config,
  hostSecret: string | undefined,
): Promise<Authenticator | undefined> {
  const keys = config.API_KEYS ?? await readKeys(config.API_KEYS_FILE);
  const tokens = await tokenRules(config);
  if (keys === undefined && tokens === undefined && hostSecret === undefined) {
    return undefined;
  }
  return createAuthenticator({
    ...(keys && { keys }),
    ...(tokens && { tokens }),
    ...(hostSecret !== undefined && { hostSecret }),
  });
}

/**
 * Stops the start of a server that others can reach and that lets anyone call.
 *
 * @param hostname the one to listen on, or listened on: in Deno, DENO_SERVE_ADDRESS overrules HOST.
 */
export function requireClosed(config: Config, hostname: string): void {
  if (config.ALLOW_ANONYMOUS) return;
  const onDeploy = config.DENO_DEPLOYMENT_ID !== undefined ||
    config.KV_PATH === "host";
  if (!onDeploy && isLoopback(hostname)) return;
  throw invalidInput(
    `${onDeploy ? "On Deno Deploy the server" : `HOST ${hostname}`} is ` +
      "reachable by others, but nothing says who may call: set API_KEYS (`deno task api-key` " +
      "makes one) or JWKS_URL, or ALLOW_ANONYMOUS=true to let anyone read and erase everything.",
  );
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname);
}

async function readKeys(path: string | undefined) {
  if (path === undefined) return undefined;
  const keys = await readFile("API_KEYS_FILE", path, parseKeys);
  if (keys.length > 0) return keys;
  throw invalidInput(`API_KEYS_FILE ${path} holds no key.`);
}

async function tokenRules(config: Config): Promise<TokenRules | undefined> {
  const { JWKS_URL, JWKS_FILE, JWT_ISSUER, JWT_AUDIENCE } = config;
  if (JWKS_URL === undefined && JWKS_FILE === undefined) return undefined;
  if (JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) {
    throw invalidInput(
      "Tokens need JWT_ISSUER and JWT_AUDIENCE besides their JWKS: who issues them, and that they are meant for " +
        "this service.",
    );
  }
  const keys = JWKS_URL !== undefined
    ? createRemoteJWKSet(JWKS_URL, { timeoutDuration: JWKS_TIMEOUT_MS })
    : await readFile(
      "JWKS_FILE",
      JWKS_FILE!,
      (text) => createLocalJWKSet(JSON.parse(text)),
    );
  return {
    keys,
    issuer: JWT_ISSUER,
    audience: JWT_AUDIENCE,
    tenantClaim: config.JWT_TENANT_CLAIM,
    scopeClaim: config.JWT_SCOPE_CLAIM,
  };
}

/** What a file holds that a setting names; an error names the setting. */
async function readFile<T>(
  name: string,
  path: string,
  parse: (text: string) => T,
): Promise<T> {
  const text = await Deno.readTextFile(path).catch((error) => {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error.message;
    throw invalidInput(`${name} ${path} cannot be read: ${why}.`);
  });
  try {
    return parse(text);
  } catch (error) {
    const why = error instanceof EdgeError
      ? error.message
      : `is no key set (JWKS): ${(error as Error).message}`;
    throw invalidInput(`${name} ${why}.`);
  }
}
