import { basename } from "node:path";
import { extract, list, type ReadEntry } from "tar";
import { EdgeError, invalidInput } from "../core/errors.ts";
import { NAME } from "./locate.ts";

const MAX_FILES = 64;
/** Most bytes of an archive, and of its files together. */
const MAX_BYTES = 16 * 2 ** 30;

/**
 * Unpacks a tar archive, plain or gzipped, of one model package: its files, or one folder of them. Every entry is
 * checked before any is written, and folders are flattened, so that no file is written outside of `folder`.
 *
 * @param folder exists and is empty.
 * @throws EdgeError `invalid-input` when the archive is incomplete, or holds anything but plain files.
 */
export async function unpack(file: string, folder: string): Promise<void> {
  try {
    await requirePlain(file);
    await extract({
      file,
      cwd: folder,
      strict: true,
      noMtime: true,
      filter: (_, entry) => (entry as ReadEntry).type !== "Directory",
      onReadEntry: (entry) => {
        entry.path = basename(entry.path);
        entry.mode = 0o644;
      },
    });
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const { message } = error as Error;
    throw invalidInput(
      `it is not a complete tar archive, plain or gzipped (${message})`,
    );
  }
}

async function requirePlain(file: string): Promise<void> {
  const names: string[] = [];
  const problems: string[] = [];
  let bytes = 0;
  await list({
    file,
    strict: true,
    onReadEntry: ({ path, type, size }) => {
      if (type === "Directory") return;
      const name = basename(path);
      const depth = path.replace(/^\.\//, "").split("/").length;
      if (type !== "File" && type !== "OldFile") {
        problems.push(`${name} is a ${type}, not a plain file`);
      } else if (!NAME.test(name) || depth > 2 || path.includes("..")) {
        problems.push("it holds a file whose name no package file may have");
      } else if (names.includes(name)) {
        problems.push(`it holds ${name} twice`);
      }
      names.push(name);
      bytes += size;
    },
  });
  if (names.length === 0) throw invalidInput("it holds no file");
  const [problem] = problems;
  if (problem !== undefined) throw invalidInput(problem);
  if (names.length > MAX_FILES) {
    throw invalidInput(`it holds more than ${MAX_FILES} files`);
  }
  if (bytes > MAX_BYTES) {
    throw invalidInput(`it unpacks to more than ${MAX_BYTES / 2 ** 30} GiB`);
  }
}

/** Names of this machine; any other host is reached over TLS only. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether files may be fetched from this address: https, or http on this machine. */
export function isFetchable({ protocol, hostname }: URL): boolean {
  return protocol === "https:" ||
    protocol === "http:" && LOOPBACK.test(hostname);
}

/** Fetches a file, following redirects. @throws EdgeError `invalid-input` with the reason. */
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
