import type { Size } from "../../core/geometry.ts";
import type { Warning } from "../../core/warnings.ts";
import type { Dataset } from "../data_set/data_set.ts";
import {
  areParallel,
  centreOf,
  describeTilt,
  dot,
  type Grid,
  gridOf,
  heightOver,
} from "../data_set/grid.ts";
import { isSamePlane, ownPlaneOf } from "../data_set/plane.ts";
import { TAG } from "../data_set/tags.ts";
import { type ImageFrame, refersTo } from "./annotated_image.ts";
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
  // Something of the geometry is missing: what is known must agree, and the pixels must be those of the image.
  const here = candidates.filter((frame) => {
    const plane = ownPlaneOf(dataset, frame);
    return plane === undefined || image.plane === undefined
      ? isReferring(frame)
      : isSamePlane(plane, image.plane);
  });
  if (here.length === 0) {
    throw cannotChoose("the segment has no frame on this image.");
  }
  if (here.length > 1) {
    throw cannotChoose(
      `${here.length} frames of the segment refer to this image, and nothing says where they lie.`,
    );
  }
  const [frame] = here as [number];
  const preserved = refers(frame);
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
    -heightOver(grid, centre) * Math.sign(dot(grid.normal, image.grid.normal))
  );
  const thickness = parallel.reduce(
    (least, { grid }) => Math.min(least, grid.thickness ?? Infinity),
    Infinity,
  );
  const { near, height, reach } = nearestPlane(
    heights,
    thickness < Infinity ? thickness : image.grid.thickness,
  );
  if (near.length === 0) {
    throw cannotChoose(
      `the segment has no frame on this image; its nearest lies ${
        Math.abs(height).toFixed(1)
      } mm from the image's plane.`,
    );
  }
  const frames = distinct(
    near.map((i) => ({
      frame: parallel[i]!.frame,
      map: mapGrid(image.grid, parallel[i]!.grid),
    })),
    isReferring,
  );
  const isBeside = Math.abs(height) > reach / 5;
  const isOther = frames.some(({ map }) => !isExact(map, image));
  const warnings: Warning[] = [];
  if (isBeside || isOther) {
    const found = [
      ...(isOther ? ["on another grid than the image's pixels"] : []),
      ...(isBeside
        ? [`${Math.abs(height).toFixed(1)} mm from the image's plane`]
        : []),
    ].join(" and ");
    warnings.push({
      code: "mask-resampled",
      detail:
        `The segmentation lies ${found}; each pixel of the image took the nearest value.`,
    });
  }
  return { frames, warnings };
}

/** Frames of one plane: several are parts of it, or else the one that refers to the image is meant. */
function distinct(
  frames: PlacedFrame[],
  isReferring: (frame: number) => boolean,
): PlacedFrame[] {
  const places = new Set(
    frames.map(({ map }) => `${map.x0.toFixed(1)} ${map.y0.toFixed(1)}`),
  );
  if (places.size === frames.length) return frames;
  const referring = frames.filter(({ frame }) => isReferring(frame));
  if (referring.length === 1) return referring;
  throw cannotChoose(
    `${frames.length} frames of the segment lie on this image, and nothing says which is meant.`,
  );
}

/**
 * Whether a frame says that it was derived from the image's frame (PS3.3 §C.7.6.16.2.6), and then what it says of
 * where its pixels lie, in Spatial Locations Preserved, or "". Where no frame names its sources, the series that the
 * segmentation refers to counts for a single frame. Each group is read once, since all frames may share one of many
 * sources.
 */
function referringTo(
  dataset: Dataset,
  image: ImageFrame,
): (frame: number) => string | undefined {
  const known = new Map<Dataset, string | undefined>();
  const bySeries = () =>
    dataset.items(TAG.referencedSeries).some((series) =>
        series.items(TAG.referencedInstances).some((instance) =>
          refersTo(instance, image)
        )
      )
      ? ""
      : undefined;
  const [count = 1] = dataset.decimals(TAG.frames);
  const shared = dataset.item(TAG.sharedGroups);
  const read = (holder: Dataset): string | undefined => {
    const sources = [
      ...holder.items(TAG.derivationImages).flatMap((derivation) =>
        derivation.items(TAG.sourceImages)
      ),
      ...holder.items(TAG.sourceImages),
    ];
    if (sources.length === 0) return count > 1 ? undefined : bySeries();
    return sources.find((source) => refersTo(source, image))
      ?.text(TAG.locationsPreserved);
  };
  return (frame) => {
    const own = dataset.items(TAG.perFrameGroups)[frame];
    const holder =
      [own, shared].find((one) => one?.has(TAG.derivationImages)) ??
        dataset;
    if (!known.has(holder)) known.set(holder, read(holder));
    return known.get(holder);
  };
}
