import { samplePicture } from "./api.js";
import { createItem } from "./item.js";
import { Mask } from "./mask.js";
import { outlineReference } from "./outline.js";
import { randomPatient, session } from "./session.js";
import { choose } from "./render.js";
import { explain, input, tell } from "./dom.js";

/** Visits of the sample patient beside the annotated one. */
const SAMPLE_VISITS = [2, 3, 4, 5];

export async function openSample() {
  tell("start-problem", "");
  const visit = async (/** @type {number} */ n) =>
    createItem(
      await samplePicture(`visit-${n}`),
      `Visit ${n}`,
      n === 1,
      choose,
    );
  try {
    const [annotation, first, ...later] = await Promise.all([
      samplePicture("visit-1_annotation"),
      visit(1),
      ...SAMPLE_VISITS.map(visit),
    ]);
    input("patient").value = randomPatient();
    session.references = [];
    session.later = later;
    await outlineReference(first, await readMask(annotation));
  } catch (error) {
    tell("start-problem", explain(error));
  }
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
