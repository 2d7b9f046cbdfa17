import { basename } from "node:path";
import { extract, list, type ReadEntry } from "tar";
import { EdgeError, invalidInput } from "../core/errors.ts";
import { NAME } from "./name.ts";

/** Most files in an archive, and most bytes of them together. */
const MAX_FILES = 64;
const MAX_BYTES = 16 * 2 ** 30;

/**
 * Unpacks a tar archive, plain or gzipped, of one model package: its files, or one folder of them.
 * All is looked at before anything is written; folders are flattened, so nothing lands elsewhere.
 *
 * @param folder exists and is empty.
 * @throws EdgeError `invalid-input` when it is no whole archive or holds anything but plain files.
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
    throw invalidInput(
      `it is no whole tar archive, plain or gzipped (${
        (error as Error).message
      })`,
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
        problems.push("a file has a name that no package has");
      } else if (names.includes(name)) {
        problems.push(`${name} is there twice`);
      }
      names.push(name);
      bytes += size;
    },
  });
  if (names.length === 0) throw invalidInput("it holds no file");
  if (problems.length > 0) throw invalidInput(problems[0]);
  if (names.length > MAX_FILES) {
    throw invalidInput(`it holds over ${MAX_FILES} files`);
  }
  if (bytes > MAX_BYTES) {
    throw invalidInput(`it unpacks to over ${MAX_BYTES / 2 ** 30} GiB`);
  }
}
