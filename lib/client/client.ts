import type { components, operations } from "./api.ts";
import { ProblemError } from "./problem_error.ts";
import { seriesLines } from "./series_lines.ts";

export { type Problem, ProblemError } from "./problem_error.ts";

type Schemas = components["schemas"];
export type EnrolledLabels = Schemas["EnrolledLabels"];
export type Embedding = Schemas["Embedding"];
export type ImageFacts = Schemas["ImageFacts"];
export type Mask = Schemas["Mask"];
export type Models = Schemas["Models"];
export type Patient = Schemas["Patient"];
export type PatientPage = Schemas["PatientPage"];
export type Prompts = Schemas["Prompts"];
export type Receipt = Schemas["Receipt"];
export type Reference = Schemas["Reference"];
export type Replay = Schemas["Replay"];
export type ReadMask = Schemas["ReadMask"];
export type Rle = Schemas["Rle"];
export type Segmentation = Schemas["Segmentation"];
export type SegmentedLabels = Schemas["SegmentedLabels"];
export type SeriesLine = Schemas["SeriesLine"];
/** A mask of a frame of one of the images that are sent with it. */
export type VolumeMask = Partial<Schemas["VolumeMask"]> & { rle: Rle };

type Query<T extends keyof operations> = NonNullable<
  operations[T]["parameters"]["query"]
>;

/** A file: a Blob or File, or what React Native uses in their place. */
export type FileLike = Blob | { uri: string; name: string; type: string };

/** An image, or the id of its embedding. */
export type ImageOrEmbedding = FileLike | { embedding: string };

/** Formats of a mask on its own. */
export type MaskType =
  | "image/png"
  | "application/dicom"
  | "application/dicom; type=rtstruct"
  | "application/x-nifti";

/** Formats of the masks of a whole series, in one file. */
export type SeriesFileType =
  | "application/dicom"
  | "application/dicom; type=rtstruct"
  | "application/x-nifti"
  | "application/x-coco"
  | "image/png";

export interface ClientOptions {
  /** Base address of the service: `https://example.org/edge/`. */
  url: string;
  /** API key or token, where the service requires one. */
  token?: string;
  /** `expo/fetch` in React Native, whose own fetch holds back the lines of a series until the last. */
  fetch?: typeof fetch;
}

/** One call; a body makes it a POST unless `method` says otherwise. */
interface Call {
  method?: string;
  query?: Record<string, unknown>;
  json?: unknown;
  body?: FormData;
  accept?: string;
}

/** Options of every call. */
export interface CallOptions {
  signal?: AbortSignal;
  /** Of a POST or PUT: sent again under the same key within a day, the call gets its first answer again. */
  idempotencyKey?: string;
}

export interface SeriesOptions extends CallOptions {
  /** Of the last line of an earlier call with the same images; the series goes on after that line. */
  cursor?: string;
  /** Attempts, one after the other, to resume a broken connection before the next line; 5 by default. */
  tries?: number;
}

/** An annotated image. */
export interface Enrolment {
  image: ImageOrEmbedding;
  /**
   * An image whose non-zero pixels are the structure, a mask as an answer gives it, or points and a box that are
   * decoded to a mask.
   */
  mask: FileLike | Rle | { prompts: Prompts };
  /** Name of the structure; `target` by default. */
  label?: string;
  /** 0..1 along a volume. */
  position?: number;
  /** Frame of a DICOM image, page of a TIFF file or slice of a volume, from 0. */
  frame?: number;
  /** Which structure, where the mask holds several: a label's value, or the number or name of a segment. */
  segment?: number | string;
}

/**
 * The calls of the service, typed by its OpenAPI document. Every call rejects with ProblemError when the
 * service refuses it, and as fetch does when it cannot be reached or is aborted. Coordinates are pixels of the
 * image, x to the right and y down.
 *
 * @example Enrol one annotated image and segment the next ones.
 * ```ts
 * import { Client } from "./client.ts";
 *
 * export async function followUp(image: Blob, mask: Blob, next: Blob[]) {
 *   const client = new Client({ url: "http://127.0.0.1:8000" });
 *   const { report } = await client.enrol("p-17", "visit-1", { image, mask });
 *   console.log(report?.verdict, report?.advice);
 *   for await (const { index, segmentation, problem } of client.series("p-17", next)) {
 *     console.log(index, segmentation?.mask.area ?? problem?.detail);
 *   }
 * }
 * ```
 */
export class Client {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  models(options?: CallOptions): Promise<Models> {
    return this.#json("v1/models", {}, options);
  }

  embed(
    image: FileLike,
    query: Query<"createEmbedding"> = {},
    options?: CallOptions,
  ): Promise<Embedding> {
    const body = formOf({ image });
    return this.#json("v1/embeddings", { query, body }, options);
  }

  /** An embedding's tensors as a safetensors file, float16. */
  async tensors(id: string, options?: CallOptions): Promise<ArrayBuffer> {
    const file = await this.#send(`v1/embeddings/${id}`, {}, options);
    return await file.arrayBuffer();
  }

  /** A page of the patients that have references; go on with its `cursor` until that is null. */
  patients(
    query: Query<"listPatients"> = {},
    options?: CallOptions,
  ): Promise<PatientPage> {
    return this.#json("v1/patients", { query }, options);
  }

  /**
   * Enrols several structures of one mask file, `{"1": "liver", "2": "lesion"}`. Each is answered for itself, with
   * `enrolled` or its `problem`.
   */
  enrolLabels(
    patient: string,
    reference: string,
    { image, mask, labels, frame }: {
      image: ImageOrEmbedding;
      mask: FileLike;
      labels: Record<string, string>;
      frame?: number;
    },
    query: Query<"enrolReference"> = {},
    options?: CallOptions,
  ): Promise<EnrolledLabels> {
    const body = formOf({
      ...imageFields(image),
      mask,
      labels: JSON.stringify(labels),
      frame: frame?.toString(),
    });
    const path = referenceAt(patient, reference);
    return this.#json(path, { method: "PUT", query, body }, options);
  }

  /** Segments every structure of the patient; each is answered for itself. */
  segmentLabels(
    patient: string,
    image: ImageOrEmbedding,
    query: Omit<Query<"segmentImage">, "label"> = {},
    options?: CallOptions,
  ): Promise<SegmentedLabels> {
    const path = `${patientAt(patient)}/segmentations`;
    const call = { query: { ...query, label: "*" }, ...bodyOf(image) };
    return this.#json(path, call, options);
  }

  /** Enrols an annotated image as a reference of the patient. */
  enrol(
    patient: string,
    reference: string,
    { image, mask, label, position, frame, segment }: Enrolment,
    query: Query<"enrolReference"> = {},
    options?: CallOptions,
  ): Promise<Reference> {
    const body = formOf({
      ...imageFields(image),
      ...("prompts" in mask
        ? { prompts: JSON.stringify(mask.prompts) }
        : maskFields(mask)),
      label,
      position: position?.toString(),
      frame: frame?.toString(),
      segment: segment?.toString(),
    });
    const path = referenceAt(patient, reference);
    return this.#json(path, { method: "PUT", query, body }, options);
  }

  reference(
    patient: string,
    reference: string,
    options?: CallOptions,
  ): Promise<Reference> {
    return this.#json(referenceAt(patient, reference), {}, options);
  }

  async eraseReference(
    patient: string,
    reference: string,
    options?: CallOptions,
  ): Promise<void> {
    const path = referenceAt(patient, reference);
    await this.#send(path, { method: "DELETE" }, options);
  }

  patient(patient: string, options?: CallOptions): Promise<Patient> {
    return this.#json(patientAt(patient), {}, options);
  }

  async erasePatient(patient: string, options?: CallOptions): Promise<void> {
    await this.#send(patientAt(patient), { method: "DELETE" }, options);
  }

  /** The points that a patient's references propose for an embedding. */
  prompts(
    patient: string,
    json: Partial<Schemas["PromptsRequest"]> & { embedding: string },
    query: Query<"proposePrompts"> = {},
    options?: CallOptions,
  ): Promise<Schemas["CandidatePrompts"]> {
    const path = `${patientAt(patient)}/prompts`;
    return this.#json(path, { query, json }, options);
  }

  /** Decodes points, a box or an earlier mask to one mask. */
  decode(
    json: Partial<Schemas["MaskRequest"]> & { embedding: string },
    query: Query<"decodeMask"> = {},
    options?: CallOptions,
  ): Promise<Mask> {
    return this.#json("v1/masks", { query, json }, options);
  }

  segment(
    patient: string,
    image: ImageOrEmbedding,
    query: Query<"segmentImage"> = {},
    options?: CallOptions,
  ): Promise<Segmentation> {
    const path = `${patientAt(patient)}/segmentations`;
    return this.#json(path, { query, ...bodyOf(image) }, options);
  }

  /**
   * Segments an image and returns only the mask: a PNG of 0 and 255, for a DICOM image a segmentation (SEG)
   * or structure set, or for a slice of a volume a gzipped NIfTI volume with the mask in its place.
   */
  async mask(
    patient: string,
    image: ImageOrEmbedding,
    query: Query<"segmentImage"> = {},
    accept: MaskType = "image/png",
    options?: CallOptions,
  ): Promise<Blob> {
    const path = `${patientAt(patient)}/segmentations`;
    const call = { query, ...bodyOf(image), accept };
    return await (await this.#send(path, call, options)).blob();
  }

  /**
   * Makes a mask again from its receipt and the same image; rejects with what has changed when the mask would
   * not be identical.
   */
  replay(
    patient: string,
    receipt: Receipt,
    image: ImageOrEmbedding,
    options?: CallOptions,
  ): Promise<Replay> {
    const body = formOf({
      receipt: JSON.stringify(receipt),
      patient,
      ...imageFields(image),
    });
    return this.#json("v1/receipts/replay", { body }, options);
  }

  /**
   * Writes a mask that you have in the format of its image: for a DICOM image a segmentation (SEG), for a volume a
   * gzipped NIfTI volume with the mask in its place. Nothing is segmented again: of the answer of `segment` it writes
   * the mask that it shows, and the segment names the model.
   */
  async exportMask(
    image: FileLike,
    mask: FileLike | Rle | Pick<Segmentation, "mask" | "receipt">,
    query: Query<"exportMask"> = {},
    options?: CallOptions,
  ): Promise<Blob> {
    const fields = "receipt" in mask
      ? {
        ...maskFields(mask.mask),
        receipt: JSON.stringify(mask.receipt),
      }
      : maskFields(mask);
    const call = { query, body: formOf({ image, ...fields }) };
    const path = "v1/masks/export";
    return await (await this.#send(path, call, options)).blob();
  }

  /**
   * Writes masks that you have of one volume, or of the DICOM files of one series, in one file: a segmentation (SEG) or
   * structure set, or a gzipped NIfTI volume.
   */
  async exportMasks(
    images: FileLike | FileLike[],
    masks: VolumeMask[],
    query: Query<"exportVolumeMasks"> = {},
    accept: Exclude<MaskType, "image/png"> = "application/dicom",
    options?: CallOptions,
  ): Promise<Blob> {
    const body = formOf({ image: images, masks: JSON.stringify(masks) });
    const path = "v1/masks/export/volume";
    return await (await this.#send(path, { query, body, accept }, options))
      .blob();
  }

  /** What an image file is, by its headers: its size, frames, spacing, place and time. */
  readImage(
    image: FileLike,
    query: Query<"readImage"> = {},
    options?: CallOptions,
  ): Promise<ImageFacts> {
    const body = formOf({ image });
    return this.#json("v1/images/read", { query, body }, options);
  }

  /** What a mask file means on an image, before it is enrolled; a refusal's problem has the `choices` that there are. */
  readMask(
    mask: FileLike,
    image?: FileLike,
    query: Query<"readMask"> = {},
    options?: CallOptions,
  ): Promise<ReadMask> {
    const body = formOf({ mask, ...(image && { image }) });
    return this.#json("v1/masks/read", { query, body }, options);
  }

  /**
   * Segments many images, or the files of a zip or volume, and yields a line for each when it is ready. A
   * broken connection is resumed after the last line; leaving the loop ends the work on the server.
   */
  async *series(
    patient: string,
    images: FileLike | FileLike[],
    query: Omit<Query<"segmentSeries">, "cursor"> = {},
    { cursor, tries = 5, signal }: SeriesOptions = {},
  ): AsyncGenerator<SeriesLine> {
    const path = `${patientAt(patient)}/series`;
    const body = formOf({ image: images });
    for (let failed = 0;;) {
      const leave = new AbortController();
      const stop = () => leave.abort(signal?.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop);
      try {
        const call = { query: { ...query, cursor }, body };
        const response = await this.#send(path, call, leave);
        const resumed = cursor !== undefined;
        for await (const line of seriesLines<SeriesLine>(response, resumed)) {
          cursor = line.cursor;
          failed = 0;
          yield line;
        }
        return;
      } catch (error) {
        const refusal = error instanceof ProblemError ? error : null;
        const isTemporary = error instanceof TypeError || refusal?.isTemporary;
        if (signal?.aborted || !isTemporary || ++failed > tries) throw error;
        const seconds = refusal?.retryAfter ?? Math.min(2 ** failed, 30);
        await pause(1000 * seconds, signal);
      } finally {
        signal?.removeEventListener("abort", stop);
        leave.abort();
      }
    }
  }

  /**
   * Segments many images and returns all masks in one file: a DICOM segmentation or structure set, a gzipped NIfTI
   * volume, COCO's JSON, or for `image/png` a zip archive. DICOM and NIfTI come as a zip archive too, whose type the
   * Blob then has, where one file cannot hold all masks.
   */
  async seriesFile(
    patient: string,
    images: FileLike | FileLike[],
    query: Omit<Query<"segmentSeries">, "cursor"> = {},
    accept: SeriesFileType = "application/dicom",
    options?: CallOptions,
  ): Promise<Blob> {
    const path = `${patientAt(patient)}/series`;
    const call = { query, body: formOf({ image: images }), accept };
    return await (await this.#send(path, call, options)).blob();
  }

  async #send(
    path: string,
    { method, query = {}, json, body, accept }: Call,
    { signal, idempotencyKey }: CallOptions = {},
  ): Promise<Response> {
    const content = json === undefined ? body : JSON.stringify(json);
    // Browsers refuse to call their fetch as a method.
    const { url, token, fetch: send = fetch } = this.#options;
    const base = url.replace(/\/*$/, "/");
    const response = await send(base + path + searchOf(query), {
      method: method ?? (content === undefined ? "GET" : "POST"),
      headers: {
        ...(json !== undefined && { "content-type": "application/json" }),
        ...(accept && { accept }),
        ...(idempotencyKey && { "idempotency-key": idempotencyKey }),
        ...(token && { authorization: `Bearer ${token}` }),
      },
      ...(content !== undefined && { body: content }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    throw await ProblemError.of(response);
  }

  async #json<T>(path: string, call: Call, options?: CallOptions): Promise<T> {
    return await (await this.#send(path, call, options)).json();
  }
}

/** A multipart body of files and texts; fields that are undefined are left out. */
function formOf(
  fields: Record<string, FileLike | FileLike[] | string | undefined>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const part of [value ?? []].flat()) {
      // React Native's FormData takes its own kind of file, which the types of the web do not know.
      form.append(name, part as Blob | string);
    }
  }
  return form;
}

function searchOf(query: Record<string, unknown>): string {
  const terms = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return terms.length > 0 ? `?${terms.join("&")}` : "";
}

const patientAt = (patient: string) =>
  `v1/patients/${encodeURIComponent(patient)}`;
const referenceAt = (patient: string, reference: string) =>
  `${patientAt(patient)}/references/${encodeURIComponent(reference)}`;

const imageFields = (image: ImageOrEmbedding) =>
  "embedding" in image ? { embedding: image.embedding } : { image };

const maskFields = (mask: FileLike | Rle) =>
  "counts" in mask ? { rle: JSON.stringify(mask) } : { mask };

function bodyOf(image: ImageOrEmbedding): Pick<Call, "json" | "body"> {
  return "embedding" in image ? { json: image } : { body: formOf({ image }) };
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
