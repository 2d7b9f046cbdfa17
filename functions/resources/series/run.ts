import type { z } from "@hono/zod-openapi";
import type { Bytes } from "../../../lib/core/bytes.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import type { FramePlaces } from "../../../lib/format/mask/placed_masks.ts";
import type { SeriesImage } from "../../../lib/series/series_image.ts";
import type { Problem } from "../../contract/problems.ts";
import type { SegmentationDocument } from "../segmentations/schema.ts";

/** What became of one image: either `segmentation` or `problem`. */
export interface ImageResult {
  index: number;
  /** 0..1 along the series; null for a file that is no image. */
  position: number | null;
  image: SeriesImage;
  references?: string[];
  segmentation?: z.infer<typeof SegmentationDocument>;
  problem?: Problem;
  /** The mask, where it was asked for. */
  png?: Bytes;
  /** Where the frames of the image's file lie, where that was asked for. */
  places?: FramePlaces;
}

/** A series in progress. */
export interface SeriesRun {
  total: number;
  /** The results of the images that are left, in order; the next image is begun when its result is asked for. */
  results: AsyncGenerator<ImageResult>;
  /** Aborted when nobody waits for the answer. */
  stopped: AbortSignal;
  /** Aborted when the process is told to stop. */
  closing: AbortSignal;
  /** Ends the work and frees what it holds; may be called twice. */
  end(): void;
}

/** The results of a whole answer, of which a part is worth nothing. @throws EdgeError when it cannot be finished. */
export async function* untilEnd(
  { results, stopped, closing }: SeriesRun,
): AsyncGenerator<ImageResult> {
  for await (const result of results) {
    if (stopped.aborted) {
      throw new EdgeError("given-up", "The caller has gone.");
    }
    if (closing.aborted) {
      const why = "The server stops; send the series again, to another.";
      throw new EdgeError("busy", why);
    }
    yield result;
  }
}

/** A body that is made as its reader takes it; a reader who goes away ends the work. */
export function streamOf(
  run: SeriesRun,
  parts: AsyncGenerator<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await parts.next();
        if (run.stopped.aborted) return;
        if (!done) return controller.enqueue(value);
        run.end();
        controller.close();
      } catch (error) {
        run.end();
        throw error;
      }
    },
    cancel: () => run.end(),
  }, { highWaterMark: 0 });
}
