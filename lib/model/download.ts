import { EdgeError, invalidInput } from "../core/errors.ts";
import { MAX_BYTES } from "./archive.ts";

/** Names of this machine; any other host is reached over TLS only. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether files may be fetched from this address: https, or http on this machine. */
export function isFetchable({ protocol, hostname }: URL): boolean {
  return protocol === "https:" ||
    protocol === "http:" && LOOPBACK.test(hostname);
}

/**
 * Fetches a file, following redirects.
 *
 * @throws EdgeError `invalid-input` with the reason.
 */
export async function download(url: URL, path: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw invalidInput(`it cannot be fetched (${why})`);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw invalidInput(`its host answers with status ${response.status}`);
  }
  if (!isFetchable(new URL(response.url))) {
    await response.body.cancel();
    throw invalidInput("its host redirects to an address without TLS");
  }
  let length = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      length += part.length;
      if (length > MAX_BYTES) {
        throw invalidInput(`it is larger than ${MAX_BYTES / 2 ** 30} GiB`);
      }
      controller.enqueue(part);
    },
  });
  const file = await Deno.open(path, { write: true, createNew: true });
  try {
    await response.body.pipeThrough(bounded).pipeTo(file.writable);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw invalidInput(`its transfer broke off (${(error as Error).message})`);
  }
}
