import { EdgeError, invalidInput } from "../core/errors.ts";

/** Longest file fetched, bytes. */
const MAX_BYTES = 16 * 2 ** 30;

/** Hosts that are this machine; others are asked over TLS only. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether files are fetched from this address: https, or http on this machine. */
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
    throw invalidInput(
      `it cannot be fetched (${(cause as Error)?.message ?? message})`,
    );
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw invalidInput(`its host answers ${response.status}`);
  }
  if (!isFetchable(new URL(response.url))) {
    await response.body.cancel();
    throw invalidInput("its host redirects to an address without TLS");
  }
  let length = 0;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      length += part.length;
      if (length > MAX_BYTES) throw invalidInput("it is too long");
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
