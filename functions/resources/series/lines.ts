import { writeCursor } from "../../../lib/series/cursor.ts";
import type { SeriesRun } from "./run.ts";
import type { SeriesLine } from "./schema.ts";

/**
 * A line of JSON for every image that is left.
 *
 * @param from images that are done already.
 * @param tag of the series, for the cursors.
 */
export async function* linesOf(
  { total, results, closing }: SeriesRun,
  { from, tag }: { from: number; tag: string },
): AsyncGenerator<Uint8Array> {
  const started = performance.now();
  const text = new TextEncoder();
  for await (const { index, position, image, ...result } of results) {
    const { references, segmentation, problem } = result;
    const finished = index + 1;
    const spent = performance.now() - started;
    const left = spent / (finished - from) * (total - finished);
    const line: SeriesLine = {
      total,
      index,
      position,
      name: image.name,
      ...(references && { references }),
      ...(segmentation && { segmentation }),
      ...(problem && { problem }),
      cursor: writeCursor(finished, tag),
      secondsLeft: Math.round(left / 100) / 10,
    };
    yield text.encode(JSON.stringify(line) + "\n");
    // The client continues with the cursor, on another instance.
    if (closing.aborted) return;
  }
}
