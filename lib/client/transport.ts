import { ProblemError } from "./problem_error.ts";

export interface TransportOptions {
  /** Base address of the service: `https://example.org/edge/`. */
  url: string;
  /** API key or token, where the service requires one. */
  token?: string;
  /** `expo/fetch` in React Native, whose own fetch holds back the lines of a series until the last. */
  fetch?: typeof fetch;
}

/** One call; a body makes it a POST unless `method` says otherwise. */
export interface Call {
  method?: string;
  query?: Record<string, unknown>;
  json?: unknown;
  body?: FormData;
  accept?: string;
}

/** Options of every call. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Sends calls to one service, with its token. */
export class Transport {
  readonly #base: string;
  readonly #token: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, token, fetch: given = fetch }: TransportOptions) {
    this.#base = url.replace(/\/*$/, "/");
    this.#token = token;
    // Browsers refuse to call their fetch as a method.
    this.#fetch = (...args) => given(...args);
  }

  /** @throws ProblemError when the service refuses the call */
  async send(
    path: string,
    { method, query = {}, json, body, accept }: Call,
    { signal }: CallOptions = {},
  ): Promise<Response> {
    const content = json === undefined ? body : JSON.stringify(json);
    const url = this.#base + path + searchOf(query);
    const response = await this.#fetch(url, {
      method: method ?? (content === undefined ? "GET" : "POST"),
      headers: {
        ...(json !== undefined && { "content-type": "application/json" }),
        ...(accept && { accept }),
        ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      },
      ...(content !== undefined && { body: content }),
      ...(signal && { signal }),
    });
    if (response.ok) return response;
    throw await ProblemError.of(response);
  }

  async json<T>(path: string, call: Call, options?: CallOptions): Promise<T> {
    return await (await this.send(path, call, options)).json();
  }
}

function searchOf(query: Record<string, unknown>): string {
  const terms = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return terms.length > 0 ? `?${terms.join("&")}` : "";
}
