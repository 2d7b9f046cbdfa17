import { offerArchive } from "./archive.js";
import { cancelBusy, isBusy } from "./busy_bar.js";
import { button, byId, html, input } from "./dom.js";
import * as downloads from "./downloads.js";
import * as explanation from "./explanation.js";
import { showFrameNumber } from "./editor_panel.js";
import { openFirst, openFrame, rejectOutline } from "./first_image.js";
import { renderGuide } from "./guide.js";
import { closeNotices } from "./messages.js";
import { chosenFiles, droppedFiles } from "./intake.js";
import { acceptOutline, useTool } from "./outline.js";
import {
  cancelHeld,
  cancelSegmenting,
  queue,
  retryFailed,
  segmentHeld,
} from "./queue.js";
import "./mask_file.js";
import "./render.js";
import * as report from "./report.js";
import * as results from "./results.js";
import { openSample } from "./sample_patient.js";
import * as scale from "./scale.js";
import "./scale_bar.js";
import "./shape_buttons.js";
import "./shortcuts.js";
import { flush } from "./kept.js";
import { showKept } from "./kept_list.js";
import { openPatient, patientOfAddress } from "./restore.js";
import { changed, render, session, viewer } from "./session.js";
import { lookUpPatient } from "./structures.js";
import { saveCoco, takeEverythingHome } from "./take_home.js";
import { cancelReading, takeImages } from "./take_images.js";

/** @import { Found } from "./intake.js" */
/** @import { Item } from "./item.js" */

/** Whether the first image is being opened. */ let opening = false;

/** Opens the first image, unless that is going on already. @param {() => Promise<void>} step */
async function openOnce(step) {
  if (opening) return;
  opening = true;
  try {
    await step();
  } finally {
    opening = false;
  }
}

/** @param {Item[]} items */
function useImages(items) {
  if (items.length === 0) return;
  if (session.enrolled) {
    session.following = true;
    queue(items);
  } else if (session.items.length === 0 && !isBusy() && !opening) {
    openOnce(() => openFirst(items));
  } else {
    session.later.push(...items);
    render();
  }
}

/** @param {Found[] | Promise<Found[]>} found */
const takeFound = (found) => takeImages(found, useImages);

const [files, folder] = [input("files"), input("folder")];
for (const chooser of [files, folder]) {
  chooser.addEventListener("change", () => {
    takeFound(chosenFiles(chooser.files ?? []));
    chooser.value = "";
  });
}
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
  takeFound(droppedFiles(event.dataTransfer));
});

/** @type {Record<string, () => unknown>} */
const clicks = {
  "open": () => files.click(),
  "add-open": () => files.click(),
  "open-folder": () => folder.click(),
  "add-folder": () => folder.click(),
  "archive-close": () => byId("archive", HTMLDialogElement).close(),
  "reading-cancel": cancelReading,
  "left-out-close": () => html("left-out").hidden = true,
  "filmstrip-retry": retryFailed,
  "held-go": segmentHeld,
  "held-cancel": cancelHeld,
  "filmstrip-add": () => files.click(),
  "sample": () => openOnce(openSample),
  "undo": () => session.editor?.undo(),
  "redo": () => session.editor?.redo(),
  "clear": () => session.editor?.clear(),
  "polygon-close": () => session.editor?.closePolygon(),
  "accept": acceptOutline,
  "reject": rejectOutline,
  "retry": results.retryShown,
  "correct": results.correctShown,
  "explain": explanation.explainShown,
  "explanation-save": explanation.saveExplanation,
  "explanation-close": explanation.closeExplanation,
  "accept-result": results.acceptShown,
  "remove": results.removeShown,
  "busy-cancel": cancelBusy,
  "filmstrip-cancel": cancelSegmenting,
  "notice-close": closeNotices,
  "zoom-in": () => viewer.zoom(1.4),
  "zoom-out": () => viewer.zoom(1 / 1.4),
  "zoom-fit": () => viewer.fit(),
  "hide-outline": () => {
    viewer.outlineHidden = !viewer.outlineHidden;
    button("hide-outline").ariaPressed = String(viewer.outlineHidden);
    viewer.redraw();
  },
  "save-png": downloads.savePng,
  "save-rle": downloads.saveRle,
  "save-polygons": downloads.savePolygons,
  "save-source": downloads.saveInSourceFormat,
  "save-receipt": downloads.saveReceipt,
  "save-table": downloads.saveAreas,
  "save-all": takeEverythingHome,
  "save-coco": saveCoco,
  "report-open": report.showReport,
  "report-print": () => print(),
  "report-close": report.closeReport,
  "scale-open": scale.openScale,
  "scale-use": scale.useScale,
  "scale-remove": scale.removeScale,
  "scale-cancel": scale.closeScale,
  "undo-deed": () => results.stepBack("undo"),
  "redo-deed": () => results.stepBack("redo"),
  "erase": results.erasePatient,
};
for (const [id, act] of Object.entries(clicks)) {
  button(id).addEventListener("click", act);
}
for (const radio of document.querySelectorAll("input[name=tool]")) {
  radio.addEventListener("change", useTool);
}
input("size").addEventListener("input", useTool);
input("frame").addEventListener("input", showFrameNumber);
input("frame").addEventListener("change", openFrame);
input("patient").addEventListener("change", lookUpPatient);

input("label").addEventListener("input", () => changed());
// Another patient, or none, by Back, Forward or a link of the page.
addEventListener("hashchange", async () => {
  await flush();
  location.reload();
});

const { id, named } = patientOfAddress();
input("patient").value = id;
if (named) openOnce(openPatient);
else showKept().then(renderGuide);
renderGuide();
offerArchive(takeFound);
document.documentElement.dataset.ready = String(performance.now());
