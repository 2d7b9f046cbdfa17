import type { Size } from "../../core/geometry.ts";
import { describeReading, type ReadMask } from "../../core/mask.ts";
import type { Warning } from "../../core/warnings.ts";
import type { Dataset } from "../data_set/data_set.ts";
import { coordinateAlong, type Grid } from "../data_set/grid.ts";
import { TAG } from "../data_set/tags.ts";
import { STRUCTURE_SET_STORAGE } from "../data_set/uid.ts";
import { type ImageFrame, refersTo } from "./annotated_image.ts";
import { cannotDraw, closedContours, type Contour } from "./closed_contours.ts";
import { readPoints } from "./contour_points.ts";
import { nearestPlane } from "./nearest_plane.ts";
import { PolygonRaster } from "./polygon_raster.ts";
import { chooseStructure, nameOf, type Structure } from "./structure_choice.ts";

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
    structuresOf(dataset, new Set(drawn.keys()), wanted),
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
  const { grid, width, height } = image;
  const { contours, skipped } = closedContours(
    inSameSpace(dataset, number, items, image),
    grid,
  );
  const nearest = nearestPlane(
    contours.map(({ height }) => height),
    grid.thickness,
  );
  const distance = `${Math.abs(nearest.height).toFixed(1)} mm`;
  if (nearest.near.length === 0) {
    throw cannotDraw(
      `structure ${number} has no contour on this image; its nearest lies ${distance} from the image's plane.`,
    );
  }
  const here = nearest.near.map((i) => contours[i]!);
  const { data, overlaps } = draw(here, grid, image);
  if (!data.includes(255)) {
    throw cannotDraw(
      `structure ${number} lies in the plane of this image, but covers no pixel of it.`,
    );
  }
  const warnings: Warning[] = [];
  if (nearest.isBeside) {
    warnings.push({
      code: "mask-resampled",
      detail:
        `The contours lie ${distance} from the image's plane, and were drawn on it.`,
    });
  }
  if (overlaps && !here.every(({ isXor }) => isXor)) {
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
  const mask = { width, height, data };
  const reading = describeReading(mask, "contours", { value: number });
  return { mask, reading, warnings };
}

/** Draws contours on the pixels of an image. */
function draw(contours: Contour[], grid: Grid, size: Size) {
  const { origin, row, column, columnSpacing, rowSpacing } = grid;
  const columnOf = coordinateAlong(row, origin, columnSpacing);
  const rowOf = coordinateAlong(column, origin, rowSpacing);
  const raster = new PolygonRaster(size);
  for (const { bytes, turn } of contours) {
    const { add, close } = raster.polygon(turn);
    readPoints(bytes, (x, y, z) => add(columnOf(x, y, z), rowOf(x, y, z)));
    close();
  }
  return raster.draw();
}

/** The contour items of every structure that has some, by its number. */
function contoursByStructure(dataset: Dataset): Map<number, Dataset[]> {
  const drawn = new Map<number, Dataset[]>();
  for (const item of dataset.items(TAG.structureContours)) {
    const [number] = item.decimals(TAG.contourStructure);
    const contours = item.items(TAG.contours);
    if (number === undefined || contours.length === 0) continue;
    const known = drawn.get(number);
    if (known === undefined) drawn.set(number, [...contours]);
    else for (const contour of contours) known.push(contour);
  }
  return drawn;
}

/** The structures to choose from: those with contours, and others only where one is asked for. */
function structuresOf(
  dataset: Dataset,
  drawn: Set<number>,
  wanted: string | undefined,
): Structure[] {
  const terms = dataset.text(TAG.characterSet);
  const named = dataset.items(TAG.structures).flatMap((item) => {
    const [number] = item.decimals(TAG.structureNumber);
    const name = nameOf(item, TAG.structureName, terms);
    return number === undefined ? [] : [{ number, name }];
  });
  const numbers = new Set(named.map(({ number }) => number));
  const unnamed = [...drawn.difference(numbers)]
    .map((number) => ({ number, name: "" }));
  return wanted === undefined
    ? [...named.filter(({ number }) => drawn.has(number)), ...unnamed]
    : [...named, ...unnamed];
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
  const [referenced, ...others] = dataset.items(TAG.framesOfReference);
  const reference = structure?.text(TAG.structureFrameOfReference) ||
    dataset.text(TAG.frameOfReference) ||
    (others.length === 0 && referenced?.text(TAG.frameOfReference)) || "";
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
