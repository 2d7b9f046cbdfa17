import { changeOf, changeText } from "./areas_table.js";
import { html, make, scroller, tableOf } from "./dom.js";
import { areaText, growthText, volumeNote, volumeText } from "./measures.js";
import { counted, when } from "./messages.js";
import { drawOverlay } from "./overlay.js";
import { MeasurePlot } from "./plot.js";
import { labels, measureOf } from "./records.js";
import { patient, render, session } from "./session.js";
import { volumesOf } from "./stacks.js";
import { trendOf } from "./trend.js";

/** @import { Item } from "./item.js" */

/** Long side of a picture, pixels. */
const SIDE = 640;

const LIMITS = [
  "Not a medical device: for research and development only.",
  "Outlines that nobody corrected are the model's; “not found” is its judgement too. Look at each picture.",
  "Areas in mm² follow from the pixel spacing that the files state, or from the scale that a person set on the picture; " +
  "on a photograph they hold for what lies in the plane of the scale.",
  "A volume is the sum of the areas of its slices times their distance. Slices that were not measured are left out, " +
  "and nothing is added for them.",
  "Growth compares with the first reference on this page, in the same unit, and volumes only where every slice was " +
  "measured in both.",
];

const plot = make("div", "plot");
const drawn = new MeasurePlot(plot, () => {});

/** Shows all pictures, the plot and the numbers on one page, to be read and printed. */
export async function showReport() {
  document.body.classList.add("reporting");
  html("report").hidden = false;
  html("report-title").focus();
  scrollTo(0, 0);
  const items = [...session.items];
  const trend = trendOf(items);
  const pictures = make("div", "pictures");
  html("report-content").replaceChildren(
    make("p", "", headOf(items)),
    ...(items.length > 1
      ? [make("h2", "", `Areas in ${trend.unit}`), plot]
      : []),
    scroller("Numbers", numbersOf(items)),
    ...volumes(items),
    make("h2", "", "Pictures"),
    pictures,
    make("h2", "", "Limits"),
    make("ul", "", ...LIMITS.map((text) => make("li", "", text))),
  );
  drawn.show({ ...trend, shown: -1 });
  for (const item of items) {
    const picture = await drawOverlay(item, SIDE, labels());
    if (picture === null) continue;
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", `${item.name} with its outlines`);
    const caption = make("figcaption", "", `${item.name}: ${textOf(item)}`);
    pictures.append(make("figure", "", picture, caption));
  }
  html("report").dataset.ready = "true";
}

export function closeReport() {
  document.body.classList.remove("reporting");
  html("report").hidden = true;
  delete html("report").dataset.ready;
  html("report-content").replaceChildren();
  render();
  html("report-open").focus();
}

/** @param {Item[]} items */
function headOf(items) {
  const models = items.flatMap((item) =>
    labels().flatMap((label) =>
      measureOf(item, label)?.finding.answer?.receipt.model ?? []
    )
  );
  const named = [
    ...new Set(
      models.map(({ id, digest }) => `${id} (${digest.slice(0, 12)})`),
    ),
  ];
  return `Patient ${patient()}. ${when.format(new Date())}. ` +
    `${counted(items.length, "image")}. ` +
    (named.length > 0 ? `Segmented by ${named.join(", ")}.` : "");
}

/** What is known of all structures in an image. @param {Item} item */
const textOf = (item) =>
  labels().map((label) => {
    const measure = measureOf(item, label);
    const said = measure === null
      ? "no result"
      : measure.missing
      ? "not found"
      : areaText(measure.area);
    return labels().length > 1 ? `${label} ${said}` : said;
  }).join(", ");

/** @type {Record<"reference" | "corrected" | "found", string>} */
const KINDS = {
  reference: "Reference",
  corrected: "Corrected by hand",
  found: "By the model",
};

/** @param {Item[]} items */
function numbersOf(items) {
  const rows = items.flatMap((item) =>
    labels().map((label) => {
      const measure = measureOf(item, label);
      const change = changeOf(items, item, label);
      return [
        item.name,
        label,
        measure === null
          ? "No result"
          : measure.missing
          ? "Not found"
          : areaText(measure.area),
        change.percent !== null
          ? growthText(change.percent)
          : changeText(change),
        measure === null ? item.stateOf(label) : KINDS[measure.kind],
      ];
    })
  );
  const heads = ["Image", "Structure", "Area", "Growth", "Outline"];
  return tableOf(heads, rows);
}

/** @param {Item[]} items */
function volumes(items) {
  const list = volumesOf(items).map(({ stack, label, volume }) =>
    make(
      "li",
      "",
      `${stack.name}, ${label}: ${volumeText(volume)} (${volumeNote(volume)})`,
    )
  );
  return list.length === 0
    ? []
    : [make("h2", "", "Volumes"), make("ul", "", ...list)];
}

addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && !html("report").hidden) closeReport();
});
