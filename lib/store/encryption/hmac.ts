import type { Bytes } from "../../core/bytes.ts";

/** Bytes of a tag. */
const TAG_BYTES = 16;

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
    return new Uint8Array(mac, 0, TAG_BYTES);
  };
}
