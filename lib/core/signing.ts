import type { Bytes } from "./bytes.ts";
import { EdgeError } from "./errors.ts";

/** Bytes of an Ed25519 public key and of a signature (RFC 8032). */
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** What precedes the 32 bytes of a private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");

/** Signs for an installation. */
export interface Signer {
  /** 32 bytes. */
  publicKey: Bytes;
  /** 64 bytes. */
  sign(bytes: Bytes): Promise<Bytes>;
}

/** @param secret the 32 random bytes of an Ed25519 private key (RFC 8032). */
export async function createSigner(secret: Bytes): Promise<Signer> {
  const der = new Uint8Array([...PKCS8, ...secret]);
  const key = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, [
    "sign",
  ]);
  // The JWK of an Ed25519 private key holds its public key, `x` (RFC 8037, section 2).
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return {
    publicKey: Uint8Array.fromBase64(x!, { alphabet: "base64url" }),
    async sign(bytes) {
      return new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
    },
  };
}

/** Whether the holder of a key has signed these bytes. */
export async function isSigned(
  publicKey: Bytes,
  bytes: Bytes,
  signature: Bytes,
): Promise<boolean> {
  const key = await crypto.subtle.importKey(
    "raw",
    publicKey,
    "Ed25519",
    false,
    ["verify"],
  );
  return await crypto.subtle.verify("Ed25519", key, signature, bytes);
}

/** The keys by which an installation signs its exports, and accepts those of others. */
export interface Trust {
  /** Absent when nothing is exported. */
  signer?: Signer | undefined;
  /** Public keys of the installations whose exports are accepted, this one included. */
  trusted: Bytes[];
}

/** The signer, without which nothing can be exported. @throws EdgeError `not-configured` */
export function requireSigner({ signer }: Trust): Signer {
  if (signer !== undefined) return signer;
  throw new EdgeError(
    "not-configured",
    "Cannot sign the export: SIGNING_KEY is not set on this server.",
  );
}
