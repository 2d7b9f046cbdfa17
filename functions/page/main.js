import * as api from "./api.js";
import { isCancelled } from "./api.js";
import { button, byId, explain, html, input, make, tell } from "./dom.js";
import { Editor } from "./editor.js";
import { createItem } from "./film.js";
import { Mask, pathOf } from "./mask.js";
import { isDicom, showable } from "./picture.js";
import { drawPlot } from "./plot.js";
import { polygonsOf, save, saveJson, saveTable } from "./saving.js";
import { Stage } from "./stage.js";

/** @typedef {import("./film.js").Item} Item */
/** @typedef {import("./editor.js").Tool} Tool */

/** Visits of the sample patient beside the annotated one. */
const SAMPLE_VISITS = [2, 3, 4, 5];
/** Waits longer than this are shown, milliseconds. */
const SOON = 400;

/** @type {Record<Tool, string>} */
const HINTS = {
  inside:
    "Click inside the structure. Add clicks where the outline misses a part.",
  outside: "Click what the outline took but does not belong to it.",
  box: "Drag a box tightly around the structure.",
  polygon: "Click the corners one by one; click the first again to close.",
  brush: "Paint over the structure.",
  eraser: "Rub away what does not belong.",
};

const stage = new Stage(byId("stage", HTMLCanvasElement));
/** @type {Item[]} the reference first */
const items = [];
/** @type {Item | null} */
let shown = null;
/** @type {Editor | null} */
let editor = null;
let enrolled = false;
/** Whether each new result is shown as it comes; until somebody picks one. */
let following = true;
/** @type {AbortController | null} what segments the waiting images */
let segmenting = null;
/** @type {AbortController | null} what the busy bar's cancel button ends */
let waiting = null;
let label = "target";
let references = 0;
/** @type {Item[]} the sample's later visits */
let later = [];

// The patient.

const patient = () => input("patient").value.trim();

function randomPatient() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  return "p-" +
    Array.from(bytes, (byte) => letters[byte % letters.length]).join("");
}

/** A patient of whom the server has references needs no new outline. */
async function lookUpPatient() {
  tell("patient-problem", "");
  if (patient() === "") input("patient").value = randomPatient();
  try {
    const known = await api.referencesOf(patient());
    references = known.length;
    html("patient-hint").textContent = known.length === 0
      ? "A random code. Type your own to go on with a patient; never a name."
      : `Known: ${
        known.map((one) => `${one.reference} (${one.label})`).join(", ")
      }. ` +
        "Open the next images right away.";
    if (known.length > 0) label = known[0].label;
    button("open").textContent = known.length === 0
      ? "Open the first image"
      : "Open the next images";
    return true;
  } catch (error) {
    const fault = explain(error, "path.patient");
    tell("patient-problem", fault || explain(error));
    input("patient").focus();
    return false;
  }
}

// Waiting.

/** Runs a step with the busy bar and its cancel button. @template T @param {string} text @param {(signal: AbortSignal) => Promise<T>} step @returns {Promise<T>} */
async function busy(text, step) {
  waiting?.abort();
  const mine = new AbortController();
  waiting = mine;
  html("busy-text").textContent = text;
  const timer = setTimeout(() => html("busy").hidden = false, SOON);
  try {
    return await step(mine.signal);
  } finally {
    clearTimeout(timer);
    if (waiting === mine) {
      waiting = null;
      html("busy").hidden = true;
    }
  }
}

/** @param {string} text */
function say(text) {
  html("status").textContent = text;
}

// Images.

/** @param {string} name */
const nameOf = (name) => name.replace(/\.[^.]{1,5}$/, "");
/** @param {Iterable<File>} files @returns {File[]} */
const inOrder = (files) =>
  [...files].sort((a, b) =>
    a.name.localeCompare(b.name, "en", { numeric: true })
  );

/** Makes an image's embedding, and what can be shown of it. @param {Item} item @param {AbortSignal} signal @param {() => void} visible */
async function prepare(item, signal, visible = () => {}) {
  const source = (async () => {
    item.dicom = await isDicom(item.file);
    item.source ??= await showable(item.file, signal);
    visible();
  })();
  const embedding = (async () => {
    const made = await api.embed(item.file, signal);
    item.embedding = made.id;
    item.size = made.image;
  })();
  await Promise.all([source, embedding]);
}

/** Runs a step with the embedding's id; one that has expired meanwhile is made again. @template T @param {Item} item @param {AbortSignal} signal @param {(id: string) => Promise<T>} step */
async function withEmbedding(item, signal, step) {
  try {
    return await step(item.embedding);
  } catch (error) {
    if (!(error instanceof api.Problem && error.code === "not-found")) {
      throw error;
    }
    item.embedding = (await api.embed(item.file, signal)).id;
    return await step(item.embedding);
  }
}

/** @param {Item} item */
async function drawTile(item) {
  if (item.source === null) return;
  const bitmap = await createImageBitmap(item.source);
  const outline = item.rle && pathOf(Mask.fromRle(item.rle).outline());
  item.tile.picture(bitmap, outline, item.size);
  bitmap.close();
}

// Step 1: the outline.

/** @param {File[]} files */
async function openFirst(files) {
  if (files.length === 0 || !await lookUpPatient()) return;
  if (references > 0) {
    enterWork();
    enrolled = true;
    return addImages(files);
  }
  const [first, ...others] = files;
  later = others.map((file) =>
    createItem(file, nameOf(file.name), false, choose)
  );
  await outlineReference(createItem(first, nameOf(first.name), true, choose));
}

/** @param {Item} item @param {Mask | null} [known] an outline to begin with */
async function outlineReference(item, known = null) {
  tell("start-problem", "");
  enterWork();
  try {
    await busy(
      "Preparing the image",
      (signal) => prepare(item, signal, () => showPicture(item, false)),
    );
  } catch (error) {
    leaveWork();
    if (!isCancelled(error)) tell("start-problem", explain(error));
    button("open").focus();
    return;
  }
  items.push(item);
  await showPicture(item, true);
  edit(item, known ?? new Mask(item.size.width, item.size.height), {
    eyebrow: "Step 1 of 2",
    title: "Mark the structure",
    accept: "Use this outline",
    reject: "Choose another image",
  });
}

/** @param {Item} item @param {boolean} exact whether its size is known */
async function showPicture(item, exact) {
  if (item.source === null) return;
  const bitmap = await createImageBitmap(item.source);
  stage.show(bitmap, exact ? item.size : bitmap);
}

/** @param {Item} item @param {Mask} mask @param {{eyebrow: string, title: string, accept: string, reject: string}} words */
function edit(item, mask, words) {
  html("outline-eyebrow").textContent = words.eyebrow;
  html("outline-title").textContent = words.title;
  button("accept").textContent = words.accept;
  button("reject").textContent = words.reject;
  tell("outline-problem", "");
  editor = new Editor(stage, mask, {
    decode: ({ points, box, mask }, signal) =>
      busy("Outlining", (cancelled) => {
        const either = AbortSignal.any([signal, cancelled]);
        return withEmbedding(
          item,
          either,
          (embedding) => api.decode({ embedding, points, box, mask }, either),
        );
      }),
    changed: renderEditor,
    failed: (error) => notice(explain(error)),
  });
  useTool();
  render();
  html("outline-title").focus({ preventScroll: true });
}

function useTool() {
  const tool = /** @type {Tool} */ (
    document.querySelector("input[name=tool]:checked")?.getAttribute("value")
  );
  editor?.use(tool, input("size").valueAsNumber);
  html("tool-hint").textContent = HINTS[tool];
  html("size-row").hidden = tool !== "brush" && tool !== "eraser";
}

function renderEditor() {
  if (editor === null) return;
  button("undo").disabled = !editor.canUndo;
  button("redo").disabled = !editor.canRedo;
  button("clear").disabled = editor.empty;
  button("accept").disabled = editor.empty || editor.busy;
}

function closeEditor() {
  editor?.close();
  editor = null;
}

async function acceptOutline() {
  if (editor === null || shown === null && enrolled) return;
  const { mask } = editor;
  if (shown !== null) return acceptCorrection(shown, mask);
  const [item] = items;
  tell("outline-problem", "");
  tell("label-problem", "");
  label = input("label").value.trim() || "target";
  try {
    await enrolItem(item, mask);
  } catch (error) {
    if (isCancelled(error)) return;
    const fault = explain(error, "body.label");
    if (fault) {
      tell("label-problem", fault);
      input("label").focus();
    } else tell("outline-problem", explain(error));
    return;
  }
  enrolled = true;
  closeEditor();
  keep(item, mask);
  await drawTile(item);
  say("The outline is enrolled.");
  const waitingItems = later;
  later = [];
  await choose(item);
  following = true;
  if (waitingItems.length > 0) queue(waitingItems);
  else {
    render();
    html("add-title").focus({ preventScroll: true });
  }
}

/** @param {Item} item @param {Mask} mask */
async function enrolItem(item, mask) {
  const png = await mask.toPng();
  await busy(
    "Learning the structure",
    (signal) =>
      withEmbedding(
        item,
        signal,
        (embedding) =>
          api.enrol(patient(), `ref-${references + 1}`, {
            embedding,
            mask: png,
            label,
          }, signal),
      ),
  );
  references++;
}

/** @param {Item} item @param {Mask} mask */
function keep(item, mask) {
  item.rle = mask.toRle();
  item.area = mask.area;
  item.state = "done";
}

async function rejectOutline() {
  const corrected = shown;
  closeEditor();
  if (corrected !== null) {
    await choose(corrected);
    button("correct").focus();
    return;
  }
  items.length = 0;
  later = [];
  leaveWork();
  button("open").focus();
}

// Step 2: the next images.

/** @param {File[]} files */
function addImages(files) {
  following = true;
  queue(
    files.map((file) => createItem(file, nameOf(file.name), false, choose)),
  );
}

/** @param {Item[]} added */
function queue(added) {
  items.push(...added);
  render();
  if (segmenting === null) segmentWaiting();
}

async function segmentWaiting() {
  segmenting = new AbortController();
  const { signal } = segmenting;
  const started = performance.now();
  let done = 0;
  for (let item; item = items.find(({ state }) => state === "waiting");) {
    const rest = items.filter(({ state }) => state === "waiting").length;
    const each = (performance.now() - started) / done / 1000;
    const time = done > 0 ? `, about ${Math.ceil(each * rest)} s left` : "";
    html("film-text").textContent = `Image ${done + 1} of ${
      done + rest
    }${time}`;
    const bar = byId("film-progress", HTMLProgressElement);
    bar.max = done + rest;
    bar.value = done;
    await segmentItem(item, signal);
    done++;
    if (following) await choose(item, true);
    render();
  }
  segmenting = null;
  render();
  const failed = items.filter(({ state }) => state === "failed").length;
  say(`Done.${failed > 0 ? ` ${failed} images failed.` : ""}`);
}

/** @param {Item} item @param {AbortSignal} signal */
async function segmentItem(item, signal) {
  const doing = (/** @type {string} */ text) => {
    item.state = "working";
    item.doing = text;
    render();
  };
  try {
    signal.throwIfAborted();
    doing("Reading");
    await prepare(item, signal);
    await drawTile(item);
    doing("Searching");
    item.answer = await withEmbedding(
      item,
      signal,
      (id) => api.segment(patient(), label, id, signal),
    );
    const { mask: { size, counts, area } } = item.answer;
    item.rle = { size, counts };
    item.area = area;
    item.corrected = false;
    item.error = null;
    item.state = "done";
    await drawTile(item);
  } catch (error) {
    item.error = error;
    item.state = isCancelled(error) ? "cancelled" : "failed";
  }
}

function cancelSegmenting() {
  segmenting?.abort(new DOMException("Cancelled", "AbortError"));
}

// Results.

/** Shows an item. @param {Item} item @param {boolean} [automatic] not picked by a person */
async function choose(item, automatic = false) {
  if (editor !== null) {
    if (automatic) return;
    closeEditor();
  }
  if (!automatic) following = false;
  shown = item;
  notice("");
  await showPicture(item, true);
  if (shown !== item) return;
  if (item.source === null) stage.show(null, item.size);
  const points = item.corrected ? [] : item.answer?.points ?? [];
  stage.mark(item.rle && Mask.fromRle(item.rle), points);
  render();
  item.tile.button.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function correct() {
  if (shown === null) return;
  const { rle, size } = shown;
  edit(shown, rle ? Mask.fromRle(rle) : new Mask(size.width, size.height), {
    eyebrow: shown.name,
    title: "Correct the outline",
    accept: "Keep the correction",
    reject: "Discard",
  });
}

/** @param {Item} item @param {Mask} mask */
async function acceptCorrection(item, mask) {
  closeEditor();
  keep(item, mask);
  item.corrected = true;
  await drawTile(item);
  await choose(item);
  button("learn").focus();
}

async function learn() {
  const item = shown;
  if (item?.rle == null) return;
  tell("result-problem", "");
  try {
    await enrolItem(item, Mask.fromRle(item.rle));
    item.reference = true;
    render();
    say(
      "It is enrolled as another reference; images added from now on use it too.",
    );
    html("result-title").focus({ preventScroll: true });
  } catch (error) {
    if (!isCancelled(error)) tell("result-problem", explain(error));
  }
}

async function removeShown() {
  if (shown === null) return;
  const at = items.indexOf(shown);
  const [removed] = items.splice(at, 1);
  removed.tile.element.remove();
  const next = items[Math.max(0, at - 1)];
  if (next) await choose(next);
  else {
    shown = null;
    stage.show(null, { width: 1, height: 1 });
    render();
  }
}

/** @param {string} text */
function notice(text) {
  html("notice-text").textContent = text;
  html("notice").hidden = text === "";
}

// What is on the page.

function enterWork() {
  html("start").hidden = true;
  html("work").hidden = false;
  html("who").hidden = false;
  html("who-id").textContent = patient();
  render();
}

function leaveWork() {
  stage.show(null, { width: 1, height: 1 });
  html("work").hidden = true;
  html("start").hidden = false;
  html("who").hidden = true;
  html("erase").hidden = true;
}

function render() {
  const editing = editor !== null;
  html("tools").hidden = html("outline").hidden = !editing;
  html("label-row").hidden = enrolled;
  html("erase").hidden = !enrolled || editing;
  renderEditor();
  const fresh = items.every(({ reference }) => reference);
  html("add").hidden = editing || !enrolled || !fresh;
  html("add-hint").textContent =
    "Images of the same patient, in the order in which they were taken.";
  html("film").hidden = !enrolled;
  html("film-bar").hidden = segmenting === null;
  const result = !editing && shown !== null && !fresh;
  html("result").hidden = !result;
  if (result && shown) renderResult(shown);
  const tiles = html("tiles");
  for (const item of items) {
    item.tile.update(item, item === shown);
    if (!item.tile.element.isConnected) {
      tiles.insertBefore(item.tile.element, addTile);
    }
  }
  const measured = items.filter(({ state }) => state === "done");
  html("trend").hidden = editing || measured.length < 2;
  drawPlot(
    byId("plot", SVGSVGElement),
    items.map(({ name, area, state, reference, corrected }) =>
      state !== "done" ? null : {
        name,
        area,
        kind: reference ? "reference" : corrected ? "corrected" : "found",
      }
    ),
    shown ? items.indexOf(shown) : -1,
  );
}

/** @param {Item} item */
function renderResult(item) {
  const { state, answer, corrected, reference, error } = item;
  html("result-eyebrow").textContent = `Image ${
    items.indexOf(item) + 1
  } of ${items.length}`;
  html("result-title").textContent = item.name;
  const missing = state === "done" && answer !== null && !answer.present &&
    !corrected;
  const badge = state === "working" || state === "waiting"
    ? item.doing || "Waiting"
    : reference
    ? "Reference"
    : corrected
    ? "Corrected by hand"
    : missing
    ? "Not found in this image"
    : "";
  tell("result-badge", badge);
  tell(
    "result-problem",
    state === "failed"
      ? explain(error)
      : state === "cancelled"
      ? "It was cancelled before it was finished."
      : "",
  );
  const own = state === "done" && answer !== null && !corrected && !reference;
  html("facts").replaceChildren(...(state === "done" ? facts(item, own) : []));
  html("honest").hidden = !own;
  button("retry").hidden = state !== "failed" && state !== "cancelled";
  button("correct").hidden = state !== "done";
  button("correct").className = own ? "primary" : "";
  button("learn").hidden = state !== "done" || reference || item.area === 0;
  button("learn").className = corrected ? "primary" : "";
  button("remove").hidden = state === "working" || reference;
  html("downloads").hidden = state !== "done";
  button("save-dicom").hidden = !item.dicom || corrected || reference;
}

/** @param {Item} item @param {boolean} own whether the numbers are the model's */
function* facts(item, own) {
  const fact = (
    /** @type {string} */ term,
    /** @type {string} */ value,
    /** @type {string} */ more,
  ) =>
    make(
      "div",
      "",
      make("dt", "", term),
      make("dd", "", make("strong", "", value), make("span", "", more)),
    );
  const first = items.find(({ reference, state }) =>
    reference && state === "done"
  );
  const change = first && first !== item && first.area > 0
    ? Math.round((item.area / first.area - 1) * 100)
    : null;
  const sign = change !== null && change > 0 ? "+" : "";
  yield fact(
    "Area",
    `${item.area.toLocaleString("en")} px`,
    change === null ? "" : `${sign}${change} % against the reference`,
  );
  if (!own || item.answer === null) return;
  const { predictedIou, distance, points } = item.answer;
  yield fact(
    "Expected overlap",
    `${Math.round(100 * Math.min(1, Math.max(0, predictedIou)))} %`,
    "how far the model expects its outline and the truth to agree",
  );
  if (distance !== null) {
    yield fact(
      "Distance",
      distance.toFixed(1),
      "how unlike your outline it looks; less is nearer",
    );
  }
  const inside = points.filter((point) => point.label === 1).length;
  yield fact(
    "Led by",
    `${inside} + ${points.length - inside} points`,
    "inside and outside, found from your outline",
  );
}

// Downloads.

/** @param {(mask: Mask, name: string, item: Item) => unknown} step */
async function download(step) {
  if (shown?.rle == null) return;
  tell("save-problem", "");
  try {
    await step(Mask.fromRle(shown.rle), shown.name, shown);
  } catch (error) {
    if (!isCancelled(error)) tell("save-problem", explain(error));
  }
}

function saveAreas() {
  const head = ["image", "area_px", "kind", "predicted_iou", "distance"];
  const rows = items.filter(({ state }) => state === "done").map((item) => {
    const { name, area, reference, corrected, answer } = item;
    const kind = reference
      ? "reference"
      : corrected
      ? "corrected"
      : "segmented";
    const own = kind === "segmented" && answer
      ? [answer.predictedIou, answer.distance ?? ""]
      : ["", ""];
    return [name, area, kind, ...own];
  });
  saveTable([head, ...rows], "areas.csv");
}

// The sample patient.

async function openSample() {
  tell("start-problem", "");
  input("patient").value = randomPatient();
  references = 0;
  const fetchFile = async (/** @type {string} */ name) =>
    await (await fetch(`/page/sample/${name}.png`)).blob();
  const [image, annotation] = await Promise.all(
    ["visit-1", "visit-1_annotation"].map(fetchFile),
  );
  const mask = await readMask(annotation);
  const visit = (/** @type {Blob} */ file, /** @type {number} */ n) =>
    createItem(file, `Visit ${n}`, n === 1, choose);
  later = await Promise.all(
    SAMPLE_VISITS.map(async (n) => visit(await fetchFile(`visit-${n}`), n)),
  );
  await outlineReference(visit(image, 1), mask);
}

/** @param {Blob} file a mask in black and white */
async function readMask(file) {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context =
    /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const mask = new Mask(bitmap.width, bitmap.height);
  for (let i = 0; i < mask.data.length; i++) {
    mask.data[i] = data[4 * i] > 127 ? 255 : 0;
  }
  return mask;
}

// Wiring.

const files = input("files");
/** @param {FileList | null | undefined} list */
function take(list) {
  const chosen = inOrder(list ?? []);
  if (chosen.length === 0) return;
  if (enrolled) addImages(chosen);
  else if (editor === null && waiting === null) openFirst(chosen);
  else {later.push(...chosen.map((file) =>
      createItem(file, nameOf(file.name), false, choose)
    ));}
}
files.addEventListener("change", () => {
  take(files.files);
  files.value = "";
});
const addTile = make(
  "li",
  "",
  make(
    "button",
    "tile plus",
    make("span", "picture", "+"),
    make("span", "words", make("span", "name", "Add images")),
  ),
);
addTile.firstElementChild?.setAttribute("type", "button");
addTile.addEventListener("click", () => files.click());
html("tiles").append(addTile);
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  take(event.dataTransfer?.files);
});

/** @type {Record<string, () => unknown>} */
const clicks = {
  "open": () => files.click(),
  "add-open": () => files.click(),
  "sample": openSample,
  "undo": () => editor?.undo(),
  "redo": () => editor?.redo(),
  "clear": () => editor?.clear(),
  "accept": acceptOutline,
  "reject": rejectOutline,
  "retry": () => {
    if (shown === null) return;
    shown.state = "waiting";
    queue([]);
  },
  "correct": correct,
  "learn": learn,
  "remove": removeShown,
  "busy-cancel": () => waiting?.abort(),
  "film-cancel": cancelSegmenting,
  "notice-close": () => notice(""),
  "zoom-in": () => stage.zoom(1.4),
  "zoom-out": () => stage.zoom(1 / 1.4),
  "zoom-fit": () => stage.fit(),
  "bare": () => {
    stage.bare = !stage.bare;
    button("bare").setAttribute("aria-pressed", String(stage.bare));
    stage.redraw();
  },
  "save-png": () =>
    download(async (mask, name) =>
      save(await mask.toPng(), `${name}_mask.png`)
    ),
  "save-rle": () =>
    download((mask, name) => saveJson(mask.toRle(), `${name}_rle.json`)),
  "save-polygons": () =>
    download((mask, name) =>
      saveJson(polygonsOf(mask), `${name}_polygons.json`)
    ),
  "save-dicom": () =>
    download(async (_, name, { file }) =>
      save(await api.segmentToDicom(patient(), label, file), `${name}_seg.dcm`)
    ),
  "save-table": saveAreas,
  "erase": async () => {
    if (!confirm("Erase this patient's references from the server?")) return;
    try {
      await api.erase(patient());
      location.reload();
    } catch (error) {
      notice(explain(error));
    }
  },
};
for (const [id, act] of Object.entries(clicks)) {
  button(id).addEventListener("click", act);
}
for (const radio of document.querySelectorAll("input[name=tool]")) {
  radio.addEventListener("change", useTool);
}
input("size").addEventListener("input", useTool);
input("patient").addEventListener("change", lookUpPatient);

/** @type {Record<string, string>} */
const TOOL_KEYS = {
  i: "inside",
  o: "outside",
  x: "box",
  p: "polygon",
  b: "brush",
  e: "eraser",
};
addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement &&
    event.target.type !== "radio";
  if (typing) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    event.preventDefault();
    if (event.shiftKey) editor?.redo();
    else editor?.undo();
  } else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (key === "h") button("bare").click();
  else if (key === "escape") editor?.stop();
  else if (editor && TOOL_KEYS[key]) {
    const radio = document.querySelector(
      `input[name=tool][value=${TOOL_KEYS[key]}]`,
    );
    if (radio instanceof HTMLInputElement) radio.checked = true;
    useTool();
  } else if (editor && (key === "[" || key === "]")) {
    input("size").valueAsNumber += key === "]" ? 5 : -5;
    useTool();
  }
});

input("patient").value = randomPatient();
document.documentElement.dataset.ready = "true";
