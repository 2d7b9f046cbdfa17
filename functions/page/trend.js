import { ORDER_WORDS, orderOf } from "./order.js";
import { measureOf } from "./records.js";
import { session } from "./session.js";

/** @import { Item } from "./item.js" */
/** @import { Plot } from "./plot.js" */

/** The areas of the structures in all images, in mm² where the size of every image's pixels is known, else in pixels.
 * @param {Item[]} items @returns {Plot} */
export function trendOf(items) {
  const { structures, shown } = session;
  const measures = structures.map(({ label }) =>
    items.map((item) => measureOf(item, label))
  );
  const isKnown = measures.flat().every((one) => one?.area.mm2 !== null);
  const isOne = structures.length === 1;
  return {
    names: items.map(({ name }) => name),
    ticks: items.map((_, i) =>
      measures.some((list) => list[i]?.kind === "reference")
        ? "Ref"
        : String(i + 1)
    ),
    axis: ORDER_WORDS[orderOf(items)],
    unit: isKnown ? "mm²" : "px",
    lines: structures.map(({ label, colour }, k) => ({
      name: label,
      colour: isOne ? "var(--accent)" : darkened(colour),
      points: (measures[k] ?? []).map((one) =>
        one && {
          value: one.missing ? null : isKnown ? one.area.mm2 : one.area.px,
          kind: one.kind,
        }
      ),
    })),
    shown: shown ? items.indexOf(shown) : -1,
  };
}

/** A colour of outlines, made dark enough for a light page. @param {string} colour */
const darkened = (colour) =>
  `light-dark(color-mix(in srgb, ${colour}, black 45%), ${colour})`;
