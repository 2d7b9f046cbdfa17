import { createHash } from "node:crypto";
import { decodeImage } from "../../lib/image/decode.ts";
import { READING_RULES } from "../../lib/image/reading_rules.ts";
import { fixtures } from "./fixtures.ts";

export const RECORD = new URL(
  "../parity/golden/reading_rules.json",
  import.meta.url,
);

/** The rules by which files are read, and what they make of the first frame of every fixture: 8 hex digits of a sha256. */
export async function digestReadings(): Promise<
  { rules: string; pictures: Record<string, string> }
> {
  const pictures: Record<string, string> = {};
  for (const { name, bytes, refused } of fixtures) {
    if (refused) continue;
    const { data } = await decodeImage(bytes, { maxPixels: 20_000_000 }, 0);
    pictures[name] = createHash("sha256").update(data).digest("hex")
      .slice(0, 8);
  }
  return { rules: READING_RULES, pictures };
}

if (import.meta.main) {
  const text = JSON.stringify(await digestReadings(), null, 1);
  await Deno.writeTextFile(RECORD, text + "\n");
}
