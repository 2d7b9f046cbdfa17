import { createHash } from "node:crypto";
import type { Bytes } from "./bytes.ts";

/** SHA-256 of bytes, lower-case hex. */
export async function hexDigest(bytes: Bytes): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** SHA-256 of a text as UTF-8, lower-case hex. */
export function textDigest(text: string): Promise<string> {
  return hexDigest(new TextEncoder().encode(text));
}

/** SHA-256 of a file of any length, lower-case hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const part of file.readable) hash.update(part);
  return hash.digest("hex");
}
