import { pathOf } from "./mask.js";

/** @typedef {import("./mask.js").Mask} Mask */
/** @typedef {import("./mask.js").Point2} Point2 */
/** @typedef {import("./api.js").Click} Click */
/**
 * What happens on the image, in image-frame pixels.
 * @typedef {object} Hand
 * @property {(at: Point2) => void} down
 * @property {(at: Point2) => void} move
 * @property {(at: Point2) => void} up
 * @property {() => void} cancel the pointer turned out to pinch or drag the view
 * @property {boolean} held whether it paints or drags now
 * @property {boolean} clicks whether it acts at the end of a press
 */

const OUTLINE = "#ffd23f";
const INSIDE = "#19c37d";
const OUTSIDE = "#ff5a5f";

/** The large picture: image, outline and points under a view that zooms and pans. */
export class Stage {
  /** Scale from image to CSS pixels, and where the image's corner is. */
  #view = { scale: 1, x: 0, y: 0 };
  #fitted = true;
  /** @type {ImageBitmap | null} */
  #bitmap = null;
  #size = { width: 1, height: 1 };
  /** @type {Path2D | null} */
  #outline = null;
  /** @type {Click[]} */
  #points = [];
  /** @type {Map<number, Point2>} pointers on the canvas, CSS pixels */
  #pointers = new Map();
  #panning = false;
  #frame = 0;

  /** @type {Hand | null} */
  hand = null;
  /** Where the crosshair of the keyboard is, or the mouse. @type {Point2 | null} */
  cursor = null;
  /** Radius of the brush in image pixels, 0 where there is none. */
  brush = 0;
  /** A box or polygon that is being drawn. @type {Point2[]} */
  draft = [];
  bare = false;
  /** CSS pixels that controls take of the canvas. */
  margin = { top: 12, bottom: 12 };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (
      canvas.getContext("2d")
    );
    new ResizeObserver(() => this.#resize()).observe(canvas);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { deltaY, offsetX, offsetY } = event;
      this.zoom(Math.exp(-deltaY / 400), [offsetX, offsetY]);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
      canvas.addEventListener(type, (event) => this.#up(event));
    }
    canvas.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.redraw();
    });
    canvas.addEventListener("blur", () => {
      this.cursor = null;
      this.redraw();
    });
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {ImageBitmap | null} bitmap @param {{width: number, height: number}} size of the image frame */
  show(bitmap, size) {
    this.#bitmap?.close();
    this.#bitmap = bitmap;
    this.#size = size;
    this.#outline = null;
    this.#points = [];
    this.draft = [];
    this.cursor = null;
    this.fit();
  }

  /** @param {Mask | null} mask @param {Click[]} points */
  mark(mask, points = []) {
    this.#outline = mask && pathOf(mask.outline());
    this.#points = points;
    this.redraw();
  }

  /** Shows other points on the same outline. @param {Click[]} points */
  dot(points) {
    this.#points = points;
    this.redraw();
  }

  /** CSS pixels that an image pixel takes. */
  get scale() {
    return this.#view.scale;
  }

  /** Shows the whole image between what lies over the top and the bottom of the canvas. */
  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const { width, height } = this.#size;
    const { top, bottom } = this.margin;
    const free = clientHeight - top - bottom;
    const scale = Math.max(
      0.001,
      Math.min((clientWidth - 24) / width, free / height),
    );
    this.#view = {
      scale,
      x: (clientWidth - width * scale) / 2,
      y: top + (free - height * scale) / 2,
    };
    this.#fitted = true;
    this.redraw();
  }

  /** @param {number} factor @param {Point2} [at] the fixed point, CSS pixels; the middle by default */
  zoom(factor, at) {
    const { clientWidth, clientHeight } = this.canvas;
    const [cx, cy] = at ?? [clientWidth / 2, clientHeight / 2];
    const { scale, x, y } = this.#view;
    const least = Math.min(clientWidth, clientHeight) / 4 /
      Math.max(this.#size.width, this.#size.height);
    const next = Math.min(40, Math.max(least, scale * factor));
    const ratio = next / scale;
    this.#view = {
      scale: next,
      x: cx - (cx - x) * ratio,
      y: cy - (cy - y) * ratio,
    };
    this.#fitted = false;
    this.redraw();
  }

  redraw() {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => this.#draw());
    }
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.settle();
  }

  /** Keeps a fitted image fitted when the room for it has changed. */
  settle() {
    if (this.#fitted) this.fit();
    else this.redraw();
  }

  /** @param {PointerEvent | MouseEvent} event @returns {Point2} */
  #toImage({ offsetX, offsetY }) {
    const { scale, x, y } = this.#view;
    return this.#clamp([(offsetX - x) / scale, (offsetY - y) / scale]);
  }

  /** Image-frame pixels to CSS pixels of the canvas. @param {Point2} at @returns {Point2} */
  toCanvas([px, py]) {
    const { scale, x, y } = this.#view;
    return [x + px * scale, y + py * scale];
  }

  /** @param {Point2} at @returns {Point2} */
  #clamp([x, y]) {
    const { width, height } = this.#size;
    return [
      Math.min(width - 0.01, Math.max(0, x)),
      Math.min(height - 0.01, Math.max(0, y)),
    ];
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.#pointers.size === 2) {
      this.hand?.cancel();
      this.#panning = true;
    } else if (this.#pointers.size === 1) {
      this.#panning = this.hand === null || event.button !== 0;
      if (!this.#panning) this.hand?.down(this.#toImage(event));
    }
    this.redraw();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (event.pointerType !== "touch") this.cursor = this.#toImage(event);
    if (before && this.#panning) this.#drag(event, before);
    else if (before || this.#pointers.size === 0) {
      this.hand?.move(this.#toImage(event));
    }
    if (before) {
      this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    }
    this.redraw();
  }

  /** @param {PointerEvent} event @param {Point2} before */
  #drag({ pointerId, offsetX, offsetY }, before) {
    const other = [...this.#pointers].find(([id]) => id !== pointerId)?.[1];
    if (other) {
      const reach = (/** @type {Point2} */ [x, y]) =>
        Math.hypot(x - other[0], y - other[1]);
      this.zoom(reach([offsetX, offsetY]) / Math.max(1, reach(before)), other);
    } else {
      this.#view.x += offsetX - before[0];
      this.#view.y += offsetY - before[1];
      this.#fitted = false;
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (!this.#panning) {
      if (event.type === "pointerup") this.hand?.up(this.#toImage(event));
      else this.hand?.cancel();
    }
    if (this.#pointers.size === 0) this.#panning = false;
    this.redraw();
  }

  /** Arrows move the crosshair, Enter or Space is the pointer's button. @param {KeyboardEvent} event */
  #key(event) {
    /** @type {Record<string, Point2>} */
    const ways = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const { width, height } = this.#size;
    const way = ways[event.key];
    if (way) {
      const step = (event.shiftKey ? 40 : 8) / this.#view.scale;
      const [x, y] = this.cursor ?? [width / 2, height / 2];
      this.cursor = this.#clamp([x + way[0] * step, y + way[1] * step]);
      this.hand?.move(this.cursor);
    } else if (event.key === "Enter" || event.key === " ") {
      this.cursor ??= [width / 2, height / 2];
      if (this.hand?.held) this.hand.up(this.cursor);
      else {
        this.hand?.down(this.cursor);
        if (this.hand?.clicks) this.hand.up(this.cursor);
      }
    } else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
    this.redraw();
  }

  #draw() {
    this.#frame = 0;
    const { context: c, canvas } = this;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    if (this.#bitmap === null) return;
    const { scale, x, y } = this.#view;
    const ratio = devicePixelRatio;
    c.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    c.imageSmoothingEnabled = scale < 4;
    c.imageSmoothingQuality = "high";
    c.drawImage(this.#bitmap, 0, 0, this.#size.width, this.#size.height);
    c.lineJoin = "round";
    if (this.#outline && !this.bare) {
      c.fillStyle = "#ffd23f2b";
      c.fill(this.#outline, "evenodd");
      this.#line(this.#outline);
    }
    if (this.draft.length > 0) {
      const path = new Path2D();
      this.draft.forEach(([x, y], i) =>
        i === 0 ? path.moveTo(x, y) : path.lineTo(x, y)
      );
      this.#line(path);
      for (const [x, y] of this.draft) {
        c.beginPath();
        c.arc(x, y, 4 / scale, 0, 7);
        c.fillStyle = OUTLINE;
        c.fill();
      }
    }
    if (!this.bare) { for (const point of this.#points) this.#point(point); }
    if (this.cursor && this.hand) this.#crosshair(this.cursor);
  }

  /** @param {Path2D} path */
  #line(path) {
    for (
      const [width, colour]
        of /** @type {const} */ ([[4.5, "#000a"], [2, OUTLINE]])
    ) {
      this.context.lineWidth = width / this.#view.scale;
      this.context.strokeStyle = colour;
      this.context.stroke(path);
    }
  }

  /** @param {Click} point */
  #point({ x, y, label }) {
    const c = this.context;
    const unit = 1 / this.#view.scale;
    const [cx, cy] = [x + 0.5, y + 0.5];
    for (
      const [radius, colour]
        of /** @type {const} */ ([[7.5, "#000a"], [6.5, "#fff"], [
          5,
          label === 1 ? INSIDE : OUTSIDE,
        ]])
    ) {
      c.beginPath();
      c.arc(cx, cy, radius * unit, 0, 7);
      c.fillStyle = colour;
      c.fill();
    }
    c.beginPath();
    c.moveTo(cx - 2.7 * unit, cy);
    c.lineTo(cx + 2.7 * unit, cy);
    if (label === 1) {
      c.moveTo(cx, cy - 2.7 * unit);
      c.lineTo(cx, cy + 2.7 * unit);
    }
    c.lineWidth = 1.6 * unit;
    c.strokeStyle = "#fff";
    c.stroke();
  }

  /** @param {Point2} at */
  #crosshair([x, y]) {
    const unit = 1 / this.#view.scale;
    const path = new Path2D();
    if (this.brush > 0) path.arc(x, y, Math.max(this.brush, 3 * unit), 0, 7);
    else {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        path.moveTo(x + 4 * dx * unit, y + 4 * dy * unit);
        path.lineTo(x + 13 * dx * unit, y + 13 * dy * unit);
      }
    }
    const c = this.context;
    for (
      const [width, colour]
        of /** @type {const} */ ([[3.5, "#000a"], [1.5, "#fff"]])
    ) {
      c.lineWidth = width * unit;
      c.strokeStyle = colour;
      c.stroke(path);
    }
  }
}
