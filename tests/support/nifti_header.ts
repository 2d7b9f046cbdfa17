/** A header of little-endian NIfTI-1. */
export function niftiHeader(
  dim: number[],
  datatype: number,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(352);
  const view = new DataView(out.buffer);
  view.setInt32(0, 348, true);
  dim.forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  view.setInt16(70, datatype, true);
  view.setFloat32(108, 352, true);
  out.set(new TextEncoder().encode("n+1"), 344);
  return out;
}
