import { createHash } from "node:crypto";
import { errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import { EdgeError } from "../core/errors.ts";
import { type Caller, isName, isScope } from "./caller.ts";

/** Signatures that only a private key can make: with a shared secret, every verifier could sign. */
const ALGORITHMS =
  "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519"
    .split(" ");

/** How far the clocks of issuer and server may differ, seconds. */
const CLOCK_SKEW_S = 30;

export interface TokenRules {
  /** Finds the issuer's public key that a token names. */
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  /** Name of the claim that states the tenant. */
  tenantClaim: string;
  /** Name of the claim that lists scopes: words in one string (RFC 8693, section 4.2), or an array. */
  scopeClaim: string;
  /** Wall clock, milliseconds since 1970. */
  now?: () => number;
}

/**
 * The caller that a token (RFC 7519) names; null for one that is forged, expired, issued for another audience, or
 * names no tenant. The caller's id is a digest of the subject, which may be a person's e-mail address.
 *
 * @throws EdgeError `access-unavailable` when the issuer's keys cannot be fetched.
 */
export async function readToken(
  token: string,
  { keys, issuer, audience, tenantClaim, scopeClaim, now = Date.now }:
    TokenRules,
): Promise<Caller | null> {
  let payload;
  try {
    ({ payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_SKEW_S,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now()),
    }));
  } catch (error) {
    if (TOKEN_ERRORS.some((kind) => error instanceof kind)) return null;
    throw new EdgeError(
      "access-unavailable",
      "Cannot verify the token: the keys of its issuer cannot be fetched; try again shortly.",
    );
  }
  const { [tenantClaim]: tenant, [scopeClaim]: scopes, sub } = payload;
  if (!isName(tenant) || typeof sub !== "string") return null;
  const words = typeof scopes === "string" ? scopes.split(" ") : scopes;
  if (!Array.isArray(words)) return null;
  const caller = createHash("sha256").update(JSON.stringify([issuer, sub]))
    .digest("hex").slice(0, 16);
  return { tenant, caller, scopes: new Set(words.filter(isScope)) };
}

/** Errors that the token caused, rather than the issuer's host or its answer. */
const TOKEN_ERRORS = [
  errors.JWTInvalid,
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];
