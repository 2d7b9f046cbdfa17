import { Problem } from "./api.js";
import { Mask, runsOf } from "./mask.js";
import { pathsLike } from "./names.js";

/** @import { Rle, Size } from "./api.js" */
/** @import { Point2 } from "./mask.js" */
/** @typedef {{name: string, rle: Rle}} NamedMask */
/** What tells an image from others: its name here, its file, and which frame it is of how many.
 * @typedef {{name: string, path: string, frame: number, frames: number}} Named */

const WANTED =
  "run lengths as JSON: { size: [height, width], counts }, or a COCO file with such segmentations";

/** @param {string} got */
const refused = (got) =>
  new Problem({
    title: "The mask file cannot be read",
    detail: `Wanted ${WANTED}; got ${got}.`,
  });

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isRecord = (value) => typeof value === "object" && value !== null;

/** The masks of a file of COCO run lengths, one by one or as a whole data set.
 * @param {string} text @param {Named} image which a data set lists
 * @param {[Size, ...Size[]]} sizes of the image: as it is shown, and as it was opened
 * @returns {NamedMask[]} of one of these sizes, at least one */
export function readRleFile(text, image, sizes) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    throw refused("text that is no JSON");
  }
  const found = [...masksIn(document, image)];
  if (found.length === 0) throw refused("no mask of this image");
  const fitting = found.filter(({ size: [h, w] }) =>
    sizes.some(({ width, height }) => h === height && w === width)
  );
  const [first] = found;
  if (fitting.length === 0 && first) {
    const [h, w] = first.size;
    const [{ width, height }] = sizes;
    throw refused(
      `a mask of ${w}×${h} pixels, where the image has ${width}×${height}`,
    );
  }
  const names = fitting.map(({ name }) => name);
  return fitting.map(({ name, size: [height, width], counts }, i) => {
    const isApart = name !== "" && names.indexOf(name) === i &&
      names.lastIndexOf(name) === i;
    return {
      name: isApart ? name : `${name} ${i + 1}`.trim(),
      rle: checked(counts, { width, height }),
    };
  });
}

/** @param {unknown} document @param {Named} image
 * @returns {Generator<{name: string, size: [number, number], counts: unknown}>} */
function* masksIn(document, image) {
  if (Array.isArray(document)) {
    for (const one of document) yield* masksIn(one, image);
    return;
  }
  if (!isRecord(document)) return;
  const { size, counts, annotations, images, categories } = document;
  const name = nameOf(document);
  if (Array.isArray(size) && size.length === 2 && counts !== undefined) {
    yield { name, size: [Number(size[0]), Number(size[1])], counts };
  } else if (Array.isArray(annotations)) {
    const ids = Array.isArray(images) ? idsOfImage(images, image) : null;
    for (const one of annotations) {
      if (!isRecord(one) || ids?.has(one.image_id) === false) continue;
      const labels = idsOf(categories, ({ id }) => id === one.category_id);
      const [label = ""] = labels.values();
      const { segmentation } = one;
      if (isPolygons(segmentation)) {
        const of = records(images).find(({ id }) => id === one.image_id);
        const size = /** @type {[number, number]} */ (
          [Number(of?.height ?? 0), Number(of?.width ?? 0)]
        );
        yield { name: label, size, counts: segmentation };
      }
      for (const mask of masksIn(segmentation, image)) {
        yield { ...mask, name: label };
      }
    }
  } else {
    for (const part of [document.mask, document.segmentation]) {
      for (const mask of masksIn(part, image)) {
        yield { ...mask, name: mask.name || name };
      }
    }
  }
}

/** @param {Record<string, unknown>} document */
const nameOf = ({ label, name }) =>
  typeof label === "string" ? label : typeof name === "string" ? name : "";

/** Names of records by their ids. @param {unknown} list @param {(one: Record<string, unknown>) => boolean} wanted */
function idsOf(list, wanted) {
  /** @type {Map<unknown, string>} */ const ids = new Map();
  for (const one of records(list)) {
    if (wanted(one)) ids.set(one.id, nameOf(one));
  }
  return ids;
}

/** @param {unknown} list */
const records = (list) => (Array.isArray(list) ? list : []).filter(isRecord);

/** Whether a segmentation is polygons: lists of x and y in turn. @param {unknown} value @returns {value is number[][]} */
const isPolygons = (value) =>
  Array.isArray(value) && value.length > 0 &&
  value.every((ring) =>
    Array.isArray(ring) && ring.length > 5 && ring.every(Number.isFinite)
  );

/** Ids of the records of an image: those of its file, which state its frame or none, or else those of its name. The only
 * record may be of a file that was renamed. @param {unknown[]} images @param {Named} image */
function idsOfImage(images, { name, path, frame, frames }) {
  const all = records(images).filter((one) =>
    !Number.isInteger(one.frame) || frames < 2 || one.frame === frame
  );
  const pathOf = (/** @type {Record<string, unknown>} */ { file_name }) =>
    String(file_name ?? "").replaceAll("\\", "/");
  const paths = all.map(pathOf);
  const byPath = pathsLike(path, paths);
  const found = byPath.length > 0 ? byPath : pathsLike(name, paths);
  const isOnly = images.length < 2;
  return new Set(
    all.filter((one) => isOnly || found.includes(pathOf(one)))
      .map(({ id }) => id),
  );
}

/** @param {unknown} counts or polygons @param {Size} size @returns {Rle} */
function checked(counts, { width, height }) {
  if (isPolygons(counts)) {
    const mask = new Mask(width, height);
    for (const ring of counts) {
      /** @type {Point2[]} */ const corners = [];
      for (let i = 0; i + 1 < ring.length; i += 2) {
        corners.push([ring[i] ?? 0, ring[i + 1] ?? 0]);
      }
      mask.fill(corners);
    }
    return mask.toRle();
  }
  const isText = typeof counts === "string" && !/[^0-o]/.test(counts);
  const runs = isText ? runsOf(counts) : Array.isArray(counts) ? counts : [];
  const isWhole = runs.every((run) => Number.isInteger(run) && run >= 0);
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (!isWhole || total !== width * height) {
    throw refused(`run lengths that do not add up to ${width * height} pixels`);
  }
  return Mask.ofRuns(width, height, runs).toRle();
}
