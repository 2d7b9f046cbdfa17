/** Of an image; its area is null where the structure was not found.
 * @typedef {{name: string, area: number | null, kind: "reference" | "found" | "corrected"}} Measure */

/** Size of the plot and the margins around its data, in units of its view box. */
const [WIDTH, HEIGHT] = [320, 180];
const MARGIN = { left: 52, right: 14, top: 14, bottom: 26 };
/** Images that get a label below the axis, at most. */
const MOST_LABELS = 10;
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} name @param {Record<string, string | number>} attributes @param {string} [text] */
function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, String(value));
  }
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The least round number that is not below `value`. @param {number} value */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 4, 5, 10].map((n) => n * power).find((n) => n >= value) ??
    10 * power;
}

const compact = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumFractionDigits: 1,
});

/** Plots the areas of the images in order, with a ring around the shown one and a gap where there is none.
 * @param {Element} svg @param {(Measure | null)[]} measures null where there is no result
 * @param {number} shown its index, -1 for none */
export function drawAreaPlot(svg, measures, shown) {
  const { left, right, top, bottom } = MARGIN;
  const largest = Math.max(1, ...measures.map((m) => m?.area ?? 0));
  const most = roundUp(largest * 1.05);
  const count = Math.max(2, measures.length);
  const x = (/** @type {number} */ i) =>
    left + (i + 0.5) / count * (WIDTH - left - right);
  const y = (/** @type {number} */ area) =>
    top + (1 - area / most) * (HEIGHT - top - bottom);
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const elements = [];
  for (const area of [0, 0.5 * most, most]) {
    const at = y(area);
    const line = { x1: left, x2: WIDTH - right, y1: at, y2: at };
    const place = { x: left - 8, y: at + 4, "text-anchor": "end" };
    elements.push(element("line", { class: "grid", ...line }));
    elements.push(element("text", place, compact.format(area)));
  }
  const every = Math.ceil(measures.length / MOST_LABELS);
  measures.forEach((measure, i) => {
    if (i % every > 0) return;
    const text = measure?.kind === "reference" ? "Ref" : String(i + 1);
    const place = { x: x(i), y: HEIGHT - 8, "text-anchor": "middle" };
    elements.push(element("text", place, text));
  });
  /** Coordinates of neighbours, up to a gap. @type {string[]} */ let line = [];
  const endLine = () => {
    const points = line.join(" ");
    if (line.length > 1) {
      elements.push(element("polyline", { class: "line", points }));
    }
    line = [];
  };
  measures.forEach((measure, i) => {
    if (measure?.area == null) endLine();
    else line.push(`${x(i)},${y(measure.area)}`);
  });
  endLine();
  measures.forEach((measure, i) => {
    if (measure?.area == null) return;
    const { area, kind } = measure;
    const centre = { cx: x(i), cy: y(area) };
    if (i === shown) {
      elements.push(element("circle", { class: "shown", ...centre, r: 9 }));
    }
    const dot = { class: `dot ${kind}`, ...centre, r: 4.5 };
    elements.push(element("circle", dot));
  });
  svg.replaceChildren(...elements);
  const known = measures.filter((measure) => measure !== null);
  const list = known.map(({ name, area }) => `${name} ${area ?? "not found"}`)
    .join(", ");
  svg.setAttribute("aria-label", `Area in pixels, in order: ${list}`);
}
