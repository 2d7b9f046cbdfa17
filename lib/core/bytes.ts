/** Bytes of a buffer that no other thread shares. */
export type Bytes = Uint8Array<ArrayBuffer>;

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
