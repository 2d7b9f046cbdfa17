import type { SegmentationAnswer } from "../engine/engine.ts";
import type { CandidateReport, MatchReport } from "../engine/report.ts";
import { decodeRle, type Rle } from "../format/mask/rle.ts";
import { drawOverlay } from "../image/overlay.ts";
import { emptyMask, type Mask } from "../core/mask.ts";
import { type Raster, toRgb } from "../core/raster.ts";
import { shrink } from "../image/resize.ts";
import { CHARACTER, drawText } from "../image/draw_text.ts";
import { explainChoice, explainDenseChoice } from "../wording/choice.ts";
import { paste } from "./montage.ts";

/** Long side of a tile, pixels. */
const TILE = 280;
/** Pixels between tiles, and around a caption. */
const GAP = 8;
/** Captions below a tile. */
const LINES = 2;
const LINE = CHARACTER.height + 3;

const PAPER = [24, 26, 30] as const;
const INK = [232, 234, 238] as const;
const FAINT = [150, 156, 166] as const;
const WON = [64, 208, 255] as const;

const HEADS = [
  "points, with their similarities",
  "mask by the points",
  "then with that mask as well",
  "then with its box as well",
];

/**
 * Draws what a segmentation was chosen from: a row for each candidate, with its points and then the mask after every
 * pass; below them similarities, distances and predicted IoU. The winner has a frame.
 *
 * @param image in image space.
 * @param answer traced, with every distance solved.
 * @param references names of the profiles.
 */
export function drawExplanation(
  image: Raster,
  { winner, candidates, chosenBy, match }: SegmentationAnswer,
  references: string[],
): Raster {
  const small = toRgb(shrink(image, TILE));
  const scale = small.width / image.width;
  const columns = HEADS.length;
  const side = Math.max(small.width, 36 * CHARACTER.width);
  const rowHeight = small.height + LINES * LINE + 2 * GAP;
  const width = columns * (side + GAP) + GAP;
  const why = wrapped(
    (chosenBy === "distance" ? explainChoice : explainDenseChoice)(
      winner,
      candidates,
      (profile) => references[profile] ?? "",
    ),
    Math.floor((width - 2 * GAP) / CHARACTER.width),
  );
  const top = GAP + (why.length + 1) * LINE + GAP;
  const height = top + candidates.length * rowHeight;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set(PAPER, i);
  const picture: Raster = { width, height, channels: 3, data };

  why.forEach((line, i) => drawText(picture, line, GAP, GAP + i * LINE, INK));
  const leftOf = (column: number) => GAP + column * (side + GAP);
  HEADS.forEach((head, column) =>
    drawText(picture, head, leftOf(column), top - LINE - 4, FAINT)
  );
  candidates.forEach((candidate, row) => {
    const y = top + row * rowHeight;
    const won = candidate.parts === winner.parts &&
      candidate.negatives === winner.negatives &&
      candidate.profile === winner.profile;
    if (won) drawFrame(picture, 2, y - 4, width - 4, rowHeight - GAP + 4);
    const points = candidate.points.map(({ x, y, label }) => ({
      x: x * scale,
      y: y * scale,
      label,
    }));
    const tile = (column: number, drawn: Raster, captions: string[]) => {
      paste(picture, drawn, leftOf(column), y);
      captions.forEach((caption, i) => {
        const colour = i > 0 ? FAINT : column === 0 && won ? WON : INK;
        const top = y + small.height + 4 + i * LINE;
        drawText(picture, caption, leftOf(column), top, colour);
      });
    };
    const background = match !== null && candidate.parts === 0
      ? drawMatch(small, match)
      : small;
    tile(0, drawOverlay(background, emptyMask(small), points), [
      titleOf(candidate, references) + (won ? ", won" : ""),
      similarities(candidate),
    ]);
    candidate.passes!.forEach(({ mask, predictedIou }, pass) =>
      tile(pass + 1, drawOverlay(small, shrunk(mask, small)), [
        `pass ${pass + 1}: predicted IoU ${predictedIou.toFixed(2)}`,
        `${mask.area} pixels`,
      ])
    );
  });
  return picture;
}

/** The image, darker where the references say that the structure is not. */
function drawMatch(
  image: Raster,
  { columns, rows, evidence }: MatchReport,
): Raster {
  const { width, height, channels } = image;
  const data = image.data.map((value, i) => {
    const pixel = Math.floor(i / channels);
    const x = Math.floor((pixel % width) * columns / width);
    const y = Math.floor(Math.floor(pixel / width) * rows / height);
    return Math.round(
      value * (0.15 + 0.85 * (evidence[y * columns + x]! + 1) / 2),
    );
  });
  return { ...image, data };
}

function titleOf(
  { parts, negatives, distance, profile }: CandidateReport,
  references: string[],
): string {
  const which = references.length > 1 ? `${references[profile]}: ` : "";
  const far = Number.isFinite(distance)
    ? `distance ${distance.toFixed(2)}`
    : "nothing found";
  const prompt = parts === 0 ? "all patches" : `n = ${parts}, m = ${negatives}`;
  return `${which}${prompt}: ${far}`;
}

/** The similarities of the points, those inside the structure first. */
function similarities({ points }: CandidateReport): string {
  if (points.length === 0) return "darker where less like the structure";
  const list = (label: number) =>
    points.filter((point) => point.label === label)
      .map(({ similarity }) => similarity.toFixed(2).replace(/^0/, ""))
      .join(" ");
  const outside = list(0);
  return `in ${list(1)}${outside === "" ? "" : ` out ${outside}`}`;
}

/** A mask in the size of a smaller picture. */
function shrunk(rle: Rle, { width, height }: Raster): Mask {
  const mask = decodeRle(rle);
  if (mask.width === width) return mask;
  const { data } = shrink({ ...mask, channels: 1 }, Math.max(width, height));
  return { width, height, data: data.map((value) => value > 127 ? 255 : 0) };
}

/** Text in lines of at most so many characters, broken at spaces. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= most) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Draws a frame two pixels wide. */
function drawFrame(
  { width, data }: Raster,
  left: number,
  top: number,
  wide: number,
  high: number,
): void {
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      const inside = x > 1 && x < wide - 2 && y > 1 && y < high - 2;
      if (!inside) data.set(WON, 3 * ((top + y) * width + left + x));
    }
  }
}
