import type { Bytes } from "../core/bytes.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import { readBody } from "../remote/read_answer.ts";

/** The Label Studio that the operator named. */
export interface LabelStudioHost {
  /** Ends in a slash. */
  url: URL;
  /** An access token of its API. */
  token?: string | undefined;
}

export interface TaskImageOptions {
  host?: LabelStudioHost | undefined;
  /** Of an image. */
  maxBytes: number;
  /** Milliseconds that the host may take. */
  timeout: number;
  fetch: typeof fetch;
}

/** Reads the image of a task: a data URI, or a file of the host that the operator named. */
export type ReadTaskImage = (
  source: string,
  signal: AbortSignal,
) => Promise<Bytes>;

/**
 * No other host is ever asked, and no redirect followed: a task's text may come from anybody.
 *
 * @throws EdgeError `invalid-input` for an image elsewhere; `not-configured` where no host was named; `too-many-bytes`;
 * `images-unavailable` where the host does not answer.
 */
export function createTaskImages(
  { host, maxBytes, timeout, fetch }: TaskImageOptions,
): ReadTaskImage {
  const tooLarge = () =>
    new EdgeError(
      "too-many-bytes",
      `The task's image is larger than ${maxBytes} bytes.`,
    );
  return async (source, signal) => {
    if (/^data:/i.test(source)) {
      const bytes = readDataUri(source);
      if (bytes.length > maxBytes) throw tooLarge();
      return bytes;
    }
    if (host === undefined) {
      throw new EdgeError(
        "not-configured",
        "The task's image is no data URI; LABEL_STUDIO_URL must name the Label Studio that holds it.",
      );
    }
    const url = addressOf(source, host);
    const { token } = host;
    let response: Response;
    try {
      response = await fetch(url, {
        redirect: "manual",
        headers: token === undefined ? {} : { authorization: `Token ${token}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      });
    } catch (cause) {
      throw unavailable("does not answer", cause);
    }
    const { status } = response;
    if (status !== 200) {
      await response.body?.cancel();
      if (status >= 500) throw unavailable(`answered ${status}`);
      throw invalidInput(
        status >= 300 && status < 400
          ? "Label Studio redirects to where the task's image lies, and redirects are not followed: store it in Label Studio."
          : `Label Studio answered ${status} for the task's image; is LABEL_STUDIO_TOKEN right?`,
      );
    }
    const bytes = await readBody(response, maxBytes)
      .catch((cause) => {
        throw unavailable("stopped answering", cause);
      });
    if (bytes === null) throw tooLarge();
    return bytes;
  };
}

function unavailable(what: string, cause?: unknown): EdgeError {
  const options = cause === undefined ? {} : { cause };
  return new EdgeError("images-unavailable", `Label Studio ${what}.`, options);
}

function readDataUri(source: string): Bytes {
  const [, encoded] = /^data:[^,]*;base64,(.*)$/is.exec(source) ?? [];
  try {
    if (encoded !== undefined) return Uint8Array.fromBase64(encoded);
  } catch { /* As below. */ }
  throw invalidInput(
    "The task's image is no data URI in base64: data:image/png;base64,…",
  );
}

/** The address of a file of the host. */
function addressOf(source: string, { url }: LabelStudioHost): URL {
  const address = URL.parse(source.replace(/^\/(?!\/)/, ""), url);
  const isOfHost = address?.origin === url.origin &&
    address.pathname.startsWith(url.pathname) &&
    address.username + address.password === "";
  if (address !== null && isOfHost) return address;
  throw invalidInput(
    "The task's image lies on another host: only data URIs and the Label Studio of LABEL_STUDIO_URL are read.",
  );
}
