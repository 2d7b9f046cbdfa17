import { context2d, typeScale } from "./dom.js";
import * as draw from "./drawing.js";
import { Painting } from "./painting.js";
import { AS_IT_IS, Picture } from "./picture.js";

/** @import { Click, Size } from "./api.js" */
/** @import { Tone } from "./picture.js" */
/** @import { Box, Mask, Point2 } from "./mask.js" */
/** Takes what the pointer does on the image, in pixels of image space. `cancel` is called when a press turns
 * out to be a pinch, `leave` when the pointer leaves. With `actsOnRelease`, a press and its release at one place are
 * one click.
 * @typedef {Record<"down" | "move" | "up", (at: Point2) => void> & Record<"cancel" | "leave", () => void>} PointerActions
 * @typedef {PointerActions & {isPressed: boolean, actsOnRelease: boolean}} PointerHandler */
/** Corners that are shown, whether they are joined to a ring, and whether the next one follows the pointer.
 * @typedef {{corners: readonly Point2[], closed: boolean, growing: boolean}} ShownPolygon */

/** @type {Record<string, Point2>} */
const DIRECTIONS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where a length begins in the middle of a whole, or as near to it as its margins let it.
 * @param {number} whole @param {number} before @param {number} after margins @param {number} length */
const middle = (whole, before, after, length) =>
  Math.max(before, Math.min(whole - after - length, (whole - length) / 2));

/** Where Space types. */
const FIELDS = "input:not([type=radio], [type=range], [type=checkbox]), select";

/** The large canvas: an image with its outline and points, which can be zoomed and panned. */
export class Viewer {
  /** Scale from image to CSS pixels, and the place of the image's corner in CSS pixels. */
  #view = { scale: 1, x: 0, y: 0 };
  #fitted = true;
  /** @type {Picture | null} */ #picture = null;
  #size = { width: 1, height: 1 };
  /** @type {Path2D | null} */ #outline = null;
  /** In place of the outline, while a mask is painted. @type {Painting | null} */
  #painting = null;
  /** What a click would give. @type {Path2D | null} */ #preview = null;
  /** @type {Click[]} */ #points = [];
  /** Pressed pointers by id, CSS pixels. @type {Map<number, Point2>} */
  #pointers = new Map();
  #panning = false;
  /** Whether Space is held down, which pans. */ #holdsSpace = false;
  /** Whether the pointer has moved over the image since the focus moved, so that Space is meant for the image even
   * where a button has the focus. */
  #pointed = false;
  /** The requested animation frame, 0 when none is. */
  #redrawing = 0;
  /** How much larger lines and points are than on screens of full HD. */
  #grain = 1;

  /** @type {PointerHandler | null} */ handler = null;
  /** The mouse, or the keyboard's crosshair, in image space. @type {Point2 | null} */
  cursor = null;
  /** Radius of the brush in image pixels, 0 where there is none. */ brush = 0;
  /** Corners of a box that is being drawn. @type {Point2[]} */
  draft = [];
  /** @type {ShownPolygon} */
  polygon = { corners: [], closed: false, growing: false };
  outlineHidden = false;
  /** @type {Tone} */ tone = { ...AS_IT_IS };
  /** How masks are shown. */
  look = { lines: true, filled: true, opacity: 0.17 };
  /** Of the mask, as #rrggbb. */ colour = draw.OUTLINE;
  /** Outlines of other structures. @type {{path: Path2D, colour: string}[]} */
  #others = [];
  /** What controls cover at the edges of the canvas, CSS pixels. */
  margin = { top: 12, right: 12, bottom: 12, left: 12 };

  /** Called with each drawing. @type {() => void} */ whenDrawn = () => {};

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
        this.handler?.leave();
        this.redraw();
      });
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("pointerleave", () => this.#pointed = false);
    addEventListener("focusin", () => this.#pointed = false);
    addEventListener("keydown", (event) => {
      const { key, target } = event;
      const isField = target instanceof Element && target.matches(FIELDS);
      const isOurs = target === canvas || this.#pointed && !isField;
      if (key !== " " || !isOurs) return;
      event.preventDefault();
      this.#hold(true);
    });
    addEventListener("keyup", (event) => {
      if (event.key !== " " || !this.#holdsSpace) return;
      event.preventDefault();
      this.#hold(false);
    });
    addEventListener("blur", () => this.#hold(false));
  }

  /** @param {boolean} held */
  #hold(held) {
    this.#holdsSpace = held;
    this.canvas.classList.toggle("pans", held);
  }

  /** @param {ImageBitmap | null} bitmap owned by the viewer from now on
   * @param {Size} size of the image, which may be larger than its bitmap */
  show(bitmap, size) {
    this.#picture?.close();
    this.#picture = bitmap && new Picture(bitmap, size);
    this.#size = size;
    this.#outline = this.#painting = this.#preview = null;
    this.#others = [];
    this.#points = [];
    this.draft = [];
    this.polygon = { corners: [], closed: false, growing: false };
    this.cursor = null;
    this.fit();
  }

  /** Shows the outline of a mask, and points. @param {Mask | null} mask @param {Click[]} points */
  setMask(mask, points = []) {
    this.#outline = mask && draw.pathOf(mask.outline());
    this.#painting = null;
    this.#points = points;
    this.redraw();
  }

  /** Shows a mask that is being painted. @param {Mask} mask @param {Box} box what may have changed */
  paint(mask, box) {
    if (this.#painting === null) {
      this.#painting = new Painting(mask);
      this.#points = [];
    }
    this.#painting.add(box);
    this.redraw();
  }

  /** Shows what a click would give. @param {Mask | null} mask */
  setPreview(mask) {
    this.#preview = mask && draw.pathOf(mask.outline());
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
    const { top, right, bottom, left } = this.margin;
    const [freeX, freeY] = [
      clientWidth - left - right,
      clientHeight - top - bottom,
    ];
    const scale = Math.max(0.001, Math.min(freeX / width, freeY / height));
    const x = middle(clientWidth, left, right, width * scale);
    const y = middle(clientHeight, top, bottom, height * scale);
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
    this.#grain = typeScale();
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

  /** @param {number} dx CSS pixels @param {number} dy */
  pan(dx, dy) {
    this.#view.x += dx;
    this.#view.y += dy;
    this.#fitted = false;
    this.redraw();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.#pointers.size === 2) {
      this.handler?.cancel();
      this.#panning = true;
    } else if (this.#pointers.size === 1) {
      this.#panning = this.handler === null || event.button !== 0 ||
        this.#holdsSpace;
      if (!this.#panning) this.handler?.down(this.#toImage(event));
    }
    this.redraw();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    this.#pointed = true;
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

  /** Pans, and zooms with two pointers: what lies between them stays between them.
   * @param {PointerEvent} event @param {Point2} before */
  #drag({ pointerId, offsetX, offsetY }, before) {
    const other = [...this.#pointers].find(([id]) => id !== pointerId)?.[1];
    if (other === undefined) {
      return this.pan(offsetX - before[0], offsetY - before[1]);
    }
    const [ox, oy] = other;
    const gap = (/** @type {Point2} */ [x, y]) => Math.hypot(x - ox, y - oy);
    const ratio = gap([offsetX, offsetY]) / Math.max(1, gap(before));
    this.zoom(ratio, [(before[0] + ox) / 2, (before[1] + oy) / 2]);
    this.pan((offsetX - before[0]) / 2, (offsetY - before[1]) / 2);
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

  /** Arrow keys move the crosshair, or pan with Space; Enter is the pointer's button. @param {KeyboardEvent} event */
  #key(event) {
    const { width, height } = this.#size;
    const direction = DIRECTIONS[event.key];
    if (direction && this.#holdsSpace) {
      this.pan(-40 * direction[0], -40 * direction[1]);
    } else if (direction && this.handler) {
      const step = (event.shiftKey ? 40 : 8) / this.#view.scale;
      const [x, y] = this.cursor ?? [width / 2, height / 2];
      const [dx, dy] = direction;
      this.cursor = this.#clamp([x + dx * step, y + dy * step]);
      this.#reveal(this.cursor);
      this.handler.move(this.cursor);
    } else if (event.key === "Enter") {
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

  /** Pans until a place is visible. @param {Point2} at */
  #reveal(at) {
    const { clientWidth, clientHeight } = this.canvas;
    const [x, y] = this.toCanvas(at);
    const [cx, cy] = [
      Math.min(clientWidth - 20, Math.max(20, x)),
      Math.min(clientHeight - 20, Math.max(20, y)),
    ];
    if (cx !== x || cy !== y) this.pan(cx - x, cy - y);
  }

  #draw() {
    this.#redrawing = 0;
    this.whenDrawn();
    const { context: c, canvas, look, colour } = this;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    if (this.#picture === null || canvas.width * canvas.height === 0) return;
    const { scale, x, y } = this.#view;
    const ratio = devicePixelRatio;
    /** @type {[number, number, number]} */
    const place = [ratio * scale, ratio * x, ratio * y];
    this.#picture.draw(c, place, scale < 4, this.tone);
    const shown = !this.outlineHidden;
    const unit = this.#grain / scale;
    const [zoom, dx, dy] = place;
    c.setTransform(zoom, 0, 0, zoom, dx, dy);
    for (const { path, colour } of shown ? this.#others : []) {
      draw.drawOutline(c, path, unit, { colour, ...look });
    }
    if (shown && this.#painting) {
      c.setTransform(1, 0, 0, 1, 0, 0);
      this.#painting.draw(c, place, ratio, { colour, ...look });
      c.setTransform(zoom, 0, 0, zoom, dx, dy);
    } else if (shown && this.#outline) {
      draw.drawOutline(c, this.#outline, unit, { colour, ...look });
    }
    if (this.#preview) draw.drawPreview(c, this.#preview, unit);
    draw.drawBox(c, this.draft, unit);
    draw.drawPolygon(c, this.polygon, this.cursor, unit);
    if (shown) {
      for (const point of this.#points) draw.drawPoint(c, point, unit);
    }
    if (this.cursor && this.handler && !this.#holdsSpace) {
      draw.drawCrosshair(c, this.cursor, this.brush, unit);
    }
  }
}
