import { Mask } from "./mask.js";

/** @import { Rle, Size } from "./api.js" */
/** @typedef {"reference" | "found" | "corrected"} Kind */
/** What is known of a structure in an image; without run lengths, it was not found there.
 * @typedef {{label: string, rle: Rle | null, px: number, mm2: number | null, kind: Kind, score: number | null}}
 * CocoFinding */
/** @typedef {{file: string, frame: number | null, size: Size, findings: CocoFinding[]}} CocoImage */

/** Images and structures in the format of COCO's instances. Masks are compressed run lengths, which are exact and may
 * have holes.
 * @param {CocoImage[]} images @param {string[]} labels */
export function cocoOf(images, labels) {
  const categories = labels.map((name, i) => ({ id: i + 1, name }));
  /** @type {object[]} */ const annotations = [];
  const listed = images.map(({ file, frame, size, findings }, i) => {
    const present = [];
    const absent = [];
    for (const { label, rle, px, mm2, kind, score } of findings) {
      const box = rle && Mask.fromRle(rle).box;
      if (rle === null || box === null) {
        absent.push(label);
        continue;
      }
      present.push(label);
      annotations.push({
        id: annotations.length + 1,
        image_id: i + 1,
        category_id: labels.indexOf(label) + 1,
        segmentation: rle,
        area: px,
        ...(mm2 !== null && { area_mm2: mm2 }),
        bbox: [
          box.left,
          box.top,
          box.right - box.left,
          box.bottom - box.top,
        ],
        iscrowd: 0,
        kind,
        ...(score !== null && { score }),
      });
    }
    return {
      id: i + 1,
      file_name: file,
      ...(frame !== null && { frame }),
      width: size.width,
      height: size.height,
      present,
      absent,
    };
  });
  const info = {
    description: "P²SAM Edge",
    date_created: new Date().toISOString(),
  };
  return { info, images: listed, annotations, categories };
}
