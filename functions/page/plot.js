import { make, scroller, tableOf, typeScale } from "./dom.js";
import uPlot from "./libraries/uplot/dist/uPlot.esm.js";

/** @typedef {"reference" | "found" | "corrected"} Kind */
/** A measure of an image; its value is null where the structure was not found.
 * @typedef {{value: number | null, kind: Kind}} Point */
/** A structure over all images; null where there is no result. @typedef {{name: string, colour: string, points: (Point | null)[]}} Line */
/** `ticks` are short names of the images for the axis, which `axis` explains.
 * @typedef {{names: string[], ticks: string[], axis: string, unit: string, lines: Line[], shown: number}} Plot */

const HEIGHT = 190;
/** Radius of a dot, and of the ring around those of the shown image, CSS pixels. */
const [DOT, RING] = [4, 8];

const compact = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumFractionDigits: 1,
});

/** A plot of measures in the order of the images, with gaps where there are none, and the same as a table. */
export class MeasurePlot {
  /** @type {uPlot | null} */ #drawn = null;
  /** What is drawn, to be drawn once. */ #key = "";
  /** @type {Plot | null} */ #plot = null;
  #element;
  #select;

  /** @param {HTMLElement} element @param {(index: number) => void} select called when an image is clicked */
  constructor(element, select) {
    this.#element = element;
    this.#select = select;
    new ResizeObserver(() => this.#resize()).observe(element);
    matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.#drawn?.redraw(false));
  }

  /** @param {Plot} plot */
  show(plot) {
    const key = JSON.stringify(plot);
    if (key === this.#key) return;
    this.#key = key;
    this.#plot = plot;
    this.#drawn?.destroy();
    const { names, lines } = plot;
    const data = [
      names.map((_, i) => i),
      ...lines.map(({ points }) => points.map((point) => point?.value ?? null)),
    ];
    const width = this.#element.clientWidth || 290;
    const drawn = new uPlot(
      this.#options(plot, width),
      /** @type {uPlot.AlignedData} */ (data),
    );
    drawn.root.setAttribute("role", "img");
    drawn.root.setAttribute("aria-label", summaryOf(plot));
    drawn.over.addEventListener("click", () => {
      const { idx } = drawn.cursor;
      if (idx != null) this.#select(idx);
    });
    this.#drawn = drawn;
    this.#element.replaceChildren(
      drawn.root,
      ...(lines.length > 1 ? [legendOf(lines)] : []),
      detailsOf(plot),
    );
  }

  /** A picture of it. */
  get canvas() {
    return this.#drawn?.ctx.canvas ?? null;
  }

  #resize() {
    const width = this.#element.clientWidth;
    if (width > 0 && width !== this.#drawn?.width) {
      this.#drawn?.setSize({ width, height: HEIGHT * typeScale() });
    }
  }

  /** @param {Plot} plot @param {number} width @returns {uPlot.Options} */
  #options({ ticks, axis, lines }, width) {
    const size = typeScale();
    const font = `${12 * size}px ${getComputedStyle(document.body).fontFamily}`;
    const soft = () => this.#colour("var(--soft)");
    const grid = { stroke: () => this.#colour("var(--line)"), width: 1 };
    const most = (/** @type {number} */ max) => max > 0 ? max * 1.08 : 1;
    const count = Math.max(2, ticks.length);
    return {
      width,
      height: HEIGHT * size,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: () => [-0.5, count - 0.5] },
        y: { range: (_, __, max) => [0, most(max)] },
      },
      axes: [{
        stroke: soft,
        font,
        size: 26 * size,
        gap: 4,
        label: axis,
        labelFont: font,
        labelSize: 18 * size,
        labelGap: 0,
        space: 34 * size,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
        values: (_, splits) => splits.map((i) => ticks[i] ?? ""),
        grid: { show: false },
        ticks: { show: false },
      }, {
        stroke: soft,
        font,
        size: 46 * size,
        gap: 4,
        values: (_, splits) => splits.map((value) => compact.format(value)),
        grid,
        ticks: { show: false },
      }],
      series: [
        {},
        ...lines.map(({ name, colour }) => ({
          label: name,
          stroke: () => this.#colour(colour),
          width: 2 * size,
          points: { show: false },
        })),
      ],
      hooks: { draw: [(drawn) => this.#drawDots(drawn)] },
    };
  }

  /** References are hollow, corrected results have a dark core. @param {uPlot} drawn */
  #drawDots({ ctx: c, valToPos }) {
    const { lines = [], shown = -1 } = this.#plot ?? {};
    const ratio = devicePixelRatio * typeScale();
    const disc = (
      /** @type {number} */ x,
      /** @type {number} */ y,
      /** @type {number} */ radius,
      /** @type {string} */ fill,
    ) => {
      c.beginPath();
      c.arc(x, y, radius * ratio, 0, 7);
      c.fillStyle = fill;
      c.fill();
    };
    const surface = this.#colour("var(--surface)");
    for (const line of lines) {
      const colour = this.#colour(line.colour);
      line.points.forEach((point, i) => {
        if (point?.value == null) return;
        const x = valToPos(i, "x", true);
        const y = valToPos(point.value, "y", true);
        if (i === shown) {
          c.globalAlpha = 0.3;
          disc(x, y, RING, colour);
          c.globalAlpha = 1;
        }
        disc(x, y, DOT + 1, surface);
        disc(x, y, DOT, colour);
        if (point.kind === "reference") disc(x, y, DOT - 1.8, surface);
        if (point.kind === "corrected") {
          disc(x, y, DOT - 1.8, this.#colour("var(--text)"));
        }
      });
    }
  }

  /** What a colour of the style is now: a canvas knows no variables. @param {string} colour */
  #colour(colour) {
    const { style } = this.#element;
    style.color = colour;
    const resolved = getComputedStyle(this.#element).color;
    style.removeProperty("color");
    return resolved;
  }
}

/** @param {Point | null} point @param {string} unit */
const textOf = (point, unit) =>
  point === null
    ? "no result"
    : point.value === null
    ? "not found"
    : `${exact.format(point.value)} ${unit}`;

const exact = new Intl.NumberFormat("en", {
  maximumSignificantDigits: 6,
});

/** @param {Plot} plot */
function summaryOf({ names, axis, lines, unit }) {
  const list = lines.map(({ name, points }) =>
    `${name}: ${
      points.map((point, i) => `${names[i]} ${textOf(point, unit)}`).join(", ")
    }`
  );
  return `Plot. Along: ${axis}. ${list.join(". ")}`;
}

/** Names the lines by their colours. @param {Line[]} lines */
function legendOf(lines) {
  const items = lines.map(({ name, colour }) => {
    const dot = make("span", "dot");
    dot.style.background = colour;
    return make("li", "", dot, name);
  });
  return make("ul", "legend", ...items);
}

/** @param {Plot} plot */
function detailsOf({ names, lines, unit }) {
  const heads = ["Image", ...lines.map(({ name }) => `${name}, ${unit}`)];
  const rows = names.map((name, i) => [
    name,
    ...lines.map(({ points }) => textOf(points[i] ?? null, unit)),
  ]);
  const summary = make("summary", "", "As a table");
  const table = tableOf(heads, rows);
  return make("details", "", summary, scroller("Areas", table));
}
