import { askKey, keyHeader } from "./api_key.js";

/** @typedef {import("./mask.js").Rle} Rle */
/** @typedef {{x: number, y: number, label: 0 | 1}} Click */
/** @typedef {{id: string, image: {width: number, height: number}}} Embedding */
/** @typedef {{present: boolean, reason: string | null, confidence: number | null, mask: Rle & {area: number}, points: (Click & {similarity: number})[], predictedIou: number, distance: number | null, reference: string, parts: number, negatives: number, receipt: {id: string}}} Segmentation */
/** @typedef {{points: Segmentation["points"], parts: number, negatives: number, reference: string, distance: number | null, passes: {mask: Rle & {area: number}, predictedIou: number}[]}} Candidate */
/** @typedef {Segmentation & {candidates: Candidate[], why: string}} Explained */

/** @typedef {{file: Blob, frame: number, format: "application/dicom" | "application/x-nifti" | ""}} Source */

/** A refusal in the server's own words (RFC 9457), or that it could not be asked. */
export class Problem extends Error {
  /** @param {{title: string, detail: string, type?: string, errors?: {path: string, message: string}[]}} document */
  constructor({ title, detail, type = "", errors = [] }) {
    super(detail);
    this.title = title;
    this.code = type.replace("/problems/", "");
    this.faults = errors;
  }
}

/** Whether a wait was ended by its cancel button. @param {unknown} error */
export const isCancelled = (error) =>
  error instanceof DOMException && error.name === "AbortError";

/** @param {string} path @param {RequestInit} init @returns {Promise<Response>} */
async function ask(path, init) {
  let response;
  try {
    const headers = { ...init.headers, ...keyHeader() };
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (isCancelled(error)) throw error;
    throw new Problem({
      title: "The server does not answer",
      detail: "Check that it runs and that you are connected, then try again.",
    });
  }
  if (response.ok) return response;
  if (response.status === 401 && await askKey()) return await ask(path, init);
  const problem = await response.json().catch(() => ({
    title: "The server failed",
    detail: `It answered with status ${response.status}.`,
  }));
  throw new Problem(problem);
}

/** @param {unknown} body @returns {RequestInit} */
const post = (body) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});

/** @param {string} patient */
const pathOf = (patient) => `/v1/patients/${encodeURIComponent(patient)}`;

/** @param {Blob} file @param {number} frame @param {AbortSignal} signal @returns {Promise<Embedding>} */
export async function embed(file, frame, signal) {
  const init = { method: "POST", body: file, signal };
  return await (await ask(`/v1/embeddings?frame=${frame}`, init)).json();
}

/** A frame as a PNG that the browser can show, and how many the file has. @param {Blob} file @param {number} frame @param {AbortSignal} signal */
export async function preview(file, frame, signal) {
  const init = { method: "POST", body: file, signal };
  const answer = await ask(`/v1/previews?side=4096&frame=${frame}`, init);
  const frames = Number(answer.headers.get("x-frame-count"));
  return { picture: await answer.blob(), frames };
}

/** @param {{embedding: string, points?: Click[], box?: number[], mask?: Rle}} prompt @param {AbortSignal} signal @returns {Promise<Rle>} */
export async function decode(prompt, signal) {
  const answer = await ask("/v1/masks", { ...post(prompt), signal });
  const { mask: { size, counts } } = await answer.json();
  return { size, counts };
}

/** How far a reference finds itself again. @typedef {{verdict: "good" | "weak" | "unusable", advice: string, dice: {mean: number}}} Report */

/** Sends the image, of which the server tries varied copies. @param {string} patient @param {string} reference @param {{file: Blob, frame: number, mask: Blob, label: string, accepted?: {at: string}}} annotation @param {AbortSignal} signal @returns {Promise<{report: Report, revision: number, drift?: {warning: string | null}}>} */
export async function enrol(patient, reference, annotation, signal) {
  const body = new FormData();
  body.set("image", annotation.file);
  body.set("frame", String(annotation.frame));
  body.set("mask", annotation.mask, "mask.png");
  body.set("label", annotation.label);
  if (annotation.accepted) {
    body.set("accepted", JSON.stringify(annotation.accepted));
  }
  const path = `${pathOf(patient)}/references/${encodeURIComponent(reference)}`;
  return await (await ask(path, { method: "PUT", body, signal })).json();
}

/** @param {string} patient @param {string} label */
const segmentations = (patient, label) =>
  `${pathOf(patient)}/segmentations?label=${encodeURIComponent(label)}`;

/** @param {string} patient @param {string} label @param {string} embedding @param {AbortSignal} signal @returns {Promise<Segmentation>} */
export async function segment(patient, label, embedding, signal) {
  const init = { ...post({ embedding }), signal };
  return await (await ask(segmentations(patient, label), init)).json();
}

/** The same with every candidate and its masks. @param {string} patient @param {string} label @param {string} embedding @param {AbortSignal} signal @returns {Promise<Explained>} */
export async function explained(patient, label, embedding, signal) {
  const init = { ...post({ embedding }), signal };
  const path = `${segmentations(patient, label)}&explain=true`;
  return await (await ask(path, init)).json();
}

/** The structure as a DICOM segmentation or NIfTI volume, as its image is one. @param {string} patient @param {string} label @param {Source} source @param {AbortSignal} signal */
export async function segmentToFile(patient, label, source, signal) {
  const { file, frame, format } = source;
  const headers = { accept: format, "content-type": format };
  const init = { method: "POST", body: file, headers, signal };
  const path = `${segmentations(patient, label)}&frame=${frame}`;
  return await (await ask(path, init)).blob();
}

/** A mask that was drawn or corrected, in the same formats. @param {Source} source @param {Blob} mask a PNG @param {string} label @param {AbortSignal} signal */
export async function maskToFile({ file, frame }, mask, label, signal) {
  const body = new FormData();
  body.set("image", file);
  body.set("mask", mask, "mask.png");
  const named = encodeURIComponent(label);
  const path = `/v1/masks/export?label=${named}&frame=${frame}`;
  return await (await ask(path, { method: "POST", body, signal })).blob();
}

/** A picture of the sample patient. @param {string} name */
export async function samplePicture(name) {
  return await (await ask(`/page/sample/${name}.png`, {})).blob();
}

/** The references of a patient, none where it is unknown. @param {string} patient @returns {Promise<{reference: string, label: string}[]>} */
export async function referencesOf(patient) {
  try {
    return (await (await ask(pathOf(patient), {})).json()).references;
  } catch (error) {
    if (error instanceof Problem && error.code === "not-found") return [];
    throw error;
  }
}

/** @param {string} patient @param {string} reference */
export async function forget(patient, reference) {
  const path = `${pathOf(patient)}/references/${encodeURIComponent(reference)}`;
  await ask(path, { method: "DELETE" });
}

/** @param {string} patient */
export async function erase(patient) {
  await ask(pathOf(patient), { method: "DELETE" });
}
