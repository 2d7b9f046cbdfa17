/** @import { Flips, Mask } from "./mask.js" */

// Each edit answers what it would turn over, and leaves the mask as it is.

/** A connected part: its runs of pixels, and whether it reaches the edge of the image.
 * @typedef {{runs: number[], size: number, atEdge: boolean}} Piece */

/** The connected parts of all pixels of a value.
 * @param {Mask} mask @param {number} value @param {boolean} diagonal whether pixels that share a corner are connected
 * @returns {Piece[]} */
function piecesOf({ width, height, data }, value, diagonal) {
  /** @type {{from: number, to: number}[]} */ const runs = [];
  /** For each run one that it is connected with; itself where it is the first of its piece. @type {number[]} */
  const links = [];
  const firstOf = (/** @type {number} */ run) => {
    let first = run;
    for (let next = links[first] ?? first; next !== first;) {
      first = next;
      next = links[first] ?? first;
    }
    links[run] = first;
    return first;
  };
  const reach = diagonal ? 1 : 0;
  let above = 0;
  for (let y = 0, here = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < width; x++) {
      if (data[row + x] !== value) continue;
      const from = row + x;
      while (x < width && data[row + x] === value) x++;
      const to = row + x;
      const own = runs.push({ from, to }) - 1;
      links.push(own);
      // Runs of the row above that end before this one begins cannot touch a later one.
      while (above < here && (runs[above]?.to ?? 0) + width + reach <= from) {
        above++;
      }
      for (let k = above; k < here; k++) {
        const other = runs[k];
        if (other === undefined || other.from + width >= to + reach) break;
        links[firstOf(k)] = firstOf(own);
      }
    }
    [above, here] = [here, runs.length];
  }
  /** @type {Map<number, Piece>} */ const pieces = new Map();
  runs.forEach(({ from, to }, i) => {
    const first = firstOf(i);
    const piece = pieces.get(first) ?? { runs: [], size: 0, atEdge: false };
    pieces.set(first, piece);
    piece.runs.push(from, to - from);
    piece.size += to - from;
    piece.atEdge ||= from % width === 0 || to % width === 0 ||
      from < width || from >= width * (height - 1);
  });
  return [...pieces.values()];
}

/** Removes all parts but the largest. @param {Mask} mask @returns {Flips} */
export function keepLargest(mask) {
  const pieces = piecesOf(mask, 255, true);
  pieces.sort((a, b) => b.size - a.size);
  return pieces.slice(1).flatMap(({ runs }) => runs);
}

/** Fills what is enclosed. @param {Mask} mask @returns {Flips} */
export function fillHoles(mask) {
  const holes = piecesOf(mask, 0, false).filter(({ atEdge }) => !atEdge);
  return holes.flatMap(({ runs }) => runs);
}

/** Gives each pixel the value of most pixels in the square around it, whose side is about a twentieth of the
 * structure's. A structure that would vanish stays as it is.
 * @param {Mask} mask @returns {Flips} */
export function smooth(mask) {
  const { width, height, data, box } = mask;
  if (box === null) return [];
  const side = Math.max(box.right - box.left, box.bottom - box.top);
  const r = Math.min(120, Math.max(1, Math.round(side / 40)));
  const left = Math.max(0, box.left - r);
  const right = Math.min(width, box.right + r);
  const top = Math.max(0, box.top - r);
  const bottom = Math.min(height, box.bottom + r);
  const columns = right - left;
  const clamp = (/** @type {number} */ at, /** @type {number} */ end) =>
    Math.min(end - 1, Math.max(0, at));
  /** Inside pixels within r of each row, by column; beyond the image as at its edge. */
  const counts = new Uint16Array(columns);
  const add = (/** @type {number} */ y, /** @type {number} */ sign) => {
    const row = clamp(y, height) * width + left;
    for (let k = 0; k < columns; k++) {
      if (data[row + k] !== 0) counts[k] = (counts[k] ?? 0) + sign;
    }
  };
  for (let y = top - r; y < top + r; y++) add(y, 1);
  /** @type {number[]} */ const flips = [];
  let [removed, added] = [0, 0];
  const half = (2 * r + 1) ** 2 / 2;
  const countAt = (/** @type {number} */ x) =>
    counts[clamp(x, width) - left] ?? 0;
  for (let y = top; y < bottom; y++) {
    add(y + r, 1);
    let sum = 0;
    for (let x = left - r; x < left + r; x++) sum += countAt(x);
    for (let x = left; x < right; x++) {
      sum += countAt(x + r);
      const i = y * width + x;
      const isInside = data[i] !== 0;
      if (isInside !== sum > half) {
        if (isInside) removed++;
        else added++;
        const end = flips.length - 1;
        if ((flips[end - 1] ?? -1) + (flips[end] ?? 0) === i) {
          flips[end] = (flips[end] ?? 0) + 1;
        } else flips.push(i, 1);
      }
      sum -= countAt(x - r);
    }
    add(y - r, -1);
  }
  return removed === mask.area && added === 0 ? [] : flips;
}
