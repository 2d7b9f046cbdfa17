import { resultName, type ZipFile } from "../../../lib/series/write_zip.ts";
import { type ImageResult, type SeriesRun, untilEnd } from "./run.ts";

/** What stands beside the files of an archive. */
const CONTENTS = "series.json";

/**
 * The masks of a series as PNG files, each as it is ready, and then a document of what became of every image, with the
 * answers' receipts.
 */
export async function* masksOf(run: SeriesRun): AsyncGenerator<ZipFile> {
  const images: unknown[] = [];
  for await (const result of untilEnd(run)) {
    const { index, image, png } = result;
    const file = png && resultName(index, run.total, image.name, "_mask.png");
    images.push(contentOf(result, file));
    if (file) yield { name: file, bytes: png };
  }
  yield contentsOf(images);
}

/**
 * One image in the document beside the files.
 *
 * @param stored the instance that the archive has of its file; null where none was stored of it.
 */
export function contentOf(
  { index, position, image, references, segmentation, problem }: ImageResult,
  file: string | undefined,
  stored?: string | null,
) {
  // The mask is the file.
  const { mask: _, ...answer } = segmentation ?? {};
  return {
    index,
    position,
    name: image.name,
    ...(image.frameOf && { frame: image.frameOf.frame }),
    file: file ?? null,
    ...(stored !== undefined && { stored }),
    ...(references && { references }),
    ...(segmentation && { segmentation: answer }),
    ...(problem && { problem }),
  };
}

/** The document beside the files. */
export function contentsOf(images: unknown[]): ZipFile {
  const text = JSON.stringify({ images }, null, 1);
  return { name: CONTENTS, bytes: new TextEncoder().encode(text) };
}
