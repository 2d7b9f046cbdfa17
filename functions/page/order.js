/** @import { ImageFacts } from "./api.js" */

/** An image that is to be put into its place: a frame, from 0, of a file.
 * @typedef {{name: string, path?: string, file: object, frame: number, facts: ImageFacts | null}} Placed */
/** What a list of images is ordered by. @typedef {"slice" | "frame" | "time" | "time and slice" | "none"} Order */
/** Images of one stack, and the least time of them, milliseconds. @template T @typedef {{images: T[], time: number | null}} Stack */

/** Slices closer than this lie at one place, millimetres. */
const SAME_PLACE = 0.001;

const collator = new Intl.Collator("en", { numeric: true });
/** Compares names with their numbers by value. @param {string} a @param {string} b */
export const naturalOrder = (a, b) =>
  collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);

/** Milliseconds of the time at which an image was taken. A time without a zone, and a date alone, are local.
 * @param {Placed} image */
function timeOf({ facts }) {
  const stated = facts?.acquiredAt;
  if (!stated) return null;
  const time = Date.parse(stated.length === 10 ? `${stated}T00:00` : stated);
  return Number.isNaN(time) ? null : time;
}

/** @param {Placed | undefined} image */
const pathOf = (image) => image?.path || image?.name || "";

/** Where a frame lies, millimetres. @param {Placed} image */
const sliceOf = ({ facts, frame }) => facts?.slices?.[frame] ?? facts?.slice;

/** @template T @param {T[]} images @param {(image: T) => number | null | undefined} valueOf
 * @returns {Map<T, number> | null} null where one of them has no value */
function valuesOf(images, valueOf) {
  /** @type {Map<T, number>} */ const values = new Map();
  for (const image of images) {
    const value = valueOf(image);
    if (value == null) return null;
    values.set(image, value);
  }
  return values;
}

/** @param {Map<unknown, number>} values */
function extentOf(values) {
  const [least, most] = [...values.values()].reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Infinity, -Infinity],
  );
  return (most ?? 0) - (least ?? 0);
}

/** Images by their series, and else by their file. @template {Placed} T @param {T[]} images */
function stacksOf(images) {
  /** @type {Map<unknown, T[]>} */ const stacks = new Map();
  for (const image of images) {
    const key = image.facts?.series ?? image.file;
    const stack = stacks.get(key);
    if (stack) stack.push(image);
    else stacks.set(key, [image]);
  }
  return [...stacks.values()];
}

/** What a stack is ordered by, and the values. @template {Placed} T @param {T[]} images
 * @returns {{by: Order, values: Map<T, number> | null}} */
function keyOf(images) {
  const slices = valuesOf(images, sliceOf);
  if (slices && extentOf(slices) > SAME_PLACE) {
    return { by: "slice", values: slices };
  }
  const isOneFile = images.every(({ file }) => file === images[0]?.file);
  if (isOneFile && images.length > 1) {
    return { by: "frame", values: valuesOf(images, ({ frame }) => frame) };
  }
  const times = valuesOf(images, timeOf);
  return times && extentOf(times) > 0
    ? { by: "time", values: times }
    : { by: "none", values: null };
}

/** Orders by the first of several keys in which two differ.
 * @template T @param {(Map<T, number> | null)[]} keys @param {T} a @param {T} b */
function compare(keys, a, b) {
  for (const key of keys) {
    const difference = (key?.get(a) ?? 0) - (key?.get(b) ?? 0);
    if (Math.abs(difference) > SAME_PLACE) return difference;
  }
  return 0;
}

/** Images in their order: the slices of a series or volume by their place, series and single images by their time, and
 * what states neither by its name. @template {Placed} T @param {T[]} images */
export function inOrder(images) {
  const stacks = stacksOf(images).map((stack) => {
    const { values } = keyOf(stack);
    const times = valuesOf(stack, timeOf);
    const frames = valuesOf(stack, ({ frame }) => frame);
    const sorted = stack.toSorted((a, b) =>
      compare([values, times], a, b) ||
      naturalOrder(pathOf(a), pathOf(b)) ||
      compare([frames], a, b)
    );
    return { images: sorted, time: times && Math.min(...times.values()) };
  });
  const areTimed = stacks.every(({ time }) => time !== null);
  stacks.sort((a, b) =>
    (areTimed ? Number(a.time) - Number(b.time) : 0) ||
    naturalOrder(pathOf(a.images[0]), pathOf(b.images[0]))
  );
  return stacks.flatMap(({ images }) => images);
}

/** Adds images to those that are there: among them where all can be compared, and else behind them, since the order in
 * which a person adds images may mean something that names do not say.
 * @template {Placed} T @param {T[]} images @param {T[]} added */
export function addInOrder(images, added) {
  const all = inOrder([...images, ...added]);
  return orderOf(all) === "none" ? [...images, ...inOrder(added)] : all;
}

/** What a list of images is ordered by. @template {Placed} T @param {T[]} images @returns {Order} */
export function orderOf(images) {
  const sorted = inOrder(images);
  if (images.length < 2 || images.some((image, i) => image !== sorted[i])) {
    return "none";
  }
  const stacks = stacksOf(images);
  if (stacks.length === 1) return keyOf(images).by;
  const times = stacks.map((stack) => valuesOf(stack, timeOf));
  const starts = times.map((one) => one && Math.min(...one.values()));
  if (starts.includes(null) || new Set(starts).size < 2) return "none";
  return stacks.every(({ length }) => length === 1) ? "time" : "time and slice";
}

/** How an axis names the order. @type {Record<Order, string>} */
export const ORDER_WORDS = {
  "slice": "Slice of the volume",
  "frame": "Frame of the file",
  "time": "Image, in order of time",
  "time and slice": "Slice, series in order of time",
  "none": "Image, as added",
};
