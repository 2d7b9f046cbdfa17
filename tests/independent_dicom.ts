/**
 * Readers of DICOM that share nothing with the product. `DICOM_PYTHON` names an interpreter with
 * tests/golden/requirements-dicom.txt; dciodvfy comes with Debian's dicom3tools.
 */
export const dicomPython = Deno.env.get("DICOM_PYTHON");

const script = new URL("golden/check_seg.py", import.meta.url).pathname;

/** Compares a segmentation with its images and masks by pydicom and highdicom; throws what they find. */
export async function checkByReaders(
  segmentation: Uint8Array,
  pairs: { image: Uint8Array; frame?: number; png: Uint8Array }[],
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/seg.dcm`;
    await Deno.writeFile(path, segmentation);
    const args = [];
    for (const [i, { image, frame, png }] of pairs.entries()) {
      await Deno.writeFile(`${folder}/${i}.dcm`, image);
      await Deno.writeFile(`${folder}/${i}.png`, png);
      const which = frame === undefined ? "" : `#${frame + 1}`;
      args.push(`${folder}/${i}.dcm${which}:${folder}/${i}.png`);
    }
    const said = await run(dicomPython!, [script, path, ...args]);
    if (said.trim().split("\n").at(-1) !== "equal") throw new Error(said);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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
