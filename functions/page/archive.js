import {
  archivedFile,
  findSeries,
  hasArchive,
  isCancelled,
  listInstances,
} from "./api.js";
import { byId, html, input, make, showText } from "./dom.js";
import { explainError } from "./messages.js";

/** @import { components } from "../../lib/client/api.ts" */
/** @import { Found } from "./intake.js" */
/** @typedef {components["schemas"]["ArchivedSeries"]} ArchivedSeries */

/** Kinds of series that hold no pictures to be segmented. */
const NO_PICTURES = "SEG RTSTRUCT RTPLAN RTDOSE SR PR KO DOC REG AU ECG";

/** Ends what the dialog waits for. @type {AbortController | null} */ let asking =
  null;
/** Takes the images of the series that is chosen. @type {(found: Found[]) => void} */ let take =
  () => {};

const dialog = () => byId("archive", HTMLDialogElement);

/** Offers the image archive where the server opens one. @param {(found: Found[]) => void} takeFound */
export async function offerArchive(takeFound) {
  take = takeFound;
  dialog().addEventListener("close", () => asking?.abort());
  html("archive-form").addEventListener("submit", (event) => {
    event.preventDefault();
    showSeries();
  });
  const offered = await hasArchive().catch(() => false);
  for (const id of ["archive-open", "archive-add"]) {
    html(id).hidden = !offered;
    html(id).addEventListener("click", () => dialog().showModal());
  }
}

/** Carries out a step of the dialog, and says that it is going on, or why it failed.
 * @param {string} text @param {(signal: AbortSignal) => Promise<void>} step */
async function ask(text, step) {
  asking?.abort();
  const own = asking = new AbortController();
  showText("archive-problem", "");
  showText("archive-state", text);
  try {
    await step(own.signal);
  } catch (error) {
    if (!isCancelled(error)) showText("archive-problem", explainError(error));
  } finally {
    if (asking === own) showText("archive-state", "");
  }
}

/** Lists the series of the patient whose id was entered. */
function showSeries() {
  const list = html("archive-series");
  list.replaceChildren();
  const id = input("archive-patient").value.trim();
  if (id === "") return;
  ask("Asking the archive", async (signal) => {
    const { series, complete } = await findSeries(id, signal);
    const pictures = series.filter(({ modality }) =>
      !NO_PICTURES.split(" ").includes(modality)
    );
    list.replaceChildren(...pictures.map(rowOf));
    const few = complete ? "" : "The patient has more than is listed here.";
    showText("archive-note", pictures.length > 0 ? few : "No images found.");
  });
}

/** A series that can be chosen. @param {ArchivedSeries} series */
function rowOf(series) {
  const { modality, description, studyDescription, studyDate, instances } =
    series;
  const date = studyDate.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3");
  const count = instances === null ? "" : `${instances} objects`;
  const words = [date, studyDescription, count].filter((text) => text !== "");
  const name = `${modality} ${description}`.trim();
  const row = make(
    "button",
    "series",
    make("strong", "", name || "Series"),
    make("span", "", words.join(" · ")),
  );
  row.type = "button";
  row.addEventListener("click", () => openSeries(series));
  return make("li", "", row);
}

/** Takes the images of a series; they stay in the archive, and the server reads them there. @param {ArchivedSeries} series */
function openSeries({ study, series, modality, number }) {
  return ask("Listing its images", async (signal) => {
    const { instances } = await listInstances({ study, series }, signal);
    const start = [modality || "series", number].filter(Boolean).join("-");
    const digits = String(instances.length).length;
    const found = instances.map(({ instance }, i) => {
      const name = `${start}_${String(i + 1).padStart(digits, "0")}.dcm`;
      const file = archivedFile({ study, series, instance }, name);
      return { file, path: name };
    });
    dialog().close();
    take(found);
  });
}
