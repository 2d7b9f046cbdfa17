import { askKey, keyHeader } from "./api_key.js";

/** @import { components, operations } from "../../lib/client/api.ts" */
/** @typedef {components["schemas"]} Schemas */
/** @typedef {Pick<Schemas["MaskBody"], "size" | "counts">} Rle @typedef {Schemas["ImageSize"]} Size @typedef {Schemas["PointPrompt"]} Click */
/** @typedef {Schemas["Segmentation"]} Segmentation */
/** @typedef {Segmentation & Required<Pick<Segmentation, "candidates" | "why">>} ExplainedSegmentation */
/** @typedef {NonNullable<Schemas["EnrolmentReport"]>} Report @typedef {Partial<Schemas["Accepted"]>} Accepted */
/** @typedef {Schemas["MaskReading"]} MaskReading */
/** @typedef {Schemas["ImageFacts"]} ImageFacts */
/** @typedef {Partial<Omit<Schemas["MaskRequest"], "embedding">>} MaskPrompt */
/** @typedef {keyof operations["exportMask"]["responses"][200]["content"]} SourceFormat */
/** @typedef {{file: Blob, frame: number, format: SourceFormat | ""}} Source a frame of a file, from 0 */
/** @template {keyof operations} T @typedef {NonNullable<operations[T]["parameters"]["query"]>} Query */
/** @template {"enrolReference" | "exportMask" | "readMask"} T
 * @typedef {operations[T]["requestBody"]["content"]["multipart/form-data"]} Multipart */
/** The fields of a multipart body; those that are undefined are left out.
 * @template {"enrolReference" | "exportMask" | "readMask"} T
 * @typedef {Partial<Record<keyof Multipart<T>, Blob | string | undefined>>} Fields */

/** The code of a server that could not be reached. */
export const UNREACHABLE = "unreachable";

/** A refusal in the server's own words (RFC 9457), or a server that could not be reached. */
export class Problem extends Error {
  /** @param {Pick<Schemas["Problem"], "title" | "detail"> & Partial<Schemas["Problem"]>} document
   * @param {number | null} retryAfter seconds after which another attempt is worthwhile; null where that is not known */
  constructor(
    { title, detail, type = "", errors = [], choices = [], names = [] },
    retryAfter = null,
  ) {
    super(detail);
    this.retryAfter = retryAfter;
    this.title = title;
    this.code = type.replace("/problems/", "");
    this.faults = errors;
    this.choices = choices;
    this.names = names;
  }
}

/** Whether the user cancelled the wait. @param {unknown} error */
export const isCancelled = (error) =>
  error instanceof DOMException && error.name === "AbortError";

/** Carries out a step of the network; one that fails means that the server is lost.
 * @template T @param {() => Promise<T>} step */
async function received(step) {
  try {
    return await step();
  } catch (error) {
    throw isCancelled(error) ? error : lost();
  }
}

const lost = (/** @type {number | null} */ retryAfter = null) =>
  new Problem({
    type: UNREACHABLE,
    title: "The server is not responding",
    detail:
      "Check that it is running and that you are connected, then try again.",
  }, retryAfter);

/** Statuses by which a proxy says that the server behind it is lost. @param {number} status */
const isOfProxy = (status) => status > 501 && status < 505 || status > 519;

/** @param {string} path @param {RequestInit} [init] @returns {Promise<Response>} */
async function request(path, init = {}) {
  const headers = { ...init.headers, ...keyHeader() };
  const response = await received(() => fetch(path, { ...init, headers }));
  if (response.ok) return response;
  const { status } = response;
  if (status === 401 && await askKey()) return await request(path, init);
  const text = await received(() => response.text());
  const problem = problemOf(text);
  const retryAfter = retryAfterOf(response);
  if (isOfProxy(status) && !problem?.type?.startsWith("/problems/")) {
    throw lost(retryAfter);
  }
  throw new Problem(
    problem ?? {
      title: "The server failed",
      detail: `It responded with status ${status}.`,
    },
    retryAfter,
  );
}

/** The problem document of an answer; null where it is none. @param {string} text @returns {Schemas["Problem"] | null} */
function problemOf(text) {
  try {
    const problem = JSON.parse(text);
    const { title, detail } = problem;
    const isProblem = typeof title === "string" && typeof detail === "string";
    return isProblem ? problem : null;
  } catch {
    return null;
  }
}

/** Seconds of a Retry-After header (RFC 9110, section 10.2.3), which states them or a date. @param {Response} response */
function retryAfterOf({ headers }) {
  const stated = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(stated)) return Number(stated);
  const date = Date.parse(stated);
  return Number.isNaN(date)
    ? null
    : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

/** @param {string} path @param {RequestInit} [init] */
async function requestJson(path, init) {
  const response = await request(path, init);
  return await received(() => response.json());
}

/** @param {string} path @param {RequestInit} [init] */
async function requestBlob(path, init) {
  const response = await request(path, init);
  return await received(() => response.blob());
}

/** @param {unknown} body @param {AbortSignal} signal */
const postJson = (body, signal) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
  signal,
});

/** The fields that hold JSON as text. */
const JSON_FIELDS = ["accepted", "labels", "receipt", "rle"];

/** A body of these fields: a form, or, where the image lies in the archive, JSON that refers to it.
 * @param {Record<string, Blob | string | undefined>} fields @returns {Promise<RequestInit>} */
async function bodyOf(fields) {
  const { image } = fields;
  if (!(image instanceof Blob) || image.type !== REFERENCE) {
    return { body: formOf(fields) };
  }
  /** @type {Record<string, unknown>} */
  const body = JSON.parse(await image.text());
  for (const [name, value] of Object.entries(fields)) {
    if (name === "image" || value === undefined) continue;
    if (value instanceof Blob) {
      const bytes = new Uint8Array(await value.arrayBuffer());
      body[name] = { base64: base64Of(bytes) };
    } else body[name] = JSON_FIELDS.includes(name) ? JSON.parse(value) : value;
  }
  const headers = { "content-type": "application/json" };
  return { body: JSON.stringify(body), headers };
}

/** @param {Uint8Array} bytes */
function base64Of(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The type of a file that stands for an image of the archive. */
const REFERENCE = "application/json";

/** A file that stands for an image of the archive, and is sent in its place.
 * @param {Schemas["ArchiveReference"]} dicomweb @param {string} name */
export const archivedFile = (dicomweb, name) =>
  new File([JSON.stringify({ image: { dicomweb } })], name, {
    type: REFERENCE,
  });

/** @param {Record<string, Blob | string | undefined>} fields */
function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) form.set(name, value);
  }
  return form;
}

/** @param {Blob} mask */
export const maskFile = (mask) =>
  new File([mask], "mask.png", { type: mask.type });

/** @param {Record<string, string | number | boolean>} query */
const searchOf = (query) =>
  "?" + Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");

/** @param {string} patient */
const patientPath = (patient) => `/v1/patients/${encodeURIComponent(patient)}`;

/** @param {string} patient @param {string} reference */
const referencePath = (patient, reference) =>
  `${patientPath(patient)}/references/${encodeURIComponent(reference)}`;

/** @param {string} patient @param {Query<"segmentImage">} query */
const segmentationsPath = (patient, query) =>
  `${patientPath(patient)}/segmentations${searchOf(query)}`;

/** @param {Blob} file @param {number} frame @param {AbortSignal} signal
 * @returns {Promise<Schemas["Embedding"]>} */
export async function embed(file, frame, signal) {
  /** @satisfies {Query<"createEmbedding">} */ const query = { frame };
  const init = { method: "POST", body: file, signal };
  return await requestJson(`/v1/embeddings${searchOf(query)}`, init);
}

/** What an image file is, by its headers. @param {Blob} file @param {AbortSignal} signal @returns {Promise<ImageFacts>} */
export const readFacts = (file, signal) =>
  requestJson("/v1/images/read", { method: "POST", body: file, signal });

/** A frame as a PNG that the browser can show, and the number of frames in the file.
 * @param {Blob} file @param {number} frame @param {AbortSignal} signal */
export async function preview(file, frame, signal) {
  /** @satisfies {Query<"previewImage">} */ const query = { side: 4096, frame };
  const init = { method: "POST", body: file, signal };
  const response = await request(`/v1/previews${searchOf(query)}`, init);
  const frames = Number(response.headers.get("x-frame-count"));
  return { picture: await received(() => response.blob()), frames };
}

/** @param {string} embedding @param {MaskPrompt} prompt @param {AbortSignal} signal @returns {Promise<Rle>} */
export async function decode(embedding, prompt, signal) {
  const init = postJson({ embedding, ...prompt }, signal);
  /** @type {Schemas["Mask"]} */
  const { mask } = await requestJson("/v1/masks", init);
  return { size: mask.size, counts: mask.counts };
}

/** Enrols an annotated image. It sends the image rather than its embedding, so that the server can test the
 * reference on augmentations of it.
 * @param {string} patient @param {string} reference
 * @param {{file: Blob, frame: number, mask: File, segment?: string, label: string, accepted: Accepted | undefined}}
 * annotation
 * @param {AbortSignal} signal @returns {Promise<Schemas["EnrolledReference"]>} */
export async function enrol(patient, reference, annotation, signal) {
  const { file, frame, mask, segment, label, accepted } = annotation;
  /** @satisfies {Fields<"enrolReference">} */
  const fields = {
    image: file,
    frame: String(frame),
    mask,
    segment,
    label,
    accepted: accepted && JSON.stringify(accepted),
  };
  const init = { method: "PUT", ...await bodyOf(fields), signal };
  return await requestJson(referencePath(patient, reference), init);
}

/** What a mask file means on a frame of an image.
 * @param {{file: Blob, frame: number}} image @param {File} mask @param {string} segment empty where none was chosen
 * @param {AbortSignal} signal @returns {Promise<Schemas["ReadMask"]>} */
export async function readMask({ file, frame }, mask, segment, signal) {
  /** @satisfies {Fields<"readMask">} */ const fields = { image: file, mask };
  /** @satisfies {Query<"readMask">} */
  const query = { frame, ...(segment && { segment }) };
  const init = { method: "POST", ...await bodyOf(fields), signal };
  return await requestJson(`/v1/masks/read${searchOf(query)}`, init);
}

/** @param {string} patient @param {string} label @param {string} embedding @param {AbortSignal} signal
 * @returns {Promise<Segmentation>} */
export async function segment(patient, label, embedding, signal) {
  const path = segmentationsPath(patient, { label });
  return await requestJson(path, postJson({ embedding }, signal));
}

/** The same with every candidate and its masks.
 * @param {string} patient @param {string} label @param {string} embedding @param {AbortSignal} signal
 * @returns {Promise<ExplainedSegmentation>} */
export async function segmentExplained(patient, label, embedding, signal) {
  const path = segmentationsPath(patient, { label, explain: true });
  return await requestJson(path, postJson({ embedding }, signal));
}

/** Enrols several structures of a mask file on one image; each is enrolled or refused for itself.
 * @param {string} patient @param {string} reference how the names of the references begin
 * @param {{file: Blob, frame: number, mask: File, labels: Record<string, string>}} annotation
 * @param {AbortSignal} signal @returns {Promise<Schemas["EnrolledLabels"]>} */
export async function enrolLabels(patient, reference, annotation, signal) {
  const { file, frame, mask, labels } = annotation;
  /** @satisfies {Fields<"enrolReference">} */ const fields = {
    image: file,
    frame: String(frame),
    mask,
    labels: JSON.stringify(labels),
  };
  const init = { method: "PUT", ...await bodyOf(fields), signal };
  return await requestJson(referencePath(patient, reference), init);
}

/** A mask as a DICOM segmentation or NIfTI volume, whichever its image is. The server only writes it.
 * @param {Source} source @param {Rle} rle @param {Segmentation["receipt"] | undefined} receipt of the model's own mask
 * @param {string} label @param {AbortSignal} signal */
export async function maskToFile(
  { file, frame },
  rle,
  receipt,
  label,
  signal,
) {
  /** @satisfies {Fields<"exportMask">} */ const fields = {
    image: file,
    rle: JSON.stringify(rle),
    receipt: receipt && JSON.stringify(receipt),
  };
  /** @satisfies {Query<"exportMask">} */ const query = { label, frame };
  const init = { method: "POST", ...await bodyOf(fields), signal };
  const path = `/v1/masks/export${searchOf(query)}`;
  return await requestBlob(path, init);
}

/** Masks of a volume, or of the files of a series, as one file: the server only writes it.
 * @param {Blob[]} files @param {object[]} masks by the schema VolumeMask
 * @param {string} label @param {string} accept its media type @param {AbortSignal} signal */
export async function volumeToFile(files, masks, label, accept, signal) {
  /** @satisfies {Query<"exportVolumeMasks">} */ const query = { label };
  const path = `/v1/masks/export/volume${searchOf(query)}`;
  const headers = { accept };
  if (files.every(({ type }) => type === REFERENCE)) {
    const references = await Promise.all(files.map((file) => file.text()));
    const image = references.map((text) => JSON.parse(text).image);
    const { headers: own, ...init } = postJson({ image, masks }, signal);
    const whole = { ...init, headers: { ...own, ...headers } };
    return await requestBlob(path, whole);
  }
  const form = new FormData();
  for (const file of files) form.append("image", file);
  form.append("masks", new Blob([JSON.stringify(masks)]), "masks.json");
  const init = { method: "POST", body: form, headers, signal };
  return await requestBlob(path, init);
}

/** Whether the server opens an image archive. @returns {Promise<boolean>} */
export async function hasArchive() {
  /** @type {Schemas["Status"]} */ const { archive } = await requestJson(
    "/readyz",
  );
  return archive !== undefined;
}

/** The series of a patient in the image archive. @param {string} patientId @param {AbortSignal} signal
 * @returns {Promise<Schemas["ArchivedSeriesList"]>} */
export const findSeries = (patientId, signal) =>
  requestJson("/v1/archive/series", postJson({ patientId }, signal));

/** The objects of a series in the image archive.
 * @param {{study: string, series: string}} series @param {AbortSignal} signal
 * @returns {Promise<Schemas["ArchivedInstanceList"]>} */
export const listInstances = ({ study, series }, signal) =>
  requestJson("/v1/archive/instances", postJson({ study, series }, signal));

/** A picture of the sample patient. @param {string} name */
export async function samplePicture(name) {
  return await requestBlob(`/page/sample/${name}.png`);
}

/** The references of a patient; none for an unknown patient.
 * @param {string} patient @returns {Promise<Schemas["Reference"][]>} */
export async function referencesOf(patient) {
  try {
    /** @type {Schemas["Patient"]} */
    const { references } = await requestJson(patientPath(patient));
    return references;
  } catch (error) {
    if (error instanceof Problem && error.code === "not-found") return [];
    throw error;
  }
}

/** @param {string} patient @param {string} label */
const revisionsPath = (patient, label) =>
  `${patientPath(patient)}/labels/${encodeURIComponent(label)}/revisions`;

/** What the references of a structure were, the newest first, which is in use.
 * @param {string} patient @param {string} label @returns {Promise<Schemas["Revision"][]>} */
export async function listRevisions(patient, label) {
  /** @type {Schemas["Revisions"]} */
  const { revisions } = await requestJson(revisionsPath(patient, label));
  return revisions;
}

/** @param {string} patient @param {string} label @param {number} revision
 * @returns {Promise<Schemas["Revision"]>} the new revision that it becomes */
export async function restoreRevision(patient, label, revision) {
  const path = `${revisionsPath(patient, label)}/${revision}/restore`;
  return await requestJson(path, { method: "POST" });
}

/** @param {string} patient @param {string} reference */
export const eraseReference = (patient, reference) =>
  request(referencePath(patient, reference), { method: "DELETE" });

/** @param {string} patient */
export const erasePatient = (patient) =>
  request(patientPath(patient), { method: "DELETE" });
