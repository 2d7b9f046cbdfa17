import { unzipSync } from "./libraries/fflate/esm/browser.js";

/** A file, and its path below what was chosen or dropped. @typedef {{file: File, path: string}} Found */
/** What is left out, and why, in few words and in full. @typedef {{name: string, why: string, full?: string}} Refused */

/** Files that are taken at once, and bytes of a zip and of what it holds. */
export const BOUNDS = { files: 10_000, zip: 2 ** 30, unpacked: 2 * 2 ** 30 };
/** Bytes that are unpacked between two looks at what the user does. */
const STEP = 4 * 2 ** 20;

/** What systems and burners of discs leave beside images, and what is hidden. */
const LEFTOVER =
  /(^|\/)(\.|__MACOSX\/|(DICOMDIR|(eh)?Thumbs\.db|desktop\.ini)$)/i;

/** @param {Iterable<File>} list @returns {Found[]} */
export const chosenFiles = (list) =>
  [...list].map((file) => ({
    file,
    path: file.webkitRelativePath || file.name,
  }));

/** The files of a drop, those of folders too. It must be called while the event is handled.
 * @param {DataTransfer | null} transfer @returns {Promise<Found[]>} */
export async function droppedFiles(transfer) {
  const items = [...transfer?.items ?? []].filter(({ kind }) =>
    kind === "file"
  );
  const entries = items.map((item) => item.webkitGetAsEntry());
  if (!entries.some((entry) => entry?.isDirectory)) {
    return chosenFiles(transfer?.files ?? []);
  }
  /** @type {Found[]} */ const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {FileSystemEntry} entry @param {Found[]} found */
async function walk(entry, found) {
  const path = entry.fullPath.replace(/^\//, "");
  if (found.length > BOUNDS.files || LEFTOVER.test(path)) return;
  if (!entry.isDirectory) {
    const own = /** @type {FileSystemFileEntry} */ (entry);
    const file = await new Promise((resolve, reject) =>
      own.file(resolve, reject)
    );
    found.push({ file, path });
    return;
  }
  const folder = /** @type {FileSystemDirectoryEntry} */ (entry);
  const reader = folder.createReader();
  // A reader gives a part at a time, and nothing at the end.
  for (;;) {
    /** @type {FileSystemEntry[]} */ const part = await new Promise(
      (resolve, reject) => reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return;
    for (const one of part) await walk(one, found);
  }
}

/** Opens zips, and leaves out hidden files.
 * @param {Found[]} found @returns {Promise<{files: Found[], refused: Refused[]}>} */
export async function unpack(found) {
  /** @type {Found[]} */ const files = [];
  /** @type {Refused[]} */ const refused = [];
  for (const one of found) {
    if (LEFTOVER.test(one.path)) continue;
    if (!await isZip(one.file)) files.push(one);
    else {
      const why = await openZip(one, files);
      if (why !== "") refused.push({ name: one.path, why });
    }
  }
  const { files: most } = BOUNDS;
  for (const { path } of files.splice(most)) {
    refused.push({ name: path, why: `it is beyond the first ${most} files` });
  }
  return { files, refused };
}

/** @param {File} file */
async function isZip(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  // A file's head, or the end of an empty zip.
  return ["PK\x03\x04", "PK\x05\x06"].includes(String.fromCharCode(...head));
}

/** Adds the files of a zip; nothing of one over the bounds. @param {Found} zip @param {Found[]} files
 * @returns {Promise<string>} what was left out, and why; empty where nothing was */
async function openZip({ file, path }, files) {
  if (file.size > BOUNDS.zip) return `it has more than ${BOUNDS.zip} bytes`;
  const bytes = new Uint8Array(await file.arrayBuffer());
  /** @type {Map<string, number>} */ const sizes = new Map();
  try {
    unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        const isWanted = !name.endsWith("/") && !LEFTOVER.test(name);
        if (isWanted) sizes.set(name, originalSize);
        return false;
      },
    });
  } catch {
    return "it is damaged or cut short";
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (sizes.size > BOUNDS.files || total > BOUNDS.unpacked) {
    return `it holds ${sizes.size} files of ${total} bytes; at most ${BOUNDS.files} of ${BOUNDS.unpacked} are taken. ` +
      "Unpack it, and open its folders one by one";
  }
  /** @type {string[]} */ const damaged = [];
  for (const names of stepsOf(sizes)) {
    for (const [name, content] of unpackStep(bytes, names)) {
      if (content === null || content.length !== sizes.get(name)) {
        damaged.push(name);
        continue;
      }
      const own = new File([content], name.split("/").at(-1) ?? name);
      files.push({ file: own, path: `${path}/${name}` });
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
  return damaged.length === 0
    ? ""
    : `damaged or locked by a password in it: ${damaged.join(", ")}`;
}

/** Names of files that are unpacked at once. @param {Map<string, number>} sizes */
function stepsOf(sizes) {
  /** @type {string[][]} */ const steps = [];
  let room = 0;
  for (const [name, size] of sizes) {
    if (room < size) {
      steps.push([]);
      room = STEP;
    }
    steps.at(-1)?.push(name);
    room -= size;
  }
  return steps;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @param {string[]} names
 * @returns {[string, Uint8Array<ArrayBuffer> | null][]} null for one that is damaged */
function unpackStep(bytes, names) {
  try {
    const wanted = new Set(names);
    const found = unzipSync(bytes, { filter: ({ name }) => wanted.has(name) });
    return names.map((name) => [
      name,
      /** @type {Uint8Array<ArrayBuffer>} */ (found[name]),
    ]);
  } catch {
    if (names.length === 1) return [[names[0] ?? "", null]];
    return names.flatMap((name) => unpackStep(bytes, [name]));
  }
}
