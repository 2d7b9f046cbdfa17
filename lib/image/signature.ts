import { hasText } from "../core/bytes.ts";

/** Texts that stand at fixed places of every file of a kind, in the order of their places. */
export type Signature = [at: number, text: string][];

/** Whether a file has all texts of a signature. */
export function matches(bytes: Uint8Array, signature: Signature): boolean {
  return signature.every(([at, text]) => hasText(bytes, at, text));
}

/** Whether the bytes could be the beginning of a file with this signature, and end inside it. */
export function isBeginningOf(
  bytes: Uint8Array,
  signature: Signature,
): boolean {
  const [at, text] = signature.at(-1)!;
  return bytes.length < at + text.length &&
    signature.every(([at, text]) =>
      hasText(bytes, at, text.slice(0, Math.max(0, bytes.length - at)))
    );
}
