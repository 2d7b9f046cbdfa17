import { context2d } from "./dom.js";
import * as draw from "./drawing.js";

/** @import { Click, Size } from "./api.js" */
/** @import { Mask, Point2 } from "./mask.js" */
/** Takes what the pointer does on the image, in pixels of image space. `cancel` is called when a press turns
 * out to be a pinch. With `actsOnRelease`, a press and its release at one place are one click.
 * @typedef {Record<"down" | "move" | "up", (at: Point2) => void> & {cancel: () => void}} PointerActions
 * @typedef {PointerActions & {isPressed: boolean, actsOnRelease: boolean}} PointerHandler */

/** @type {Record<string, Point2>} */
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The large canvas: an image with its outline and points, which can be zoomed and panned. */
export class Viewer {
  /** Scale from image to CSS pixels, and the place of the image's corner in CSS pixels. */
  #view = { scale: 1, x: 0, y: 0 };
  #fitted = true;
  /** @type {ImageBitmap | null} */ #bitmap = null;
  #size = { width: 1, height: 1 };
  /** @type {Path2D | null} */ #outline = null;
  /** @type {Click[]} */ #points = [];
  /** Pressed pointers by id, CSS pixels. @type {Map<number, Point2>} */
  #pointers = new Map();
  #panning = false;
  /** The requested animation frame, 0 when none is. */
  #redrawing = 0;

  /** @type {PointerHandler | null} */ handler = null;
  /** The mouse, or the keyboard's crosshair, in image space. @type {Point2 | null} */
  cursor = null;
  /** Radius of the brush in image pixels, 0 where there is none. */ brush = 0;
  /** Corners of a box or polygon that is being drawn. @type {Point2[]} */
  draft = [];
  outlineHidden = false;
  /** Of the outline, as #rrggbb. */ colour = "#ffd23f";
  /** Outlines of other structures. @type {{path: Path2D, colour: string}[]} */
  #others = [];
  /** Heights that controls cover at the edges of the canvas, CSS pixels. */
  margin = { top: 12, bottom: 12 };

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = context2d(canvas);
    new ResizeObserver(() => this.#resize()).observe(canvas);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const { deltaY, offsetX, offsetY } = event;
      this.zoom(Math.exp(-deltaY / 400), [offsetX, offsetY]);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    for (const type of ["pointerleave", "blur"]) {
      canvas.addEventListener(type, () => {
        this.cursor = null;
        this.redraw();
      });
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {ImageBitmap | null} bitmap owned by the viewer from now on
   * @param {Size} size of the image, which may be larger than its bitmap */
  show(bitmap, size) {
    this.#bitmap?.close();
    this.#bitmap = bitmap;
    this.#size = size;
    this.#outline = null;
    this.#others = [];
    this.#points = [];
    this.draft = [];
    this.cursor = null;
    this.fit();
  }

  /** Shows the outline of a mask, and points. @param {Mask | null} mask @param {Click[]} points */
  setMask(mask, points = []) {
    this.#outline = mask && draw.pathOf(mask.outline());
    this.#points = points;
    this.redraw();
  }

  /** Shows outlines of other structures below that of the mask. @param {{mask: Mask, colour: string}[]} others */
  setOthers(others) {
    this.#others = others.map(({ mask, colour }) => ({
      path: draw.pathOf(mask.outline()),
      colour,
    }));
    this.redraw();
  }

  /** Shows other points on the same outline. @param {Click[]} points */
  setPoints(points) {
    this.#points = points;
    this.redraw();
  }

  /** CSS pixels per image pixel. */
  get scale() {
    return this.#view.scale;
  }

  /** Fits the whole image between the margins. */
  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const { width, height } = this.#size;
    const { top, bottom } = this.margin;
    const free = clientHeight - top - bottom;
    const fitting = Math.min((clientWidth - 24) / width, free / height);
    const scale = Math.max(0.001, fitting);
    const x = (clientWidth - width * scale) / 2;
    const y = top + (free - height * scale) / 2;
    this.#view = { scale, x, y };
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
    if (this.#redrawing === 0) {
      this.#redrawing = requestAnimationFrame(() => this.#draw());
    }
  }

  #resize() {
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    this.refit();
  }

  /** Keeps a fitted image fitted when the canvas or its margins have changed. */
  refit() {
    if (this.#fitted) this.fit();
    else this.redraw();
  }

  /** @param {PointerEvent} event @returns {Point2} */
  #toImage({ offsetX, offsetY }) {
    const { scale, x, y } = this.#view;
    return this.#clamp([(offsetX - x) / scale, (offsetY - y) / scale]);
  }

  /** From image space to CSS pixels of the canvas. @param {Point2} at @returns {Point2} */
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
      this.handler?.cancel();
      this.#panning = true;
    } else if (this.#pointers.size === 1) {
      this.#panning = this.handler === null || event.button !== 0;
      if (!this.#panning) this.handler?.down(this.#toImage(event));
    }
    this.redraw();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.#pointers.get(event.pointerId);
    if (event.pointerType !== "touch") this.cursor = this.#toImage(event);
    if (before && this.#panning) this.#drag(event, before);
    else if (before || this.#pointers.size === 0) {
      this.handler?.move(this.#toImage(event));
    }
    if (before) {
      this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    }
    this.redraw();
  }

  /** Zooms with two pointers, about the one that rests, and pans with one.
   * @param {PointerEvent} event @param {Point2} before */
  #drag({ pointerId, offsetX, offsetY }, before) {
    const other = [...this.#pointers].find(([id]) => id !== pointerId)?.[1];
    if (other) {
      const gap = (/** @type {Point2} */ [x, y]) =>
        Math.hypot(x - other[0], y - other[1]);
      this.zoom(gap([offsetX, offsetY]) / Math.max(1, gap(before)), other);
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
      if (event.type === "pointerup") this.handler?.up(this.#toImage(event));
      else this.handler?.cancel();
    }
    if (this.#pointers.size === 0) this.#panning = false;
    this.redraw();
  }

  /** Arrow keys move the crosshair; Enter or Space is the pointer's button. @param {KeyboardEvent} event */
  #key(event) {
    const { width, height } = this.#size;
    const direction = DIRECTIONS[event.key];
    if (direction) {
      const step = (event.shiftKey ? 40 : 8) / this.#view.scale;
      const [x, y] = this.cursor ?? [width / 2, height / 2];
      const [dx, dy] = direction;
      this.cursor = this.#clamp([x + dx * step, y + dy * step]);
      this.handler?.move(this.cursor);
    } else if (event.key === "Enter" || event.key === " ") {
      this.cursor ??= [width / 2, height / 2];
      if (this.handler?.isPressed) this.handler.up(this.cursor);
      else {
        this.handler?.down(this.cursor);
        if (this.handler?.actsOnRelease) this.handler.up(this.cursor);
      }
    } else if (event.key === "+" || event.key === "=") this.zoom(1.3);
    else if (event.key === "-") this.zoom(1 / 1.3);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
    this.redraw();
  }

  #draw() {
    this.#redrawing = 0;
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
    const unit = 1 / scale;
    if (!this.outlineHidden) {
      for (const { path, colour } of this.#others) {
        draw.drawOutline(c, path, unit, colour);
      }
    }
    if (this.#outline && !this.outlineHidden) {
      draw.drawOutline(c, this.#outline, unit, this.colour);
    }
    draw.drawDraft(c, this.draft, unit);
    if (!this.outlineHidden) {
      for (const point of this.#points) draw.drawPoint(c, point, unit);
    }
    if (this.cursor && this.handler) {
      draw.drawCrosshair(c, this.cursor, this.brush, unit);
    }
  }
}
