import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** An AES-256 key. @param secret 32 bytes. */
export function importKey(secret: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, "AES-GCM", false, [
    "encrypt",
    "decrypt",
  ]);
}

/**
 * Encrypts by AES-256-GCM (NIST SP 800-38D) under a random nonce.
 *
 * @param context additional authenticated data: what the bytes are and where they lie.
 * @returns the nonce, the ciphertext and the tag.
 */
export async function encrypt(
  key: CryptoKey,
  context: string,
  bytes: Bytes,
): Promise<Bytes> {
  const encrypted = new Uint8Array(NONCE_BYTES + bytes.length + TAG_BYTES);
  const iv = crypto.getRandomValues(encrypted.subarray(0, NONCE_BYTES));
  const out = await crypto.subtle.encrypt(algorithm(iv, context), key, bytes);
  encrypted.set(new Uint8Array(out), NONCE_BYTES);
  return encrypted;
}

/** Decrypts what `encrypt` returned. @throws EdgeError `damaged` for other bytes, another key or another context. */
export async function decrypt(
  key: CryptoKey,
  context: string,
  encrypted: Bytes,
): Promise<Bytes> {
  const iv = encrypted.subarray(0, NONCE_BYTES);
  const rest = encrypted.subarray(NONCE_BYTES);
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt(algorithm(iv, context), key, rest),
    );
  } catch {
    throw damaged();
  }
}

function algorithm(iv: Bytes, context: string) {
  const additionalData = new TextEncoder().encode(context);
  return { name: "AES-GCM", iv, additionalData };
}

/** The error of stored data that cannot be decrypted, or is no ciphertext where it should be. */
export function damaged(): EdgeError {
  return new EdgeError(
    "damaged",
    "Cannot read what is stored: it was damaged or altered; erase it and send it again, or restore the store.",
  );
}

/** Makes tags: 128 bits of HMAC-SHA-256 (RFC 2104) over the names as JSON. */
export type Tagger = (names: string[]) => Promise<Bytes>;

/** @param secret 32 bytes, without which a tag cannot be linked to its name. */
export async function createTagger(secret: Bytes): Promise<Tagger> {
  const key = await crypto.subtle.importKey(
    "raw",
    secret,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  return async (names) => {
    const text = new TextEncoder().encode(JSON.stringify(names));
    const mac = await crypto.subtle.sign("HMAC", key, text);
    return new Uint8Array(mac, 0, 16);
  };
}
