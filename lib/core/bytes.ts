/** Bytes of a buffer that no other thread shares. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Whether the bytes from `at` on spell a text; its characters, up to U+00FF, stand for one byte each. */
export function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Byte arrays one after another, as a new array. */
export function concat(parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
