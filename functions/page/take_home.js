import { areaRows } from "./areas_table.js";
import { withBusyBar } from "./busy_bar.js";
import { cocoOf } from "./coco.js";
import { csvOf } from "./csv.js";
import { showText } from "./dom.js";
import { saveFile, saveJson } from "./downloads.js";
import { maskInFullSize } from "./full_size.js";
import { explainError, showNotice, showProblem } from "./messages.js";
import {
  Zip,
  ZipDeflate,
  ZipPassThrough,
} from "./libraries/fflate/esm/browser.js";
import { drawOverlay } from "./overlay.js";
import { emptyText, formsOf, placedFile } from "./placed_files.js";
import { labels, measureOf } from "./records.js";
import { patient, session } from "./session.js";
import { stacksOf } from "./stacks.js";

/** @import { CocoFinding, CocoImage } from "./coco.js" */
/** @import { Item } from "./item.js" */

/** Long side of an overlay at most, and the pixels above which it is a JPEG. */
const [SIDE, MOST_PNG] = [2048, 1_500_000];

/** Saves all masks, pictures, numbers and receipts of the patient as one zip archive. */
export async function takeEverythingHome() {
  showText("save-problem", "");
  showNotice("", "archive");
  try {
    const archive = await withBusyBar("Packing everything", packEverything);
    saveFile(archive, `${patient()}.zip`);
  } catch (error) {
    showProblem("save-problem", error);
  }
}

/** Saves all masks as COCO instances. */
export const saveCoco = () => saveJson(coco(session.items), "coco.json");

/** @param {AbortSignal} signal */
async function packEverything(signal) {
  /** @type {BlobPart[]} */ const parts = [];
  const taken = new Set();
  /** @type {string[]} */ const left = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    parts.push(/** @type {Uint8Array<ArrayBuffer>} */ (chunk));
  });
  /** @param {string} name @param {Uint8Array | string} content */
  const add = (name, content) => {
    signal.throwIfAborted();
    const isText = typeof content === "string";
    const path = freshName(name, taken);
    const file = isText ? new ZipDeflate(path) : new ZipPassThrough(path);
    zip.add(file);
    file.push(isText ? new TextEncoder().encode(content) : content, true);
  };
  const { items, structures } = session;
  for (const item of items) {
    for (const label of labels()) {
      const measure = measureOf(item, label);
      if (measure === null) continue;
      const { kind, finding, rle } = measure;
      const name = nameOf(`${item.name}_${label}`);
      const png = await maskInFullSize(item, rle).toPng();
      add(`masks/${name}_mask.png`, await bytesOf(png));
      if (kind === "found" && finding.answer) {
        const receipt = JSON.stringify(finding.answer.receipt, null, 1);
        add(`receipts/${name}_receipt.json`, receipt);
      }
    }
    const overlay = await overlayOf(item);
    if (overlay !== null) {
      const ending = overlay.type === "image/png" ? "png" : "jpg";
      const name = `overlays/${nameOf(item.name)}_overlay.${ending}`;
      add(name, await bytesOf(overlay));
    }
  }
  for (const { name, format, items: images } of placedGroups(items)) {
    for (const { label } of structures) {
      if (images.every((item) => measureOf(item, label) === null)) continue;
      const empty = formsOf(format).length > 0 && emptyText(images, label);
      if (empty) left.push(`${name}, ${label}: ${empty}.`);
      for (const form of formsOf(format)) {
        try {
          const file = await placedFile(images, label, form, signal);
          const path = `volumes/${nameOf(`${name}_${label}`)}${file.ending}`;
          add(path, await bytesOf(file.bytes));
        } catch (error) {
          signal.throwIfAborted();
          left.push(`${name}, ${label}, ${form}: ${explainError(error)}`);
        }
      }
    }
  }
  add("areas.csv", csvOf(areaRows(items)));
  add("coco.json", JSON.stringify(coco(items), null, 1));
  if (left.length > 0) {
    add("left_out.txt", left.join("\n") + "\n");
    showNotice(`Left out of the archive: ${left.join(" ")}`, "archive");
  }
  zip.end();
  return new Blob(parts, { type: "application/zip" });
}

/** The images of each volume or series, and single images that have a place too.
 * @param {Item[]} items */
function placedGroups(items) {
  const stacks = stacksOf(items);
  const stacked = new Set(stacks.flatMap((stack) => stack.items));
  const single = items.filter((item) => !stacked.has(item))
    .map((item) => ({ name: item.name, items: [item] }));
  return [...stacks, ...single].map((group) => ({
    ...group,
    format: group.items[0]?.format ?? "",
  }));
}

/** @param {Item} item */
async function overlayOf(item) {
  const canvas = await drawOverlay(item, SIDE, labels());
  if (canvas === null) return null;
  const isLarge = canvas.width * canvas.height > MOST_PNG;
  /** @type {Promise<Blob | null>} */
  const blob = new Promise((resolve) =>
    canvas.toBlob(resolve, isLarge ? "image/jpeg" : "image/png", 0.92)
  );
  return await blob;
}

/** @param {Item[]} items */
function coco(items) {
  const images = items.flatMap((item) => {
    const findings = labels().flatMap((label) => findingOf(item, label));
    if (findings.length === 0) return [];
    const { path, name, frame, frames, fullSize, size } = item;
    /** @type {CocoImage} */ const image = {
      file: path || name,
      frame: frames > 1 ? frame : null,
      size: fullSize ?? size,
      findings,
    };
    return [image];
  });
  return cocoOf(images, labels());
}

/** @param {Item} item @param {string} label @returns {CocoFinding[]} */
function findingOf(item, label) {
  const measure = measureOf(item, label);
  if (measure === null) return [];
  const { kind, missing, area, finding, rle } = measure;
  return [{
    label,
    rle: missing ? null : maskInFullSize(item, rle).toRle(),
    ...area,
    kind,
    score: kind === "found" ? finding.answer?.confidence ?? null : null,
  }];
}

/** @param {Blob} blob */
const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

/** A name that every system takes as that of a file. @param {string} name */
const nameOf = (name) => name.replace(/[^\p{L}\p{M}\p{N} ._-]/gu, "_");

/** A path that none has yet. @param {string} path @param {Set<unknown>} taken */
function freshName(path, taken) {
  let fresh = path;
  for (let n = 2; taken.has(fresh.toLowerCase()); n++) {
    fresh = path.replace(/(?=\.[a-z.]+$)/, `_${n}`);
  }
  taken.add(fresh.toLowerCase());
  return fresh;
}
