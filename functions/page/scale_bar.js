import { html } from "./dom.js";
import { numberText, pixelSize } from "./measures.js";
import { session, viewer } from "./session.js";

/** The longest bar, CSS pixels. */
const LONGEST = 140;

/** Shows how long millimetres are on the image, where the size of its pixels is known. */
function showScaleBar() {
  const { edited, shown } = session;
  const item = edited ?? shown;
  const bar = html("scale-bar");
  const size = item && pixelSize(item, [item.size.height, item.size.width]);
  bar.hidden = !size;
  if (!size) return;
  const pixels = viewer.scale / size.x;
  const length = roundDown(LONGEST / pixels);
  bar.style.width = `${length * pixels}px`;
  bar.textContent = `${numberText(length)} mm`;
}
viewer.whenDrawn = showScaleBar;

/** The largest 1, 2 or 5 times a power of ten that is not above a value. @param {number} value */
function roundDown(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= value) ?? power;
}
