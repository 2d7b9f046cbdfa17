import type { components, operations } from "./api.ts";
import { seriesLines } from "./lines.ts";

type Schemas = components["schemas"];
export type Embedding = Schemas["Embedding"];
export type Mask = Schemas["Mask"];
export type Models = Schemas["Models"];
export type Patient = Schemas["Patient"];
export type Problem = Schemas["Problem"];
export type Prompts = Schemas["Prompts"];
export type Receipt = Schemas["Receipt"];
export type Reference = Schemas["Reference"];
export type Replay = Schemas["Replay"];
export type Rle = Schemas["Rle"];
export type Segmentation = Schemas["Segmentation"];
export type SeriesLine = Schemas["SeriesLine"];

type Query<T extends keyof operations> = NonNullable<
  operations[T]["parameters"]["query"]
>;

/** A file: a Blob or File, or what React Native calls one. */
export type FileLike = Blob | { uri: string; name: string; type: string };

/** An image, or the id of its embedding. */
export type ImageOrEmbedding = FileLike | { embedding: string };

/** What a mask alone may come as. */
export type MaskType =
  | "image/png"
  | "application/dicom"
  | "application/x-nifti";

export interface ClientOptions {
  /** Where the service answers: `https://example.org/edge/`. */
  url: string;
  /** API key or token, where the service wants one. */
  token?: string;
  /** `expo/fetch` in React Native, whose own fetch holds a series' lines back until the last. */
  fetch?: typeof fetch;
}

/** What every call may be told. */
export interface CallOptions {
  signal?: AbortSignal;
}

export interface SeriesOptions extends CallOptions {
  /** Where to go on, from the last line of an earlier call with the same images. */
  cursor?: string;
  /** Times that a broken connection is taken up again without a line coming between. */
  tries?: number;
}

export interface Enrolment {
  image: ImageOrEmbedding;
  /** Non-zero is the structure; or points and a box that are decoded to a mask. */
  mask: FileLike | { prompts: Prompts };
  label?: string;
  /** 0..1 along a volume. */
  position?: number;
  /** Frame of a DICOM image or slice of a NIfTI volume, from 0. */
  frame?: number;
  /** Number of the segment, where the mask is a DICOM segmentation of several. */
  segment?: number;
}

/** An answer that is a problem document. */
export class ProblemError extends Error {
  override name = "ProblemError";

  constructor(readonly problem: Problem, readonly retryAfter: number | null) {
    super(problem.detail);
  }
}

/** The service's calls, typed by its OpenAPI document. Every call rejects with ProblemError for a problem. */
export class Client {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, token, fetch: call = fetch }: ClientOptions) {
    this.#base = url.replace(/\/*$/, "/");
    this.#token = token;
    // Browsers refuse to call their fetch as a method.
    this.#fetch = (...args) => call(...args);
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

  /** An embedding's tensors as a safetensors file. */
  async tensors(id: string, options?: CallOptions): Promise<ArrayBuffer> {
    const response = await this.#call(`v1/embeddings/${id}`, {}, options);
    return await response.arrayBuffer();
  }

  enrol(
    patient: string,
    reference: string,
    { image, mask, label, ...numbers }: Enrolment,
    query: Query<"enrolReference"> = {},
    options?: CallOptions,
  ): Promise<Reference> {
    const body = formOf({
      ...("embedding" in image ? image : { image }),
      ...("prompts" in mask
        ? { prompts: JSON.stringify(mask.prompts) }
        : { mask }),
      label,
      position: numbers.position?.toString(),
      frame: numbers.frame?.toString(),
      segment: numbers.segment?.toString(),
    });
    const request = { method: "PUT", query, body };
    return this.#json(referenceAt(patient, reference), request, options);
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
    const request = { method: "DELETE" };
    await this.#call(referenceAt(patient, reference), request, options);
  }

  patient(patient: string, options?: CallOptions): Promise<Patient> {
    return this.#json(patientAt(patient), {}, options);
  }

  async erasePatient(patient: string, options?: CallOptions): Promise<void> {
    await this.#call(patientAt(patient), { method: "DELETE" }, options);
  }

  /** The points that a patient's profile proposes for an embedding. */
  prompts(
    patient: string,
    json: Partial<Schemas["PromptsRequest"]> & { embedding: string },
    query: Query<"proposePrompts"> = {},
    options?: CallOptions,
  ): Promise<Schemas["CandidatePrompts"]> {
    const path = `${patientAt(patient)}/prompts`;
    return this.#json(path, { query, json }, options);
  }

  /** Points, a box or an earlier mask → one mask. */
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
   * The structure's mask alone: a PNG of 0 and 255; of a DICOM image a segmentation (SEG); of a slice of a
   * NIfTI volume the volume with the mask in its place, gzipped.
   */
  async mask(
    patient: string,
    image: ImageOrEmbedding,
    query: Query<"segmentImage"> = {},
    accept: MaskType = "image/png",
    options?: CallOptions,
  ): Promise<Blob> {
    const path = `${patientAt(patient)}/segmentations`;
    const request = { query, ...bodyOf(image), accept };
    return await (await this.#call(path, request, options)).blob();
  }

  /**
   * Makes a mask again from the receipt of its answer and the same image; rejects with what changed where
   * it would be another.
   */
  replay(
    patient: string,
    receipt: Receipt,
    image: ImageOrEmbedding,
    options?: CallOptions,
  ): Promise<Replay> {
    const given = "embedding" in image ? image : { image };
    const body = formOf({
      receipt: JSON.stringify(receipt),
      patient,
      ...given,
    });
    return this.#json("v1/receipts/replay", { body }, options);
  }

  /**
   * A mask that was drawn or corrected, in the format of its image: of a DICOM image a segmentation (SEG), of
   * a NIfTI volume a gzipped volume with the mask in its place.
   */
  async exportMask(
    image: FileLike,
    mask: FileLike | Rle,
    query: Query<"exportMask"> = {},
    options?: CallOptions,
  ): Promise<Blob> {
    const given = "counts" in mask ? { rle: JSON.stringify(mask) } : { mask };
    const body = formOf({ image, ...given });
    const path = "v1/masks/export";
    return await (await this.#call(path, { query, body }, options)).blob();
  }

  /**
   * Segments many images, or the files of a zip or volume, and yields a line for each as it comes. A
   * connection that breaks is taken up again behind the last line; leaving the loop ends the work.
   */
  async *series(
    patient: string,
    images: FileLike | FileLike[],
    query: Omit<Query<"segmentSeries">, "cursor"> = {},
    { cursor, tries = 5, signal }: SeriesOptions = {},
  ): AsyncGenerator<SeriesLine> {
    const path = `${patientAt(patient)}/series`;
    const body = new FormData();
    for (const image of [images].flat()) append(body, "image", image);
    for (let failed = 0;;) {
      const leave = new AbortController();
      const stop = () => leave.abort(signal!.reason);
      if (signal?.aborted) stop();
      signal?.addEventListener("abort", stop);
      try {
        const request = { query: { ...query, cursor }, body };
        const response = await this.#call(path, request, leave);
        const begun = cursor !== undefined;
        for await (const line of seriesLines<SeriesLine>(response, begun)) {
          cursor = line.cursor;
          failed = 0;
          yield line;
        }
        return;
      } catch (error) {
        const passing = error instanceof ProblemError
          ? error.problem.status === 503
          : error instanceof TypeError;
        if (signal?.aborted || !passing || ++failed > tries) throw error;
        const asked = error instanceof ProblemError ? error.retryAfter : null;
        await pause(1000 * (asked ?? Math.min(2 ** failed, 30)), signal);
      } finally {
        signal?.removeEventListener("abort", stop);
        leave.abort();
      }
    }
  }

  async #json<T>(
    path: string,
    request: Request,
    options?: CallOptions,
  ): Promise<T> {
    return await (await this.#call(path, request, options)).json();
  }

  async #call(
    path: string,
    { method, query = {}, json, body, accept }: Request,
    { signal }: CallOptions = {},
  ): Promise<Response> {
    const given = Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    const search = given.length > 0 ? `?${given.join("&")}` : "";
    const response = await this.#fetch(this.#base + path + search, {
      method: method ?? (json ?? body ? "POST" : "GET"),
      body: json === undefined ? body : JSON.stringify(json),
      headers: {
        ...(json !== undefined && { "content-type": "application/json" }),
        ...(accept && { accept }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
      signal,
    });
    if (response.ok) return response;
    // A proxy may state a date, which is no number.
    const seconds = Number(response.headers.get("retry-after") ?? NaN);
    throw new ProblemError(
      await problemOf(response),
      Number.isFinite(seconds) ? seconds : null,
    );
  }
}

interface Request {
  method?: string;
  query?: Record<string, unknown>;
  json?: unknown;
  body?: FormData;
  accept?: string;
}

const patientAt = (patient: string) =>
  `v1/patients/${encodeURIComponent(patient)}`;
const referenceAt = (patient: string, reference: string) =>
  `${patientAt(patient)}/references/${encodeURIComponent(reference)}`;

function bodyOf(image: ImageOrEmbedding): Pick<Request, "json" | "body"> {
  return "embedding" in image ? { json: image } : { body: formOf({ image }) };
}

function formOf(fields: Record<string, FileLike | string | undefined>) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else if (value !== undefined) append(form, name, value);
  }
  return form;
}

/** React Native's FormData takes its own kind of file, which the types of the web do not know. */
function append(form: FormData, name: string, file: FileLike): void {
  form.append(name, file as Blob);
}

/** An answer's problem document; one of a proxy's making is put into words. */
async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const text = await response.text();
  try {
    const problem = JSON.parse(text);
    if (typeof problem.detail === "string") return problem;
  } catch {
    // It is no JSON.
  }
  const title = `Status ${status}`;
  const detail = `The service answered ${status} without saying why.`;
  return { type: "about:blank", title, status, detail, instance: "" };
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
