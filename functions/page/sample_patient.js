import { samplePicture } from "./api.js";
import { context2d, input, showText } from "./dom.js";
import { outlineReference } from "./first_image.js";
import { beginGuide } from "./guide.js";
import { Item } from "./item.js";
import { Mask } from "./mask.js";
import { showProblem } from "./messages.js";
import { randomPatient, session } from "./session.js";

/** Visits of the sample patient after the annotated one. */
const LATER_VISITS = [2, 3, 4, 5];

export async function openSample() {
  showText("start-problem", "");
  const visit = async (/** @type {number} */ n) => {
    const picture = await samplePicture(`visit-${n}`);
    return new Item(picture, `Visit ${n}`);
  };
  try {
    const [annotation, first, ...later] = await Promise.all([
      samplePicture("visit-1_annotation"),
      visit(1),
      ...LATER_VISITS.map(visit),
    ]);
    input("patient").value = randomPatient();
    session.structures = [];
    session.later = later;
    beginGuide();
    await outlineReference(first, await readMask(annotation));
  } catch (error) {
    showProblem("start-problem", error);
  }
}

/** @param {Blob} file a mask in black and white */
async function readMask(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = context2d(canvas);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const mask = new Mask(bitmap.width, bitmap.height);
  for (let i = 0; i < mask.data.length; i++) {
    mask.data[i] = /** @type {number} */ (data[4 * i]) > 127 ? 255 : 0;
  }
  return mask;
}
