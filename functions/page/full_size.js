import { context2d } from "./dom.js";
import { Mask } from "./mask.js";

/** @import { ImageFacts, Rle, Size } from "./api.js" */
/** @import { Item } from "./item.js" */

/** Pixels of an image that is segmented, at most. */
export const MOST_PIXELS = 25_000_000;
/** Bytes of a scaled picture without loss, at most; a larger one is written as JPEG. */
const MOST_BYTES = 24 * 2 ** 20;
const JPEG = { type: "image/jpeg", quality: 0.95 };

/** The largest size with these proportions that is segmented. @param {Size} size @returns {Size} */
export function scaledSize({ width, height }) {
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  return {
    width: Math.max(1, Math.floor(width * scale)),
    height: Math.max(1, Math.floor(height * scale)),
  };
}

/** Bytes of a file that the server takes, unless its operator says otherwise. */
const TAKEN_BYTES = 32 * 2 ** 20;

/** What the browser says of an image file that is too large to be sent; null where it cannot decode it.
 * @param {Blob} file @returns {Promise<ImageFacts | null>} */
export async function factsByBrowser(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (bitmap === null) return null;
  const { width, height } = bitmap;
  bitmap.close();
  const unknown = { spacing: null, slice: null, slices: null };
  return {
    ...{ format: file.type, width, height, frames: 1, ...unknown },
    ...{ acquiredAt: null, series: null },
  };
}

/** Scales the file of an item down where it has too many pixels or bytes and the browser can decode it. @param {Item} item */
export async function scaleDown(item) {
  const { facts, file, fullSize } = item;
  if (facts === null) return;
  const isLarge = facts.width * facts.height > MOST_PIXELS ||
    file.size > TAKEN_BYTES;
  if (!isLarge) return;
  if (fullSize !== null || await hasDeepPixels(file)) return;
  const { width, height } = scaledSize(facts);
  const bitmap = await createImageBitmap(file, {
    resizeWidth: width,
    resizeHeight: height,
    resizeQuality: "high",
  }).catch(() => null);
  if (bitmap === null) return;
  const canvas = new OffscreenCanvas(width, height);
  context2d(canvas).drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  let scaled = await canvas.convertToBlob(file.type === JPEG.type ? JPEG : {});
  if (scaled.size > MOST_BYTES) scaled = await canvas.convertToBlob(JPEG);
  const isSame = width === facts.width && height === facts.height;
  item.fullSize = isSame ? null : { width: facts.width, height: facts.height };
  item.file = new File([scaled], nameOf(file), { type: scaled.type });
}

/** @param {Blob} file */
const nameOf = (file) => file instanceof File ? file.name : "";

/** Whether a file is a PNG of 16 bits, which the browser would not window as the model sees them. @param {Blob} file */
export async function hasDeepPixels(file) {
  const head = new Uint8Array(await file.slice(0, 25).arrayBuffer());
  return head[0] === 0x89 && head[1] === 0x50 && head[24] === 16;
}

/** What was done to an image that was scaled down; empty for others. @param {Item} item */
export function scalingText({ fullSize, size }) {
  if (fullSize === null) return "";
  const of = (/** @type {Size} */ { width, height }) => `${width}×${height}`;
  return `The image has ${of(fullSize)} pixels; it was scaled down to ${
    of(size)
  } to be segmented. ` +
    "Its mask is saved in full size, each pixel with its nearest value.";
}

/** A mask of an item in the size of the file that was opened. @param {Item} item @param {Rle} rle */
export function maskInFullSize({ fullSize }, rle) {
  const mask = Mask.fromRle(rle);
  return fullSize === null ? mask : resized(mask, fullSize);
}

/** Areas in full size, which cost a look at every pixel. @type {WeakMap<Rle, number>} */
const areas = new WeakMap();

/** The area that a mask has at another size. @param {Rle} rle @param {Size} size */
export function areaInFullSize(rle, { width, height }) {
  const known = areas.get(rle);
  if (known !== undefined) return known;
  const mask = Mask.fromRle(rle);
  const [columns, rows] = [
    weights(mask.width, width),
    weights(mask.height, height),
  ];
  let area = 0;
  rows.forEach((weight, y) => {
    let row = 0;
    for (let x = 0; x < mask.width; x++) {
      if (mask.data[y * mask.width + x] !== 0) row += columns[x] ?? 0;
    }
    area += weight * row;
  });
  areas.set(rle, area);
  return area;
}

/** How many of `to` places take their value from each of `from`. @param {number} from @param {number} to */
function weights(from, to) {
  const counts = new Int32Array(from);
  for (let i = 0; i < to; i++) {
    const source = Math.floor((i + 0.5) * from / to);
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
}

/** A mask at another size, each pixel with the nearest value. @param {Mask} mask @param {Size} size */
export function resized(mask, { width, height }) {
  const out = new Mask(width, height);
  const columns = Int32Array.from(
    { length: width },
    (_, x) => Math.floor((x + 0.5) * mask.width / width),
  );
  let last = -1;
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y + 0.5) * mask.height / height) * mask.width;
    const start = y * width;
    if (row === last) {
      out.data.copyWithin(start, start - width, start);
      continue;
    }
    last = row;
    for (let x = 0; x < width; x++) {
      out.data[start + x] = mask.data[row + (columns[x] ?? 0)] ?? 0;
    }
  }
  return out;
}

/** A picture of a mask as large as the file of an image that the browser has scaled down, scaled like it, each pixel with
 * its nearest value; any other file as it is. So is one of 16 bits or with a palette, whose entries a canvas does not
 * tell: the server says that it does not fit.
 * @param {File} file @param {Pick<Item, "size" | "fullSize">} image */
export async function scaledMask(file, { size: { width, height }, fullSize }) {
  if (fullSize === null) return file;
  const head = new Uint8Array(await file.slice(0, 26).arrayBuffer());
  const isTold = head[0] !== 0x89 || head[24] !== 16 && head[25] !== 3;
  const bitmap = isTold && await createImageBitmap(file).catch(() => null);
  if (!bitmap) return file;
  const isFull = bitmap.width === fullSize.width &&
    bitmap.height === fullSize.height;
  const canvas = new OffscreenCanvas(width, height);
  const context = context2d(canvas);
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return isFull ? new File([await canvas.convertToBlob()], file.name) : file;
}
