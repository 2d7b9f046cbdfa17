/** An Adobe segment (APP14), whose last byte says what three components are: 0 RGB, 1 YCbCr. */
export function adobeSegment(transform: 0 | 1): Uint8Array {
  return Uint8Array.of(
    ...[0xff, 0xee, 0, 14, ...new TextEncoder().encode("Adobe")],
    ...[0, 100, 0, 0, 0, 0, transform],
  );
}
