import { describeReading, type ReadMask } from "../../core/mask.ts";
import type { Warning } from "../../core/warnings.ts";
import { type Dataset, malformed } from "../data_set/data_set.ts";
import {
  cross,
  describeTilt,
  difference,
  dot,
  type Grid,
  heightOver,
  PARALLEL,
  sum,
  type Vector,
} from "../data_set/grid.ts";
import { TAG } from "../data_set/tags.ts";
import { STRUCTURE_SET_STORAGE } from "../data_set/uid.ts";
import { type ImageFrame, refersTo } from "./annotated_image.ts";
import { readPoints } from "./contour_points.ts";
import { nearestPlane } from "./nearest_plane.ts";
import { PolygonRaster } from "./polygon_raster.ts";
import {
  cannotUse,
  chooseStructure,
  nameOf,
  type Structure,
} from "./structure_choice.ts";

const cannotDraw = cannotUse("structure set");

/** A closed contour of the structure. */
interface Contour {
  bytes: Uint8Array;
  /** Over the image's plane, millimetres. */
  height: number;
  /** 1 or -1, by the way in which it turns on the image; 0 without a surface. */
  turn: number;
  isXor: boolean;
}

/** Millimetres by which the points of one contour may lie over another, besides what parallel planes may. */
const FLAT = 0.1;

/** Whether a DICOM file is a structure set of radiotherapy: by its class, or by what it holds. */
export function isStructureSet(dataset: Dataset): boolean {
  return dataset.text(TAG.sopClass) === STRUCTURE_SET_STORAGE ||
    (dataset.has(TAG.structureContours) && !dataset.has(TAG.pixelData));
}

/**
 * The mask of one structure of a structure set (RTSTRUCT, PS3.3 §C.8.8.5, §C.8.8.6) on one image: the pixels whose
 * centres lie within its contours in the image's plane, by the even-odd rule over all of them, as planning systems
 * draw holes. The contours nearest to the plane are drawn, if they are nearer than half a slice.
 *
 * @throws {EdgeError} `frame-choice` where the structure is not chosen or does not exist, where it has no contour on
 * the image, or where it cannot be known that it has.
 */
export function readStructureSet(
  dataset: Dataset,
  image: ImageFrame | undefined,
  wanted?: string,
): ReadMask {
  const drawn = contoursByStructure(dataset);
  if (drawn.size === 0) {
    throw cannotDraw("it is an RTSTRUCT without contours.");
  }
  const number = chooseStructure(
    structuresOf(dataset, [...drawn.keys()], wanted),
    wanted,
    "structure",
    cannotDraw,
  );
  const items = drawn.get(number);
  if (items === undefined) {
    throw cannotDraw(`structure ${number} has no contours.`);
  }
  if (image?.grid === undefined) {
    throw cannotDraw(
      "its contours lie in the patient's coordinates; the image must be a DICOM file that states its position, " +
        "orientation and pixel spacing.",
    );
  }
  const { grid } = image;
  const here = inSameSpace(dataset, number, items, image);
  const { contours, skipped } = closedContours(here, grid);
  const { near, height, reach } = nearestPlane(
    contours.map(({ height }) => height),
    grid.thickness,
  );
  if (near.length === 0) {
    throw cannotDraw(
      `structure ${number} has no contour on this image; its nearest lies ${
        Math.abs(height).toFixed(1)
      } mm from the image's plane.`,
    );
  }
  const inPlane = near.map((i) => contours[i]!);
  const raster = new PolygonRaster(image);
  for (const { bytes, turn } of inPlane) {
    const { add, close } = raster.polygon(turn);
    readPoints(bytes, (...point) => {
      const from = difference(point, grid.origin);
      add(
        dot(from, grid.row) / grid.columnSpacing,
        dot(from, grid.column) / grid.rowSpacing,
      );
    });
    close();
  }
  const { data, overlaps } = raster.draw();
  const { width, height: rows } = image;
  const mask = { width, height: rows, data };
  if (!data.includes(255)) {
    throw cannotDraw(
      `structure ${number} lies in the plane of this image, but covers no pixel of it.`,
    );
  }
  const warnings: Warning[] = [];
  if (Math.abs(height) > reach / 5) {
    warnings.push({
      code: "mask-resampled",
      detail: `The contours lie ${
        Math.abs(height).toFixed(1)
      } mm from the image's plane, and were drawn on it.`,
    });
  }
  if (overlaps && !inPlane.every(({ isXor }) => isXor)) {
    warnings.push({
      code: "contradiction",
      detail:
        "Contours of the structure lie over each other; what two of them enclose was left out, as a hole.",
    });
  }
  if (skipped > 0) {
    warnings.push({
      code: "contradiction",
      detail:
        `${skipped} of the structure's contours are points or open lines, and were left out.`,
    });
  }
  const reading = describeReading(mask, "contours", { value: number });
  return { mask, reading, warnings };
}

/** The contour items of every structure that has some, by its number. */
function contoursByStructure(dataset: Dataset): Map<number, Dataset[]> {
  const drawn = new Map<number, Dataset[]>();
  for (const item of dataset.items(TAG.structureContours)) {
    const [number] = item.decimals(TAG.contourStructure);
    const contours = item.items(TAG.contours);
    if (number === undefined || contours.length === 0) continue;
    drawn.set(number, [...(drawn.get(number) ?? []), ...contours]);
  }
  return drawn;
}

/** The structures to choose from: those with contours, and others only where one is asked for. */
function structuresOf(
  dataset: Dataset,
  drawn: number[],
  wanted: string | undefined,
): Structure[] {
  const named = dataset.items(TAG.structures).flatMap((item) => {
    const [number] = item.decimals(TAG.structureNumber);
    const name = nameOf(item, TAG.structureName);
    return number === undefined ? [] : [{ number, name }];
  });
  const unnamed = drawn
    .filter((number) => !named.some((one) => one.number === number))
    .map((number) => ({ number, name: "" }));
  const all = [...named, ...unnamed];
  return wanted === undefined
    ? all.filter(({ number }) => drawn.includes(number))
    : all;
}

/**
 * The contours that lie in the image's frame of reference. Where it is not stated, those that refer to the image.
 *
 * @throws {EdgeError} where they lie in another, or where nothing says that they belong to the image.
 */
function inSameSpace(
  dataset: Dataset,
  number: number,
  contours: Dataset[],
  image: ImageFrame,
): Dataset[] {
  const structure = dataset.items(TAG.structures)
    .find((item) => item.decimals(TAG.structureNumber)[0] === number);
  const reference = structure?.text(TAG.structureFrameOfReference) ||
    dataset.text(TAG.frameOfReference);
  if (reference !== "" && image.frameOfReference !== "") {
    if (reference === image.frameOfReference) return contours;
    throw cannotDraw(
      "it lies in another frame of reference than the image, so nothing says where it lies on it; send a structure " +
        "set that was drawn on this image's series, or registered to it.",
    );
  }
  const referring = contours.filter((contour) =>
    contour.items(TAG.contourImages).some((item) => refersTo(item, image))
  );
  if (referring.length > 0) return referring;
  throw cannotDraw(
    `structure ${number} does not refer to this image, and one of the two states no frame of reference.`,
  );
}

/**
 * The closed contours of a structure that have a surface, and how many others there are.
 *
 * @throws {EdgeError} where there are none, or where one is not parallel to the image.
 */
function closedContours(
  items: Dataset[],
  grid: Grid,
): { contours: Contour[]; skipped: number } {
  const contours: Contour[] = [];
  let skipped = 0;
  for (const item of items) {
    const type = item.text(TAG.contourType);
    if (!/^(|CLOSED_PLANAR|CLOSEDPLANAR_XOR)$/.test(type)) {
      skipped++;
      continue;
    }
    const contour = measure(item, type === "CLOSEDPLANAR_XOR", grid);
    if (contour !== undefined) contours.push(contour);
  }
  if (contours.length > 0) return { contours, skipped };
  throw cannotDraw(
    skipped > 0
      ? "the structure is made of points or open lines, which enclose nothing."
      : "the structure's contours enclose nothing.",
  );
}

/**
 * Reads a contour once; undefined for one of fewer than three points.
 *
 * @throws {EdgeError} where it lacks points, or is not parallel to the image.
 */
function measure(
  item: Dataset,
  isXor: boolean,
  grid: Grid,
): Contour | undefined {
  const bytes = item.bytes(TAG.contourData);
  if (bytes === undefined) return undefined;
  // All relative to the first point, so that no digits are lost far from the origin.
  let first: Vector | undefined;
  let last: Vector = [0, 0, 0];
  let normal: Vector = [0, 0, 0];
  let [low, high, extent] = [0, 0, 0];
  const points = readPoints(bytes, (...point) => {
    const from = difference(point, first ??= point);
    normal = sum(normal, cross(last, from));
    last = from;
    const height = dot(from, grid.normal);
    low = Math.min(low, height);
    high = Math.max(high, height);
    extent = Math.max(extent, ...from.map(Math.abs));
  });
  const [stated = 0] = item.decimals(TAG.contourPoints);
  if (points < stated) {
    throw malformed(`a contour says ${stated} points, and holds ${points}.`);
  }
  if (points < 3) return undefined;
  if (high - low > FLAT + PARALLEL * extent) {
    throw cannotDraw(
      `its contours are not parallel to the image: they are ${
        describeTilt(normal, grid.normal)
      }.`,
    );
  }
  return {
    bytes,
    height: heightOver(grid, first!) + (low + high) / 2,
    turn: Math.sign(dot(normal, grid.normal)),
    isXor,
  };
}
