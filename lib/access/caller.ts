import { invalidInput } from "../core/errors.ts";

/** What a caller may be allowed to do. */
export const SCOPES = [
  /** Make embeddings, read them, preview images. */
  "encode",
  /** Store references. */
  "enrol",
  /** Propose prompts, decode masks, segment images and series. */
  "segment",
  /** Read what is stored of a patient. */
  "read",
  /** Erase it. */
  "erase",
  /** Open every image of the hospital's archive, and store results in it. */
  "archive",
  /** Operations on a whole tenant. */
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
  /** Its requests are not limited per minute. */
  unlimited?: true;
}

/** The tenant of a service without keys. */
export const DEFAULT_TENANT = "default";

/** Names of tenants and keys; they are part of storage keys and addresses. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function isName(text: unknown): text is string {
  return typeof text === "string" && NAME.test(text);
}

/** @throws EdgeError `invalid-input` for text that is not a name. */
export function requireName(text: string, what: string): string {
  if (isName(text)) return text;
  throw invalidInput(
    `${what} must be 1 to 64 letters, digits, or . _ -, the first a letter or digit`,
  );
}

export function isScope(text: unknown): text is Scope {
  return (SCOPES as readonly unknown[]).includes(text);
}

/** The caller of a service without keys, who may do everything. */
export const ANYONE: Caller = {
  tenant: DEFAULT_TENANT,
  caller: "anyone",
  scopes: new Set(SCOPES),
  unlimited: true,
};
