import { createItem } from "./film.js";
import { Mask } from "./mask.js";
import { outlineReference } from "./outline.js";
import { randomPatient, session } from "./session.js";
import { choose } from "./show.js";
import { input, tell } from "./dom.js";

/** Visits of the sample patient beside the annotated one. */
const SAMPLE_VISITS = [2, 3, 4, 5];

export async function openSample() {
  tell("start-problem", "");
  input("patient").value = randomPatient();
  session.references = [];
  const fetchFile = async (/** @type {string} */ name) =>
    await (await fetch(`/page/sample/${name}.png`)).blob();
  const [image, annotation] = await Promise.all(
    ["visit-1", "visit-1_annotation"].map(fetchFile),
  );
  const mask = await readMask(annotation);
  const visit = (/** @type {Blob} */ file, /** @type {number} */ n) =>
    createItem(file, `Visit ${n}`, n === 1, choose);
  session.later = await Promise.all(
    SAMPLE_VISITS.map(async (n) => visit(await fetchFile(`visit-${n}`), n)),
  );
  await outlineReference(visit(image, 1), mask);
}

/** @param {Blob} file a mask in black and white */
async function readMask(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context =
    /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const mask = new Mask(bitmap.width, bitmap.height);
  for (let i = 0; i < mask.data.length; i++) {
    mask.data[i] = data[4 * i] > 127 ? 255 : 0;
  }
  return mask;
}
