import { Problem, readMask } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { button, byId, html, input, showText } from "./dom.js";
import { resized } from "./full_size.js";
import { offerAll } from "./label_map.js";
import { Mask } from "./mask.js";
import { announce, showProblem } from "./messages.js";
import { correctShown } from "./results.js";
import { readRleFile } from "./rle_file.js";
import { session } from "./session.js";

/** @import { MaskReading, Rle } from "./api.js" */
/** @import { Item } from "./item.js" */

/** The mask file that the outline was taken from, where the server can read it.
 * @type {{item: Item, file: File, segment: string, rle: Rle} | null} */
let taken = null;
/** The file that is being read. @type {File | null} */ let file = null;

/** Forgets the mask file of another image. */
export function forgetMaskFile() {
  taken = file = null;
  html("mask-choice").hidden = true;
  offerAll(null, []);
  showText("mask-reading", "");
  showText("mask-problem", "");
}

/** Takes the outline from a file that the user chose or dropped. Where the editor is not open, it is opened to
 * correct the shown image.
 * @param {FileList | null | undefined} files */
async function takeMaskFile(files) {
  const [chosen] = files ?? [];
  if (chosen === undefined || session.editor?.frozen) return;
  if (session.editor === null) correctShown();
  forgetMaskFile();
  if (files && files.length > 1) {
    return showText(
      "mask-problem",
      `Wanted one mask of this image, and got ${files.length} files. Choose one; images are dropped beside it.`,
    );
  }
  file = chosen;
  await readChosen("");
}

/** Takes the structure that the user chose of the file. */
const takeStructure = () =>
  readChosen(byId("mask-segment", HTMLSelectElement).value);

/** What to enrol in place of the outline: the file that it was taken from, if it has not been changed since.
 * @param {Item} item @param {Mask} mask */
export function originalOf(item, mask) {
  if (taken?.item !== item) return null;
  if (taken.rle.counts !== mask.toRle().counts) return null;
  return { mask: taken.file, segment: taken.segment };
}

/** How a mask was read, in words; empty for one that was drawn. @param {MaskReading | undefined} reading */
export function readingText(reading) {
  if (reading === undefined) return "";
  const { kind, value, threshold, pixels, share } = reading;
  const what = {
    binary: value === null ? "one structure" : `its one value here, ${value}`,
    label: `label ${value} of the map`,
    soft: `soft, cut at ${threshold}`,
    alpha: "the opaque part",
    segment: value === null ? "a segment" : `segment ${value}`,
    contours: value === null
      ? "contours"
      : `the contours of structure ${value}`,
  }[kind];
  const percent = (100 * share).toFixed(share < 0.1 ? 1 : 0);
  return `The mask was read as ${what}: ${
    pixels.toLocaleString("en")
  } pixels, ${percent} % of the image.`;
}

/** Whether a file is JSON, which the page reads itself. @param {File} file */
const isJson = async (file) => /^\s*[[{]/.test(await file.slice(0, 64).text());

/** @param {Item} item @param {File} mask @param {string} segment empty where none was chosen
 * @param {AbortSignal} signal */
async function readFile(item, mask, segment, signal) {
  if (!await isJson(mask)) return await readMask(item, mask, segment, signal);
  const { name, size, fullSize } = item;
  const sizes = fullSize === null ? [] : [fullSize];
  const masks = readRleFile(await mask.text(), name, [size, ...sizes]);
  const names = masks.map(({ name }) => name);
  const chosen = masks.length === 1 ? 0 : names.indexOf(segment);
  const found = masks[chosen];
  if (found === undefined) {
    throw new Problem({
      title: "The mask file holds several masks",
      detail: "Choose one of them.",
      choices: names,
    });
  }
  const isFull = found.rle.size[1] !== size.width;
  const rle = isFull
    ? resized(Mask.fromRle(found.rle), size).toRle()
    : found.rle;
  return { mask: rle, reading: null, warnings: [] };
}

/** @param {string} segment empty where none was chosen */
async function readChosen(segment) {
  const { editor, edited: item } = session;
  if (file === null || editor === null || item === null) return;
  const mask = file;
  showText("mask-reading", "");
  showText("mask-problem", "");
  editor.stop();
  button("mask-open").disabled = true;
  try {
    const { mask: rle, reading, warnings } = await withBusyBar(
      "Reading the mask",
      (signal) => readFile(item, mask, segment, signal),
    );
    if (session.editor !== editor || file !== mask || editor.frozen) return;
    editor.load(rle);
    const drawn = editor.mask.toRle();
    taken = reading && { item, file: mask, segment, rle: drawn };
    const text = reading
      ? readingText(reading)
      : `The mask has ${editor.area.toLocaleString("en")} pixels.`;
    const doubts = warnings.map(({ detail }) => detail);
    showText("mask-reading", [text, ...doubts].join(" "));
    announce(text);
  } catch (error) {
    if (!offerChoices(error)) showProblem("mask-problem", error);
    else if (session.purpose !== "correction" && !await isJson(mask)) {
      offerAll(mask, error instanceof Problem ? error.choices : []);
    }
  } finally {
    button("mask-open").disabled = false;
  }
}

/** Lets the user choose among the structures that a refusal lists; false for any other error. @param {unknown} error */
function offerChoices(error) {
  if (!(error instanceof Problem) || error.choices.length === 0) return false;
  const list = byId("mask-segment", HTMLSelectElement);
  list.replaceChildren(
    new Option("Choose…", ""),
    ...error.choices.map((choice) => new Option(choice)),
  );
  html("mask-choice").hidden = false;
  list.focus();
  return true;
}

for (const id of ["mask-open", "open-mask"]) {
  button(id).addEventListener("click", () => input("mask-file").click());
}
input("mask-file").addEventListener("change", () => {
  takeMaskFile(input("mask-file").files);
  input("mask-file").value = "";
});
byId("mask-segment", HTMLSelectElement).addEventListener(
  "change",
  takeStructure,
);
html("mask-drop").addEventListener("drop", (event) => {
  event.preventDefault();
  event.stopPropagation();
  document.body.classList.remove("dragging");
  takeMaskFile(event.dataTransfer?.files);
});
