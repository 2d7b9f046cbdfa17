import { invalidInput } from "../core/errors.ts";
import type { Size } from "../core/geometry.ts";
import type { Mask } from "../core/mask.ts";
import { PolygonRaster } from "../dicom/segmentation/polygon_raster.ts";
import type { MaskDocument } from "../format/mask/document.ts";
import type { Ring } from "../format/mask/polygons.ts";
import { decodeRle } from "../format/mask/rle.ts";
import { decodeBrush, encodeBrush } from "./brush_rle.ts";
import {
  type LabelConfig,
  REGION_KINDS,
  type RegionKind,
} from "./label_config.ts";

/** A region as Label Studio sends and takes it. */
export interface Region {
  id?: string | undefined;
  type: RegionKind;
  from_name: string;
  to_name: string;
  original_width: number;
  original_height: number;
  image_rotation: number;
  /** Of an image of several pages: the page, from 0. */
  item_index?: number | undefined;
  value: {
    format?: "rle";
    /** Of a brush: bytes. */
    rle?: number[];
    brushlabels?: string[];
    /** Of a polygon: x, y in percent of the image's width and height. */
    points?: [number, number][];
    closed?: boolean;
    polygonlabels?: string[];
  };
  score?: number;
}

/** Pixels that the regions of one annotation may be drawn on, all together. */
const MAX_DRAWN = 2 ** 28;

/** A mask as regions: one of a brush, or polygons, each with its holes. */
export function regionsOf(
  mask: MaskDocument,
  label: string,
  { kind, from, to }: LabelConfig,
  score: number,
): Region[] {
  if (mask.area === 0) return [];
  const [height, width] = mask.size;
  const of = (value: Region["value"]): Region => ({
    id: crypto.randomUUID().slice(0, 10),
    type: kind,
    from_name: from,
    to_name: to,
    original_width: width,
    original_height: height,
    image_rotation: 0,
    value,
    score,
  });
  if (kind === "brushlabels") {
    const rle = encodeBrush(decodeRle(mask));
    return [of({ format: "rle", rle, brushlabels: [label] })];
  }
  const percent = ([x, y]: [number, number]): [number, number] => [
    100 * x / width,
    100 * y / height,
  ];
  return withHoles(mask.polygons).map((ring) =>
    of({ points: ring.map(percent), closed: true, polygonlabels: [label] })
  );
}

/**
 * Outer rings with their holes in one ring each, which goes to a hole and back again on the same line: a polygon of
 * Label Studio has no holes of its own.
 *
 * @param rings each outer one followed by its holes.
 */
function withHoles(rings: Ring[]): Ring[] {
  const out: Ring[] = [];
  for (const ring of rings) {
    const around = out.at(-1);
    // Holes run the other way round than the first ring, which is an outer one.
    const isHole = around !== undefined &&
      areaOf(ring) * areaOf(rings[0]!) < 0;
    if (!isHole) out.push([...ring]);
    else around.push(around[0]!, ...ring, ring[0]!, around[0]!);
  }
  return out;
}

function areaOf(ring: Ring): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length]!;
    return sum + x * nextY - nextX * y;
  }, 0);
}

/**
 * The regions that are masks of one image of a task.
 *
 * @param to the image's tag; undefined where the interface is not known: all regions must then name the same.
 * @throws {EdgeError} `invalid-input` where it cannot be told which image a region is drawn on.
 */
export function regionsOn<T extends Pick<Region, "to_name" | "item_index">>(
  regions: (T & { type: string })[],
  to: string | undefined,
): (T & Pick<Region, "type">)[] {
  const masks = regions.filter((region): region is T & Pick<Region, "type"> =>
    REGION_KINDS.some((kind) => kind === region.type)
  );
  const named = new Set(masks.map(({ to_name }) => to_name));
  if (named.has("") || (to === undefined && named.size > 1)) {
    throw invalidInput(
      "Cannot use the annotation: which image of the task its regions are drawn on cannot be told.",
    );
  }
  const own = masks.filter(({ to_name }) => to_name === (to ?? to_name));
  if (own.some(({ item_index = 0 }) => item_index > 0)) {
    throw invalidInput(
      "Cannot use the annotation: it is drawn on several pages of an image; give each page a task of its own.",
    );
  }
  return own;
}

/**
 * The masks of an annotation's regions by label; regions of one label are joined.
 *
 * @param size of the image, which every region must state as its own.
 * @throws {EdgeError} `invalid-input`.
 */
export function masksOf(regions: Region[], size: Size): Map<string, Mask> {
  if (regions.length * size.width * size.height > MAX_DRAWN) {
    throw invalidInput(
      `Cannot use the annotation: ${regions.length} regions are too many for an image of this size.`,
    );
  }
  const masks = new Map<string, Mask>();
  for (const region of regions) {
    const { original_width: width, original_height: height, value } = region;
    if (width !== size.width || height !== size.height) {
      throw invalidInput(
        `Cannot use the annotation: it is of an image of ${width}×${height} pixels, and the task's has ${size.width}×${size.height}.`,
      );
    }
    if (region.image_rotation !== 0) {
      throw invalidInput(
        "Cannot use the annotation: the image was rotated in Label Studio; turn it back.",
      );
    }
    const drawn = region.type === "brushlabels"
      ? decodeBrush(value.rle ?? [], size)
      : drawPolygon(value.points ?? [], size);
    const labels = value[region.type] ?? [];
    for (const label of labels) {
      const mask = masks.get(label);
      if (mask === undefined) masks.set(label, { ...drawn });
      else {
        mask.data = mask.data.map((inside, i) => inside | drawn.data[i]!);
      }
    }
  }
  return masks;
}

function drawPolygon(points: [number, number][], size: Size): Mask {
  const { width, height } = size;
  const raster = new PolygonRaster(size);
  const { add, close } = raster.polygon(1);
  // Half a pixel from a pixel's corner to its centre.
  for (const [x, y] of points) {
    add(x / 100 * width - 0.5, y / 100 * height - 0.5);
  }
  close();
  return { ...size, data: raster.draw().data };
}
