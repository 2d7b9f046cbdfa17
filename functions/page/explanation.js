import * as api from "./api.js";
import { isCancelled } from "./api.js";
import { byId, explain, html, tell } from "./dom.js";
import { withEmbedding } from "./prepare.js";
import { Mask, pathOf } from "./mask.js";
import { save } from "./save_file.js";
import { busy, patient, session } from "./session.js";

/** @typedef {import("./item.js").Item} Item */
/** @typedef {import("./api.js").Explained} Explained */
/** @typedef {Explained["candidates"][number]} Candidate */

/** Long side of a tile, room between tiles, height of a line of text; canvas pixels. */
const TILE = 300;
const GAP = 12;
const LINE = 20;

const PAPER = "#181a1e";
const INK = "#e8eaee";
const FAINT = "#a3b1b6";
const WON = "#5ecbd3";

const HEADS = [
  "Points, with their similarities",
  "Pass 1: mask by the points",
  "Pass 2: with that mask as well",
  "Pass 3: with its box as well",
];

/** Asks again for the shown image, with every candidate, and shows what it was chosen from. */
export async function explainShown() {
  const item = session.shown;
  if (item === null || item.source === null) return;
  const { source } = item;
  tell("result-problem", "");
  try {
    const told = await busy(
      "Trying every candidate",
      (signal) =>
        withEmbedding(
          item,
          signal,
          (id) => api.explained(patient(), session.label, id, signal),
        ),
    );
    const bitmap = await createImageBitmap(source);
    const canvas = byId("explanation-picture", HTMLCanvasElement);
    const winner = draw(canvas, bitmap, item, told);
    bitmap.close();
    html("explanation-why").textContent = told.why;
    tell(
      "explanation-note",
      told.mask.counts === item.rle?.counts
        ? ""
        : "References were added since: with them, this image is outlined as shown here.",
    );
    byId("explanation", HTMLDialogElement).showModal();
    const shown = canvas.clientHeight / canvas.height;
    html("explanation-view").scrollTop = winner * shown;
  } catch (error) {
    if (!isCancelled(error)) tell("result-problem", explain(error));
  }
}

export const closeExplanation = () =>
  byId("explanation", HTMLDialogElement).close();

export function saveExplanation() {
  const name = session.shown?.name ?? "image";
  byId("explanation-picture", HTMLCanvasElement).toBlob((blob) => {
    if (blob) save(blob, `${name}_explain.png`);
  });
}

/** A row a candidate: its points, then the mask after every pass. Gives where the winner's row begins. @param {HTMLCanvasElement} canvas @param {ImageBitmap} bitmap @param {Item} item @param {Explained} told */
function draw(canvas, bitmap, { size }, told) {
  const { candidates } = told;
  const scale = TILE / Math.max(size.width, size.height);
  const [wide, high] = [size.width * scale, size.height * scale];
  const column = Math.max(wide, 290) + GAP;
  const row = high + 2 * LINE + 2 * GAP;
  canvas.width = Math.ceil(HEADS.length * column + GAP);
  canvas.height = Math.ceil(LINE + 2 * GAP + candidates.length * row);
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  c.fillStyle = PAPER;
  c.fillRect(0, 0, canvas.width, canvas.height);
  c.imageSmoothingQuality = "high";
  const font = getComputedStyle(document.body).fontFamily;
  const write = (
    /** @type {string} */ text,
    /** @type {number} */ x,
    /** @type {number} */ y,
    colour = INK,
  ) => {
    c.font = `15px ${font}`;
    c.fillStyle = colour;
    c.fillText(text, x, y, column - GAP);
  };
  const words = [];
  let winner = 0;
  HEADS.forEach((head, i) => write(head, GAP + i * column, GAP + 15, FAINT));
  for (const [i, candidate] of candidates.entries()) {
    const top = LINE + 2 * GAP + i * row;
    const won = isWinner(candidate, told);
    const title = titleOf(candidate, candidates) + (won ? ", won" : "");
    words.push(title);
    if (won) {
      winner = top - GAP;
      c.strokeStyle = WON;
      c.lineWidth = 3;
      c.strokeRect(3, top - 6, canvas.width - 6, row - GAP + 4);
    }
    const text = top + high + LINE - 3;
    for (let k = 0; k < HEADS.length; k++) {
      const left = GAP + k * column;
      c.drawImage(bitmap, left, top, wide, high);
      if (k === 0) {
        for (const { x, y, label } of candidate.points) {
          dot(c, left + (x + 0.5) * scale, top + (y + 0.5) * scale, label);
        }
        write(title, left, text, won ? WON : INK);
        write(similarities(candidate), left, text + LINE, FAINT);
        continue;
      }
      const { mask, predictedIou } = candidate.passes[k - 1];
      outline(c, mask, left, top, scale);
      const overlap = Math.round(100 * Math.min(1, Math.max(0, predictedIou)));
      write(`Expected overlap ${overlap} %`, left, text);
      write(`${mask.area.toLocaleString("en")} px`, left, text + LINE, FAINT);
    }
  }
  canvas.setAttribute("aria-label", words.join("; "));
  return winner;
}

/** @param {Candidate} one @param {Explained} told */
const isWinner = (one, told) =>
  one.parts === told.parts && one.negatives === told.negatives &&
  one.reference === told.reference;

/** @param {Candidate} candidate @param {Candidate[]} all */
function titleOf({ parts, reference, distance }, all) {
  const several = all.some((one) => one.reference !== reference);
  const far = distance === null
    ? "nothing found"
    : `distance ${distance.toFixed(2)}`;
  return `${several ? `${reference}, ` : ""}n = ${parts}: ${far}`;
}

/** @param {Candidate} candidate */
function similarities({ points }) {
  const told = (/** @type {0 | 1} */ label) =>
    points.filter((point) => point.label === label)
      .map(({ similarity }) => similarity.toFixed(2)).join(" ");
  const outside = told(0);
  return `in ${told(1)}${outside ? ` · out ${outside}` : ""}`;
}

/** @param {CanvasRenderingContext2D} c @param {import("./mask.js").Rle} rle @param {number} left @param {number} top @param {number} scale */
function outline(c, rle, left, top, scale) {
  const path = pathOf(Mask.fromRle(rle).outline());
  c.save();
  c.setTransform(scale, 0, 0, scale, left, top);
  c.fillStyle = "#ffd23f38";
  c.fill(path, "evenodd");
  c.lineJoin = "round";
  for (
    const [width, colour]
      of /** @type {const} */ ([[5, "#0009"], [2.5, "#ffd23f"]])
  ) {
    c.lineWidth = width / scale;
    c.strokeStyle = colour;
    c.stroke(path);
  }
  c.restore();
}

/** @param {CanvasRenderingContext2D} c @param {number} x @param {number} y @param {0 | 1} label */
function dot(c, x, y, label) {
  c.beginPath();
  c.arc(x, y, 6, 0, 7);
  c.fillStyle = label === 1 ? "#16be54" : "#e62e3a";
  c.fill();
  c.lineWidth = 2;
  c.strokeStyle = "#fff";
  c.stroke();
}
