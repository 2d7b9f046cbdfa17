import { segmentExplained } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { byId, context2d, html, showText } from "./dom.js";
import { saveFile } from "./downloads.js";
import { fillDisc, pathOf, strokeOutline } from "./drawing.js";
import { Mask } from "./mask.js";
import { areaOf, areaText } from "./measures.js";
import { showProblem } from "./messages.js";
import { withEmbedding } from "./prepare.js";
import { percentOf } from "./result_panel.js";
import { patient, session } from "./session.js";

/** @import { ExplainedSegmentation, Rle, Schemas } from "./api.js" */
/** @import { Item } from "./item.js" */
/** @typedef {Schemas["Candidate"]} Candidate */

/** Long side of an image, gap between images, and height of a line of text, canvas pixels. */
const TILE = 300;
const GAP = 12;
const LINE = 20;

const BACKGROUND = "#181a1e";
const TEXT = "#e8eaee";
const FAINT = "#a3b1b6";
const CHOSEN = "#5ecbd3";

const HEADS = [
  "Points, with their similarities",
  "Pass 1: mask from the points",
  "Pass 2: that mask added",
  "Pass 3: its box added",
];

const OTHER_REFERENCES =
  "References were added after this image was segmented; with them, it is outlined as shown here.";

/** Name of the image that is explained. */ let explainedName = "";

/** Segments the shown image again, with every candidate, and shows the candidates. */
export async function explainShown() {
  const item = session.shown;
  if (item === null || item.source === null) return;
  const { source } = item;
  const { label } = session;
  showText("step-problem", "");
  try {
    const explained = await withBusyBar(
      "Comparing all candidates",
      (signal) =>
        withEmbedding(
          item,
          signal,
          (id) => segmentExplained(patient(), label, id, signal),
        ),
    );
    const bitmap = await createImageBitmap(source);
    const canvas = byId("explanation-picture", HTMLCanvasElement);
    const chosenTop = draw(canvas, bitmap, item, explained);
    bitmap.close();
    explainedName = item.name;
    html("explanation-title").textContent =
      `How ${label} was outlined in ${item.name}`;
    html("explanation-why").textContent = explained.why;
    const { rle } = item.findingOf(label);
    const isSame = explained.mask.counts === rle?.counts;
    showText("explanation-note", isSame ? "" : OTHER_REFERENCES);
    byId("explanation", HTMLDialogElement).showModal();
    const scale = canvas.clientHeight / canvas.height;
    html("explanation-view").scrollTop = chosenTop * scale;
  } catch (error) {
    if (session.shown === item) showProblem("step-problem", error);
  }
}

export const closeExplanation = () =>
  byId("explanation", HTMLDialogElement).close();

export function saveExplanation() {
  byId("explanation-picture", HTMLCanvasElement).toBlob((blob) => {
    if (blob) saveFile(blob, `${explainedName}_explain.png`);
  });
}

/** Draws a row per candidate: its points, then the mask after every pass.
 * @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap @param {Item} item
 * @param {ExplainedSegmentation} explained
 * @returns {number} where the chosen candidate's row begins, canvas pixels */
function draw(canvas, bitmap, item, explained) {
  const { size } = item;
  const { candidates } = explained;
  const scale = TILE / Math.max(size.width, size.height);
  const [wide, high] = [size.width * scale, size.height * scale];
  const column = Math.max(wide, 290) + GAP;
  const row = high + 2 * LINE + 2 * GAP;
  canvas.width = Math.ceil(HEADS.length * column + GAP);
  canvas.height = Math.ceil(LINE + 2 * GAP + candidates.length * row);
  const c = context2d(canvas);
  c.fillStyle = BACKGROUND;
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.imageSmoothingQuality = "high";
  const font = getComputedStyle(document.body).fontFamily;
  /** @type {(text: string, x: number, y: number, colour?: string) => void} */
  const write = (text, x, y, colour = TEXT) => {
    c.font = `15px ${font}`;
    c.fillStyle = colour;
    c.fillText(text, x, y, column - GAP);
  };
  const titles = [];
  let chosenTop = 0;
  HEADS.forEach((head, i) => write(head, GAP + i * column, GAP + 15, FAINT));
  for (const [i, candidate] of candidates.entries()) {
    const top = LINE + 2 * GAP + i * row;
    const isChosen = wasChosen(candidate, explained);
    const title = titleOf(candidate, candidates) + (isChosen ? ", chosen" : "");
    titles.push(title);
    if (isChosen) {
      chosenTop = top - GAP;
      c.strokeStyle = CHOSEN;
      c.lineWidth = 3;
      c.strokeRect(3, top - 6, canvas.width - 6, row - GAP + 4);
    }
    const text = top + high + LINE - 3;
    c.drawImage(bitmap, GAP, top, wide, high);
    if (candidate.parts === 0 && explained.match !== undefined) {
      darken(c, explained.match, GAP, top, wide, high);
    }
    for (const { x, y, label } of candidate.points) {
      drawPoint(c, GAP + (x + 0.5) * scale, top + (y + 0.5) * scale, label);
    }
    write(title, GAP, text, isChosen ? CHOSEN : TEXT);
    write(similarities(candidate), GAP, text + LINE, FAINT);
    for (const [k, { mask, predictedIou }] of candidate.passes.entries()) {
      const left = GAP + (k + 1) * column;
      c.drawImage(bitmap, left, top, wide, high);
      drawOutline(c, mask, left, top, scale);
      write(`Expected overlap ${percentOf(predictedIou)}`, left, text);
      const area = areaText(areaOf(item, mask, mask.area));
      write(area, left, text + LINE, FAINT);
    }
  }
  canvas.setAttribute("aria-label", titles.join("; "));
  return chosenTop;
}

/** @type {(candidate: Candidate, explained: ExplainedSegmentation) => boolean} */
const wasChosen = (candidate, explained) =>
  candidate.parts === explained.parts &&
  candidate.negatives === explained.negatives &&
  candidate.reference === explained.reference;

/** @param {Candidate} candidate @param {Candidate[]} all */
function titleOf({ parts, reference, distance }, all) {
  const isOneOfSeveral = all.some((one) => one.reference !== reference);
  const result = distance === null
    ? "nothing found"
    : `distance ${distance.toFixed(2)}`;
  const prompt = parts === 0 ? "All patches" : `n = ${parts}`;
  return `${isOneOfSeveral ? `${reference}, ` : ""}${prompt}: ${result}`;
}

/** Darkens a picture where the references say that the structure is not.
 * @param {CanvasRenderingContext2D} c @param {Schemas["Match"]} match
 * @param {number} left @param {number} top @param {number} wide @param {number} high */
function darken(c, { columns, rows, evidence }, left, top, wide, high) {
  const [width, height] = [wide / columns, high / rows];
  for (const [i, value] of evidence.entries()) {
    c.fillStyle = `rgb(0 0 0 / ${(0.425 * (1 - value)).toFixed(3)})`;
    const x = left + (i % columns) * width;
    const y = top + Math.floor(i / columns) * height;
    c.fillRect(x, y, width, height);
  }
}

/** @param {Candidate} candidate */
function similarities({ points }) {
  if (points.length === 0) return "Darker where less like the structure";
  const list = (/** @type {0 | 1} */ label) =>
    points.filter((point) => point.label === label)
      .map(({ similarity }) => similarity.toFixed(2)).join(" ");
  const outside = list(0);
  return `in ${list(1)}${outside ? ` · out ${outside}` : ""}`;
}

/** @param {CanvasRenderingContext2D} c @param {Rle} rle @param {number} left canvas pixels
 * @param {number} top canvas pixels @param {number} scale from image to canvas pixels */
function drawOutline(c, rle, left, top, scale) {
  const path = pathOf(Mask.fromRle(rle).outline());
  c.save();
  c.setTransform(scale, 0, 0, scale, left, top);
  c.fillStyle = "#ffd23f38";
  c.fill(path, "evenodd");
  strokeOutline(c, path, 1 / scale);
  c.restore();
}

/** @param {CanvasRenderingContext2D} c @param {number} x canvas pixels @param {number} y canvas pixels
 * @param {number} label 1 is inside the structure, 0 outside */
function drawPoint(c, x, y, label) {
  fillDisc(c, [x, y], 6, label === 1 ? "#16be54" : "#e62e3a");
  c.lineWidth = 2;
  c.strokeStyle = "#fff";
  c.stroke();
}
