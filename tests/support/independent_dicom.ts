/**
 * Readers of DICOM that share nothing with the product. `DICOM_PYTHON` names an interpreter with
 * tests/parity/golden/requirements-dicom.txt; dciodvfy comes with Debian's dicom3tools.
 */
export const dicomPython = Deno.env.get("DICOM_PYTHON");

const script = (name: string) =>
  new URL(`../parity/golden/${name}.py`, import.meta.url).pathname;

/** Compares a segmentation with its images, masks and label by pydicom and highdicom; throws their findings. */
export async function checkByReaders(
  segmentation: Uint8Array,
  pairs: { image: Uint8Array; frame?: number; png: Uint8Array }[],
  label?: string,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/seg.dcm`;
    await Deno.writeFile(path, segmentation);
    const args = label === undefined ? [] : [`--label=${label}`];
    for (const [i, { image, frame, png }] of pairs.entries()) {
      await Deno.writeFile(`${folder}/${i}.dcm`, image);
      await Deno.writeFile(`${folder}/${i}.png`, png);
      const which = frame === undefined ? "" : `#${frame + 1}`;
      args.push(`${folder}/${i}.dcm${which}:${folder}/${i}.png`);
    }
    await requireEqual([script("check_seg"), path, ...args]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares a structure set with the images of its series, their masks and its label by pydicom and rt-utils. */
export async function checkContours(
  structureSet: Uint8Array,
  pairs: { image: Uint8Array; png: Uint8Array }[],
  label?: string,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/rtstruct.dcm`;
    await Deno.writeFile(path, structureSet);
    await Deno.mkdir(`${folder}/series`);
    const args = label === undefined ? [] : [`--label=${label}`];
    for (const [i, { image, png }] of pairs.entries()) {
      await Deno.writeFile(`${folder}/series/${i}.dcm`, image);
      await Deno.writeFile(`${folder}/${i}.png`, png);
      args.push(`${folder}/series/${i}.dcm:${folder}/${i}.png`);
    }
    const series = `${folder}/series`;
    await requireEqual([script("check_rtstruct"), path, series, ...args]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares a COCO document with the masks of its images by pycocotools. */
export async function checkCoco(
  document: unknown,
  pngs: Uint8Array[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/series.json`;
    await Deno.writeTextFile(path, JSON.stringify(document));
    const files = pngs.map((_, i) => `${folder}/${i}.png`);
    for (const [i, file] of files.entries()) {
      await Deno.writeFile(file, pngs[i]);
    }
    await requireEqual([script("check_coco"), path, ...files]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Compares a mask volume with its source and the masks of its slices by nibabel. */
export async function checkByNibabel(
  volume: Uint8Array,
  source: Uint8Array,
  masks: { index: number; png: Uint8Array }[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const zipped = source[0] === 0x1f ? ".gz" : "";
    const files = [`${folder}/mask.nii.gz`, `${folder}/source.nii${zipped}`];
    await Deno.writeFile(files[0], volume);
    await Deno.writeFile(files[1], source);
    for (const { index, png } of masks) {
      await Deno.writeFile(`${folder}/${index}.png`, png);
    }
    const pairs = masks.map(({ index }) => `${index}:${folder}/${index}.png`);
    await requireEqual([script("check_nifti"), ...files, ...pairs]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function requireEqual(args: string[]): Promise<void> {
  const said = await run(dicomPython!, args);
  if (said.trim().split("\n").at(-1) !== "equal") throw new Error(said);
}

/** The errors that dciodvfy finds in a file, or null where it is not installed. */
export async function validate(file: Uint8Array): Promise<string[] | null> {
  const path = await Deno.makeTempFile({ suffix: ".dcm" });
  try {
    await Deno.writeFile(path, file);
    const said = await run("dciodvfy", [path]);
    return said.split("\n").filter((line) => line.startsWith("Error"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  } finally {
    await Deno.remove(path);
  }
}

async function run(command: string, args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(command, { args }).output();
  const text = new TextDecoder();
  return text.decode(stderr) + text.decode(stdout);
}
