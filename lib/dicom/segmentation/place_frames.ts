import type { Size } from "../../core/geometry.ts";
import type { Warning } from "../../core/warnings.ts";
import type { Dataset } from "../data_set/data_set.ts";
import {
  areParallel,
  centreOf,
  coordinateAlong,
  describeTilt,
  dot,
  type Grid,
  gridOf,
} from "../data_set/grid.ts";
import { isSamePlane, planeOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";
import type { ImageFrame } from "./annotated_image.ts";
import { referringTo } from "./frame_references.ts";
import { type GridMap, isExact, mapGrid, SAME_GRID } from "./grid_map.ts";
import { nearestPlane } from "./nearest_plane.ts";
import { cannotUse } from "./structure_choice.ts";

/** A frame of a segmentation, from 0, and where the image's pixels lie on it. */
export interface PlacedFrame {
  frame: number;
  map: GridMap;
}

export interface PlacedFrames {
  frames: PlacedFrame[];
  warnings: Warning[];
}

export const cannotChoose = cannotUse("segmentation");

/**
 * Finds the frames of a DICOM segmentation that lie on an image, and where. Their geometry decides: the frame of
 * reference is the image's, the planes are parallel, and of those near enough the nearest is taken. References to the
 * image decide where the geometry is not stated (PS3.3 §C.7.6.16.2.6). Without a DICOM image to compare with, there
 * must be a single frame.
 *
 * @param frames of one segment, from 0; at least one.
 * @param size of the segmentation's frames.
 * @throws {EdgeError} `frame-choice` where no frame lies on the image, or where it cannot be known.
 */
export function placeFrames(
  dataset: Dataset,
  frames: number[],
  size: Size,
  image: ImageFrame | undefined,
): PlacedFrames {
  if (image === undefined) {
    if (frames.length === 1) return unchanged(frames[0]!);
    throw cannotChoose(
      `the segment has ${frames.length} frames; send the DICOM image on which it was drawn, to choose the right one.`,
    );
  }
  const refers = referringTo(dataset, image);
  const isReferring = (frame: number) => refers(frame) !== undefined;
  const reference = dataset.text(TAG.frameOfReference);
  const isSameSpace = reference !== "" && image.frameOfReference !== "";
  if (isSameSpace && reference !== image.frameOfReference) {
    throw cannotChoose(
      "it lies in another frame of reference than the image, so nothing says where it lies on it; send a " +
        "segmentation that was drawn on this image's series.",
    );
  }
  const candidates = isSameSpace ? frames : frames.filter(isReferring);
  if (candidates.length === 0) {
    throw cannotChoose(
      "the segment has no frame on this image: it does not refer to the image, and one of the two states no frame " +
        "of reference.",
    );
  }
  const grids = candidates.map((frame) => gridOf(dataset, frame));
  const { grid } = image;
  if (grid !== undefined && grids.every((one) => one !== undefined)) {
    const placed = candidates.map((frame, i) => ({ frame, grid: grids[i]! }));
    return byGeometry(placed, { ...image, grid }, isReferring);
  }
  const frame = byReference(dataset, candidates, image, isReferring);
  const { preserved, namesFrame, namesOthers } = refers(frame) ?? {};
  const isPlaced = image.plane && planeOf(dataset, frame);
  if (namesOthers && !isPlaced) {
    throw cannotChoose(
      "it refers to several images, and does not say on which of them it lies.",
    );
  }
  if (image.plane === undefined && image.frames > 1 && !namesFrame) {
    throw cannotChoose(
      "it does not say to which frame of the image it belongs, and nothing says where that lies.",
    );
  }
  if (preserved === "NO" || preserved === "REORIENTED_ONLY") {
    throw cannotChoose(
      "it says that its pixels do not lie where the image's do, and nothing says where they lie.",
    );
  }
  if (size.width !== image.width || size.height !== image.height) {
    throw cannotChoose(
      `its frames have ${size.width}×${size.height} pixels, the image ${image.width}×${image.height}, and nothing ` +
        "says where they lie.",
    );
  }
  return unchanged(frame);
}

const unchanged = (frame: number): PlacedFrames => ({
  frames: [{ frame, map: SAME_GRID }],
  warnings: [],
});

/** The one frame that belongs to an image where some of the geometry is missing; what is known of it must agree. */
function byReference(
  dataset: Dataset,
  candidates: number[],
  { plane }: ImageFrame,
  isReferring: (frame: number) => boolean,
): number {
  const here = candidates.filter((frame) => {
    const own = planeOf(dataset, frame);
    return own === undefined || plane === undefined
      ? isReferring(frame)
      : isSamePlane(own, plane);
  });
  if (here.length === 1) return here[0]!;
  throw cannotChoose(
    here.length === 0
      ? "the segment has no frame on this image."
      : `${here.length} frames of the segment refer to this image, and nothing says where they lie.`,
  );
}

function byGeometry(
  candidates: { frame: number; grid: Grid }[],
  image: ImageFrame & { grid: Grid },
  isReferring: (frame: number) => boolean,
): PlacedFrames {
  const parallel = candidates.filter(({ grid }) =>
    areParallel(grid, image.grid)
  );
  if (parallel.length === 0) {
    const tilt = describeTilt(
      candidates[0]!.grid.normal,
      image.grid.normal,
    );
    throw cannotChoose(
      `its frames are not parallel to the image: they are ${tilt}. Send a segmentation of this image's series.`,
    );
  }
  const centre = centreOf(image.grid, image);
  const heights = parallel.map(({ grid }) =>
    // As seen from the image, whichever way the frame faces.
    -coordinateAlong(grid.normal, grid.origin)(...centre) *
    Math.sign(dot(grid.normal, image.grid.normal))
  );
  const thickness = parallel.reduce(
    (least, { grid }) => Math.min(least, grid.thickness ?? Infinity),
    Infinity,
  );
  const { near, height, isBeside } = nearestPlane(
    heights,
    thickness < Infinity ? thickness : image.grid.thickness,
  );
  const distance = `${Math.abs(height).toFixed(1)} mm from the image's plane`;
  if (near.length === 0) {
    throw cannotChoose(
      `the segment has no frame on this image; its nearest lies ${distance}.`,
    );
  }
  const frames = distinct(
    near.map((i) => ({
      frame: parallel[i]!.frame,
      map: mapGrid(image.grid, parallel[i]!.grid),
    })),
    isReferring,
  );
  const isExactly = frames.every(({ map }) => isExact(map, image));
  if (isExactly && !isBeside) return { frames, warnings: [] };
  const found = [
    ...(isExactly ? [] : ["on another grid than the image's pixels"]),
    ...(isBeside ? [distance] : []),
  ].join(" and ");
  const detail =
    `The segmentation lies ${found}; each pixel of the image took the nearest value.`;
  return { frames, warnings: [{ code: "mask-resampled", detail }] };
}

/** Frames of one plane: several are parts of it, or else the one that refers to the image is meant. */
function distinct(
  frames: PlacedFrame[],
  isReferring: (frame: number) => boolean,
): PlacedFrame[] {
  const places = new Set(
    frames.map(({ map: { x0, y0 } }) =>
      `${Math.round(x0 * 10)} ${Math.round(y0 * 10)}`
    ),
  );
  if (places.size === frames.length) return frames;
  const referring = frames.filter(({ frame }) => isReferring(frame));
  if (referring.length === 1) return referring;
  throw cannotChoose(
    `${frames.length} frames of the segment lie on this image, and nothing says which is meant.`,
  );
}
