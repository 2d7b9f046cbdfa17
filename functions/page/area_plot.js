/** @typedef {{name: string, area: number, kind: "reference" | "found" | "corrected"}} Measure */

const [WIDTH, HEIGHT] = [320, 180];
const FRAME = { left: 52, right: 14, top: 14, bottom: 26 };
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

/** A round number that is at least `value`. @param {number} value */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 4, 5, 10].map((n) => n * power).find((n) => n >= value) ??
    10 * power;
}

/** @param {number} value */
const short = (value) =>
  new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 })
    .format(value);

/** Draws the area of every measured image in order, the shown one ringed. @param {Element} svg @param {(Measure | null)[]} measures null where there is no result @param {number} shown */
export function drawPlot(svg, measures, shown) {
  const { left, right, top, bottom } = FRAME;
  const most = ceiling(
    Math.max(1, ...measures.map((m) => m?.area ?? 0)) * 1.05,
  );
  const count = Math.max(2, measures.length);
  const x = (/** @type {number} */ i) =>
    left + (i + 0.5) / count * (WIDTH - left - right);
  const y = (/** @type {number} */ area) =>
    top + (1 - area / most) * (HEIGHT - top - bottom);
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const parts = [];
  for (const share of [0, 0.5, 1]) {
    const at = y(share * most);
    parts.push(
      element("line", {
        class: "grid",
        x1: left,
        x2: WIDTH - right,
        y1: at,
        y2: at,
      }),
      element(
        "text",
        { x: left - 8, y: at + 4, "text-anchor": "end" },
        short(share * most),
      ),
    );
  }
  const every = Math.ceil(measures.length / 10);
  measures.forEach((measure, i) => {
    if (i % every > 0) return;
    const text = measure?.kind === "reference" ? "Ref" : String(i + 1);
    parts.push(
      element(
        "text",
        { x: x(i), y: HEIGHT - 8, "text-anchor": "middle" },
        text,
      ),
    );
  });
  const known = measures.flatMap((m, i) => m ? [{ ...m, i }] : []);
  const points = known.map(({ area, i }) => `${x(i)},${y(area)}`).join(" ");
  parts.push(element("polyline", { class: "line", points }));
  for (const { area, kind, i } of known) {
    if (i === shown) {
      parts.push(
        element("circle", { class: "shown", cx: x(i), cy: y(area), r: 9 }),
      );
    }
    parts.push(
      element("circle", {
        class: `dot ${kind}`,
        cx: x(i),
        cy: y(area),
        r: 4.5,
      }),
    );
  }
  svg.replaceChildren(...parts);
  const list = known.map(({ name, area }) => `${name} ${area}`).join(", ");
  svg.setAttribute("aria-label", `Area in pixels, in order: ${list}`);
}
