import { mulberry32 } from "./random.ts";

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
