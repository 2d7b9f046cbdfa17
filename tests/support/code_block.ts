import { files } from "./requests.ts";

/** The first block of code in a page of the clients, with the address of a server in place of the one it shows. */
export async function codeBlock(
  page: string,
  language: string,
  url: string,
): Promise<string> {
  const path = new URL(`../../lib/client/${page}`, import.meta.url);
  const text = await Deno.readTextFile(path);
  const code = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)?.[1];
  if (code === undefined) throw new Error(`${page} has no ${language}.`);
  return code.replaceAll("http://127.0.0.1:8000", url);
}

/** Writes the images that the pages name. */
export async function writePictures(folder: string): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}.png`, bytes);
  }
}

/** Runs a program; gives what it printed. @throws with all of its output where it fails. */
export async function run(
  name: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(name, {
    args,
    ...options,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stdout) + text.decode(stderr));
  return text.decode(stdout);
}

/** Whether a program is on PATH; says so where it is not. */
export async function hasProgram(
  name: string,
  what: string,
): Promise<boolean> {
  try {
    await new Deno.Command(name, { args: ["--version"] }).output();
    return true;
  } catch {
    console.log(`skipped: ${what}: ${name} is not on PATH`);
    return false;
  }
}
