import { createHash } from "node:crypto";

/**
 * A UID that follows from what it names (PS3.5 §B.2): 2.25 and the integer of a version 8 UUID
 * (RFC 9562 §5.8) made of a SHA-256. Equal parts give equal UIDs.
 */
export function deriveUid(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : part;
    // The length, so that no two lists of parts read the same.
    hash.update(`${bytes.length}:`);
    hash.update(bytes);
  }
  const digest = new Uint8Array(hash.digest()).subarray(0, 16);
  digest[6] = (digest[6] & 0x0f) | 0x80;
  digest[8] = (digest[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${digest.toHex()}`)}`;
}
