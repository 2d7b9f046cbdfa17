import { isCancelled, Problem, readFacts } from "./api.js";
import { byId, html, make, showText } from "./dom.js";
import { factsByBrowser } from "./full_size.js";
import { unpack } from "./intake.js";
import { explainError, isOfFile } from "./messages.js";
import { addInOrder, naturalOrder } from "./order.js";
import { patiently } from "./patience.js";
import { itemOf, nameApart } from "./queue.js";
import { session } from "./session.js";

/** @import { ImageFacts } from "./api.js" */
/** @import { Found, Refused } from "./intake.js" */
/** @import { Item } from "./item.js" */

/** Files that are read at once; the browser opens six connections, and the user's clicks need some. */
const AT_ONCE = 3;
/** Files that are named one by one when they are left out. */
const NAMED = 8;

/** Ends the reading. @type {AbortController | null} */ let reading = null;
/** Settles when what was taken before is read. */ let before = Promise
  .resolve();

export const cancelReading = () => reading?.abort();

/** Reads what files are, leaves out those that are no images, and hands over the others in their order, after those
 * that were taken before.
 * @param {Found[] | Promise<Found[]>} finding @param {(items: Item[]) => void} use */
export function takeImages(finding, use) {
  session.reading++;
  before = before.then(async () => {
    try {
      use(await readImages(await finding));
    } catch (error) {
      if (!isCancelled(error)) {
        html("left-out").hidden = false;
        html("left-out-text").textContent = explainError(error);
        html("left-out-list").replaceChildren();
      }
    } finally {
      session.reading--;
      reading = null;
      html("reading").hidden = true;
    }
  });
}

/** @param {Found[]} found @returns {Promise<Item[]>} */
async function readImages(found) {
  reading = new AbortController();
  const { signal } = reading;
  const { files, refused } = await unpack(found);
  files.sort((a, b) => naturalOrder(a.path, b.path));
  const facts = await readAll(files, signal, refused);
  const items = files.flatMap((one, i) => {
    const known = facts[i];
    return known === undefined ? [] : [itemOf(one, known)];
  });
  nameApart(items);
  showLeftOut(refused, items.length);
  return addInOrder([], items);
}

/** What each file is: null where it could not be asked for, undefined for one that is no image.
 * @param {Found[]} files @param {AbortSignal} signal @param {Refused[]} refused takes those that are none */
async function readAll(files, signal, refused) {
  /** @type {(ImageFacts | null | undefined)[]} */ const facts = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < files.length) {
      const at = next++;
      const { file, path } = /** @type {Found} */ (files[at]);
      try {
        const read = () => readFacts(file, signal);
        facts[at] = await patiently(read, signal, showReading);
      } catch (error) {
        if (isCancelled(error)) throw error;
        const isLarge = error instanceof Problem &&
          error.code === "too-many-bytes";
        const own = isLarge ? await factsByBrowser(file) : null;
        if (own !== null) facts[at] = own;
        else if (isOfFile(error)) {
          const full = HALF.test(path) ? HALF_WHY : explainError(error);
          refused.push({ name: path, why: shorten(full), full });
        } else facts[at] = null;
      }
      done++;
      if (files.length > AT_ONCE) showReading("");
    }
  };
  const showReading = (/** @type {string} */ wait) => {
    html("reading").hidden = false;
    html("reading-text").textContent = wait ||
      `Reading file ${Math.min(done + 1, files.length)} of ${files.length}`;
    const bar = byId("reading-progress", HTMLProgressElement);
    [bar.max, bar.value] = [files.length, done];
  };
  if (files.length > AT_ONCE) showReading("");
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return facts;
}

/** Names of the two files of one volume, a header and its voxels, which the server reads together alone. */
const HALF = /\.(hdr|nhdr|mhd|img|z?raw)(\.gz)?$/i;
const HALF_WHY =
  "it may be one of the two files of a volume, which are not joined here. Save the volume as one file (.nii.gz, .nrrd or " +
  ".mha) and open that";

/** Of a file of another type what it is: a list would say of each what is read. @param {string} why */
const shorten = (why) => why.replace(/^.*; (?=got )/s, "");

/** Names the files that are left out, and why; of many the first ones. @param {Refused[]} refused @param {number} taken */
function showLeftOut(refused, taken) {
  const [first, ...others] = refused;
  const isAlone = first !== undefined && others.length + taken === 0 &&
    !html("start").hidden;
  showText("start-problem", isAlone ? first.full ?? first.why : "");
  html("left-out").hidden = first === undefined || isAlone;
  const files = refused.length === 1
    ? "1 file is"
    : `${refused.length} files are`;
  const rest = taken === 0
    ? ""
    : taken === 1
    ? " The other one is taken."
    : ` The other ${taken} are taken.`;
  html("left-out-text").textContent = `${files} left out.${rest}`;
  const more = refused.length - NAMED;
  const rows = refused.slice(0, NAMED).map(({ name, why }) =>
    `${name}: ${why}`
  );
  if (more > 0) rows.push(`and ${more} more`);
  html("left-out-list").replaceChildren(
    ...rows.map((text) => make("li", "", text)),
  );
}
