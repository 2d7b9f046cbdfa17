/**
 * mulberry32: a 32-bit pseudo-random generator in integer arithmetic only, so that every language
 * that implements it draws the same numbers.
 *
 * @param seed any integer; taken modulo 2³².
 * @returns a function that yields the next number, uniform in [0, 1) on a grid of 2⁻³².
 */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * Draws `count` items without replacement and keeps their order; the same items, count and seed give the same sample.
 * Returns all items where there are no more than `count`.
 */
export function choose<T>(items: T[], count: number, seed: number): T[] {
  const random = mulberry32(seed);
  const places = items.map((_, i) => i);
  const drawn = Math.min(count, items.length);
  for (let i = 0; i < drawn; i++) {
    const j = i + Math.floor(random() * (items.length - i));
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places.slice(0, drawn).sort((a, b) => a - b).map((i) => items[i]);
}
