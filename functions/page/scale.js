import { button, byId, context2d, html, input, showText } from "./dom.js";
import { act } from "./history.js";
import { announce } from "./messages.js";
import { changed, session } from "./session.js";

/** @import { Item } from "./item.js" */
/** @import { Point2 } from "./mask.js" */

/** Long side of the picture, canvas pixels. */
const SIDE = 1600;

/** @type {Record<string, Point2>} */
const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The image whose scale is being set, and its picture. @type {{item: Item, bitmap: ImageBitmap} | null} */
let open = null;
/** The ends of the line, pixels of the image. @type {[Point2, Point2]} */
let ends = [[0, 0], [0, 0]];

/** Whether a person can set the scale of an image: the file does not tell the size of its pixels. @param {Item} item */
export const takesScale = ({ facts, source }) =>
  source !== null && !facts?.spacing;

/** Lets the user say how long a line on the shown image is. */
export async function openScale() {
  const item = session.shown;
  if (item?.source == null) return;
  const bitmap = await createImageBitmap(item.source);
  open = { item, bitmap };
  const { width, height } = item.size;
  ends = [[width / 4, height / 2], [3 * width / 4, height / 2]];
  const canvas = byId("scale-picture", HTMLCanvasElement);
  const ratio = SIDE / Math.max(width, height);
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const length = item.scale === null
    ? ""
    : Number((lengthInPixels() * item.scale).toPrecision(4));
  input("scale-length").value = String(length);
  button("scale-remove").hidden = item.scale === null;
  input("scale-all").checked = false;
  showText("scale-problem", "");
  byId("scale", HTMLDialogElement).showModal();
  draw();
}

export const closeScale = () => byId("scale", HTMLDialogElement).close();

export function useScale() {
  const millimetres = input("scale-length").valueAsNumber;
  const pixels = lengthInPixels();
  if (!(millimetres > 0) || pixels < 2) {
    const problem = pixels < 2
      ? "The two ends lie in one place. Put them on something of known length."
      : "Type the length between the ends in millimetres, more than 0.";
    return showText("scale-problem", problem);
  }
  setScale(millimetres / pixels);
}

export const removeScale = () => setScale(null);

/** @param {number | null} scale millimetres for a pixel */
function setScale(scale) {
  const own = open?.item;
  const isForAll = input("scale-all").checked;
  const before = session.items.filter((item) =>
    item === own ||
    isForAll && takesScale(item) && item.scale === null &&
      item.size.width === own?.size.width &&
      item.size.height === own.size.height
  ).map((item) => ({ item, scale: item.scale }));
  const set = (/** @type {{item: Item, scale: number | null}[]} */ scales) => {
    for (const { item, scale } of scales) {
      item.scale = scale;
      changed(item);
    }
  };
  const after = before.map(({ item }) => ({ item, scale }));
  set(after);
  act({
    name: "the scale",
    undo: () => set(before),
    redo: () => set(after),
  });
  closeScale();
  announce(scale === null ? "Measured in pixels." : "Measured in millimetres.");
}

function lengthInPixels() {
  const [[ax, ay], [bx, by]] = ends;
  return Math.hypot(bx - ax, by - ay);
}

function draw() {
  if (open === null) return;
  const { item: { size }, bitmap } = open;
  const canvas = byId("scale-picture", HTMLCanvasElement);
  const c = context2d(canvas);
  const ratio = canvas.width / size.width;
  c.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const unit = canvas.width / Math.max(1, canvas.clientWidth);
  for (const [width, colour] of LINES) {
    c.beginPath();
    for (const [x, y] of ends) c.lineTo(x * ratio, y * ratio);
    c.lineWidth = width * unit;
    c.strokeStyle = colour;
    c.stroke();
  }
  ENDS.forEach((id, i) => {
    const [x, y] = ends[i] ?? [0, 0];
    const { style } = button(id);
    style.left = `${100 * x / size.width}%`;
    style.top = `${100 * y / size.height}%`;
  });
  html("scale-pixels").textContent = `${
    Math.round(lengthInPixels()).toLocaleString("en")
  } pixels`;
}

const ENDS = ["scale-start", "scale-end"];
/** From the lowest to the topmost. @type {[number, string][]} */
const LINES = [[5, "#000a"], [2.5, "#ffd23f"]];

/** @param {number} i which end @param {number} x @param {number} y pixels of the image */
function moveEnd(i, x, y) {
  if (open === null) return;
  const { width, height } = open.item.size;
  ends[i] = [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  draw();
}

ENDS.forEach((id, i) => {
  const end = button(id);
  end.addEventListener("pointerdown", (event) => {
    end.setPointerCapture(event.pointerId);
  });
  end.addEventListener("pointermove", (event) => {
    if (!end.hasPointerCapture(event.pointerId) || open === null) return;
    const canvas = byId("scale-picture", HTMLCanvasElement);
    const { left, top, width } = canvas.getBoundingClientRect();
    const ratio = open.item.size.width / width;
    moveEnd(i, (event.clientX - left) * ratio, (event.clientY - top) * ratio);
  });
  end.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const [x, y] = ends[i] ?? [0, 0];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const length = event.shiftKey ? 20 : 1;
    moveEnd(i, x + step[0] * length, y + step[1] * length);
  });
});
addEventListener("resize", draw);
byId("scale", HTMLDialogElement).addEventListener("close", () => {
  open?.bitmap.close();
  open = null;
});
