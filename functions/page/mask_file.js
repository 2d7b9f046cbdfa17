import { Problem, readMask } from "./api.js";
import { withBusyBar } from "./busy_bar.js";
import { button, byId, html, input, showText } from "./dom.js";
import { resized, scaledMask } from "./full_size.js";
import { labelOf, offerAll } from "./label_map.js";
import { Mask } from "./mask.js";
import { forgetOrigin, rememberOrigin } from "./mask_origin.js";
import { announce, showProblem } from "./messages.js";
import { whenEditing } from "./outline.js";
import { readingText } from "./reference_words.js";
import { correctShown } from "./results.js";
import { readRleFile } from "./rle_file.js";
import { changed, session } from "./session.js";

/** @import { Item } from "./item.js" */

/** The file that is being read. @type {File | null} */ let file = null;

/** Forgets the mask file of another image. */
function forgetMaskFile() {
  forgetOrigin();
  file = null;
  html("mask-choice").hidden = true;
  offerAll(null, []);
  named.clear();
  showText("mask-reading", "");
  showText("mask-problem", "");
}
whenEditing(forgetMaskFile);

/** Takes the outline from a file that the user chose or dropped. Where the editor is not open, it is opened to
 * correct the shown image.
 * @param {FileList | null | undefined} files */
async function takeMaskFile(files) {
  const [chosen, ...others] = files ?? [];
  if (chosen === undefined || session.editor?.frozen) return;
  if (session.editor === null) await correctShown();
  if (session.editor === null) return;
  forgetMaskFile();
  if (others.length > 0) {
    return showText(
      "mask-problem",
      `Wanted one mask of this image, and got ${
        others.length + 1
      } files. Choose one; images are dropped beside it.`,
    );
  }
  const { edited: item } = session;
  if (item === null) return;
  file = chosen;
  // The server says what is wrong with a damaged one.
  const scaled = await withBusyBar(
    "Reading the mask",
    () => scaledMask(chosen, item),
  ).catch(() => chosen);
  if (file !== chosen) return;
  file = scaled;
  await readChosen("");
}

/** Takes the structure that the user chose of the file. */
const takeStructure = () =>
  readChosen(byId("mask-segment", HTMLSelectElement).value);

/** Whether a file is JSON, which the page reads itself. @param {File} file */
const isJson = async (file) => /^\s*[[{]/.test(await file.slice(0, 64).text());

/** @param {Item} item @param {File} mask @param {string} segment empty where none was chosen
 * @param {AbortSignal} signal */
async function readFile(item, mask, segment, signal) {
  if (!await isJson(mask)) return await readMask(item, mask, segment, signal);
  const { size, fullSize } = item;
  const sizes = fullSize === null ? [] : [fullSize];
  const masks = readRleFile(await mask.text(), item, [size, ...sizes]);
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
    if (reading) rememberOrigin({ item, file: mask, segment, rle: drawn });
    else forgetOrigin();
    suggestLabel(named.get(segment) ?? "");
    const text = reading
      ? readingText(reading)
      : `The mask has ${editor.area.toLocaleString("en")} pixels.`;
    const doubts = warnings.map(({ detail }) => detail);
    showText("mask-reading", [text, ...doubts].join(" "));
    announce(text);
  } catch (error) {
    if (!offerChoices(error)) showProblem("mask-problem", error);
    else if (session.purpose !== "correction" && !await isJson(mask)) {
      if (error instanceof Problem) offerAll(mask, error.choices, error.names);
    }
  } finally {
    button("mask-open").disabled = false;
  }
}

/** What the file calls its structures, by what they are chosen by. @type {Map<string, string>} */
const named = new Map();
/** The name that was suggested last. */ let suggested = "";

/** Names the first structure as its file does, unless the user has named it. @param {string} name */
function suggestLabel(name) {
  const field = input("label");
  if (session.purpose !== "first" || !["", suggested].includes(field.value)) {
    return;
  }
  field.value = suggested = labelOf(name);
  changed();
}

/** Lets the user choose among the structures that a refusal lists; false for any other error. @param {unknown} error */
function offerChoices(error) {
  if (!(error instanceof Problem) || error.choices.length === 0) return false;
  const { choices, names } = error;
  choices.forEach((choice, i) => named.set(choice, names[i] ?? ""));
  const list = byId("mask-segment", HTMLSelectElement);
  list.replaceChildren(
    new Option("Choose…", ""),
    ...choices.map((choice, i) => {
      const name = names[i];
      return new Option(name ? `${choice}: ${name}` : choice, choice);
    }),
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
