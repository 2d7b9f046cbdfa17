/** Endings that say what a file is. Others belong to its name: files of DICOM end with a number that tells them apart. */
const ENDING =
  /(\.(dcm|hdr|img|mh[ad]|nii|nrrd))?\.gz$|\.(avif|bmp|dcm|dib|dicom|gif|hdr|hei[cf]|ima|img|j2[ck]|jfif|jls|jp[2cefgx]|jpeg|jxl|mh[ad]|nhdr|nii|nrrd|p[bgpn]m|png|tiff?|webp)$/i;

/** A name or path without the ending. @param {string} path */
export const withoutEnding = (path) => path.replace(ENDING, "");

/** Which of several paths are those of an image, whose file may have moved to another folder of folders or changed its
 * ending: those that fit best. @param {string} wanted @param {string[]} paths */
export function pathsLike(wanted, paths) {
  for (const form of [String, withoutEnding]) {
    const own = form(wanted);
    for (
      const isLike of [
        (/** @type {string} */ path) => path === own,
        (/** @type {string} */ path) =>
          path.endsWith(`/${own}`) || own.endsWith(`/${path}`),
      ]
    ) {
      const found = paths.filter((path) => isLike(form(path)));
      if (own !== "" && found.length > 0) return found;
    }
  }
  return [];
}
