import { EdgeError } from "../core/errors.ts";

/** What a caller may be allowed to do. */
export const SCOPES = [
  /** Make embeddings, read them, look at images. */
  "encode",
  /** Store references. */
  "enrol",
  /** Propose prompts, decode masks, segment images and series. */
  "segment",
  /** Read what is stored of a patient. */
  "read",
  /** Erase it. */
  "erase",
  /** What concerns a whole tenant. */
  "admin",
] as const;
export type Scope = typeof SCOPES[number];

/** Who sent a request. */
export interface Caller {
  /** Whose patients and embeddings the request sees. */
  tenant: string;
  /** Opaque: a key's id, or a digest of a token's subject. */
  caller: string;
  scopes: ReadonlySet<Scope>;
  /** It may send as many requests as it likes. */
  unlimited?: true;
}

/** Finds out who brings a credential: an API key, a token, or another's secret. */
export interface Access {
  /**
   * @param credential as it came, without the name of its scheme.
   * @param tenant on whose behalf the caller says it asks; only other hosts of the service are believed.
   * @returns null for a credential that opens nothing.
   * @throws EdgeError `access-unavailable` when that cannot be found out now.
   */
  identify(credential: string, tenant?: string): Promise<Caller | null>;
}

/** The tenant of a service that knows no keys. */
export const DEFAULT_TENANT = "default";

/** Names of tenants and keys: they stand in storage keys and addresses. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function isName(text: unknown): text is string {
  return typeof text === "string" && NAME.test(text);
}

/** @throws EdgeError `invalid-input` for text that is no name. */
export function requireName(text: string, what: string): string {
  if (isName(text)) return text;
  throw new EdgeError(
    "invalid-input",
    `${what} must be 1 to 64 letters, digits, or . _ -, the first a letter or digit`,
  );
}

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** Whoever calls a service that knows no keys: everything is allowed. */
export const ANYONE: Caller = {
  tenant: DEFAULT_TENANT,
  caller: "anyone",
  scopes: new Set(SCOPES),
  unlimited: true,
};
