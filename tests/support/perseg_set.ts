import type { Visit } from "../../lib/sample/patient.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";

/** Writes a set in PerSeg layout: every subject's images in their order, the first its reference. */
export async function writeSet(
  folder: string,
  subjects: Record<string, Visit[]>,
): Promise<void> {
  for (const [subject, visits] of Object.entries(subjects)) {
    for (const kind of ["image", "mask"] as const) {
      const to = `${folder}/${kind === "image" ? "Images" : "Annotations"}`;
      await Deno.mkdir(`${to}/${subject}`, { recursive: true });
      for (const [i, visit] of visits.entries()) {
        await Deno.writeFile(
          `${to}/${subject}/${i}.png`,
          encodePng(visit[kind]),
        );
      }
    }
  }
}
