/**
 * The sizes of the connected pieces of a mask (8-connectivity), in pixels, in the order in which a scan by rows meets
 * them. Runs of inside pixels are joined with those of the row above (union-find), so memory grows with the number of
 * runs, not of pixels.
 *
 * @param data height × width, row-major; non-zero is inside.
 */
export function pieceSizes(
  data: Uint8Array,
  width: number,
  height: number,
): number[] {
  const parent: number[] = [];
  const sizes: number[] = [];
  const rootOf = (piece: number) => {
    while (parent[piece] !== piece) {
      parent[piece] = parent[parent[piece]];
      piece = parent[piece];
    }
    return piece;
  };
  let above: [from: number, to: number, piece: number][] = [];
  for (let y = 0; y < height; y++) {
    const row: typeof above = [];
    const end = (y + 1) * width;
    let next = 0;
    for (let at = y * width; at < end;) {
      if (data[at] === 0) {
        at++;
        continue;
      }
      const from = at - y * width;
      while (at < end && data[at] !== 0) at++;
      const to = at - y * width; // exclusive
      let piece = -1;
      // Runs above that touch from..to at a side or a corner.
      while (next < above.length && above[next][1] < from) next++;
      for (let k = next; k < above.length && above[k][0] <= to; k++) {
        const root = rootOf(above[k][2]);
        if (piece === -1 || piece === root) piece = root;
        else {
          const [kept, joined] = [Math.min(piece, root), Math.max(piece, root)];
          parent[joined] = kept;
          sizes[kept] += sizes[joined];
          piece = kept;
        }
      }
      if (piece === -1) {
        piece = parent.length;
        parent.push(piece);
        sizes.push(0);
      }
      sizes[piece] += to - from;
      row.push([from, to, piece]);
    }
    above = row;
  }
  return sizes.filter((_, piece) => parent[piece] === piece);
}
