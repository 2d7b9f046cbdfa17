import type { Context, MiddlewareHandler } from "hono";
import type { Authenticator } from "../../lib/access/authenticator.ts";
import { ANYONE, type Scope } from "../../lib/access/caller.ts";
import { callerOf, type Env } from "../router.ts";
import { EdgeError } from "../../lib/core/errors.ts";

/** Names the tenant on whose behalf another host of the service sends a request. */
export const TENANT_HEADER = "x-tenant";

/**
 * Finds out who calls, by `authorization: Bearer` (RFC 6750, section 2.1) or `x-api-key`. Without access rules it is
 * anyone.
 *
 * @param byPassword whether a key may also come as the password of `authorization: Basic` (RFC 7617), for programs that
 * can send nothing else.
 */
export function identifyCaller(
  access: Authenticator | undefined,
  byPassword = false,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const caller = access === undefined
      ? ANYONE
      : await identify(access, c, byPassword);
    c.set("caller", caller);
    // A cache on the way must not give one caller's answer to another.
    if (access !== undefined) {
      c.header("vary", "authorization, x-api-key", { append: true });
    }
    await next();
  };
}

async function identify(
  access: Authenticator,
  c: Context,
  byPassword: boolean,
) {
  const credential = credentialOf(c) ?? (byPassword ? passwordOf(c) : null);
  const caller = credential === null
    ? null
    : await access.authenticate(credential, c.req.header(TENANT_HEADER));
  if (caller !== null) return caller;
  c.header(
    "www-authenticate",
    credential === null ? "Bearer" : 'Bearer error="invalid_token"',
  );
  throw new EdgeError(
    "unauthorized",
    credential === null
      ? "This address needs a key or token, in the header `authorization: Bearer` or `x-api-key`."
      : "The key or token is not valid here; it may have expired.",
  );
}

function credentialOf(c: Context): string | null {
  const header = c.req.header("authorization");
  if (header === undefined) return c.req.header("x-api-key") || null;
  return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? null;
}

/** The user's name means nothing here. */
function passwordOf(c: Context): string | null {
  const header = c.req.header("authorization") ?? "";
  const [, encoded] = /^Basic +(\S+) *$/i.exec(header) ?? [];
  if (encoded === undefined) return null;
  try {
    return /:(.+)$/s.exec(atob(encoded))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Refuses callers to whom the scope was not granted. */
export function requireScope(scope: Scope): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (!callerOf(c).scopes.has(scope)) {
      c.header(
        "www-authenticate",
        `Bearer error="insufficient_scope", scope="${scope}"`,
      );
      throw new EdgeError(
        "forbidden",
        `This needs the scope "${scope}", which the key or token lacks.`,
      );
    }
    await next();
  };
}

/** Names by which a machine calls itself (RFC 6761, section 6.3). */
const OWN_NAMES = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Refuses requests for any other name than the machine's own. Otherwise any web page that its user visits could read a
 * server without keys on the loopback: the page's host name can be made to point at the loopback (DNS rebinding).
 */
export function requireOwnName(): MiddlewareHandler {
  return async (c, next) => {
    if (!OWN_NAMES.test(new URL(c.req.url).hostname)) {
      throw new EdgeError(
        "forbidden",
        "Without keys the server answers requests to localhost only.",
      );
    }
    await next();
  };
}
