import type { Context } from "hono";
import { openArchived } from "../../../lib/archive/archived_series.ts";
import { type FrameReader, openFiles } from "../../../lib/series/open_files.ts";
import type { Spool } from "../../../lib/series/range_file.ts";
import type {
  SeriesImage,
  SeriesLimits,
} from "../../../lib/series/series_image.ts";
import { parseJson } from "../../body/json.ts";
import { mediaTypeOf } from "../../body/media_type.ts";
import { receiveFiles } from "../../body/uploads.ts";
import { SeriesByReference } from "../../contract/archive.ts";
import { archiveOf } from "../../middleware/archive.ts";
import type { Env } from "../../router.ts";
import type { Services } from "../../services.ts";

/** Longest reference, bytes. */
const MAX_REFERENCE = 4096;

/** The images of a body: of the files that were sent, or of the series of the archive that it refers to. */
export async function openSeries(
  services: Services,
  c: Context<Env>,
  spool: Spool,
  reader: FrameReader,
  limits: SeriesLimits,
): Promise<{ images: SeriesImage[]; digest: string }> {
  if (mediaTypeOf(c) !== "application/json") {
    const { files, digest } = await receiveFiles(c, spool, limits);
    return { images: await openFiles(files, reader, limits), digest };
  }
  const archive = archiveOf(services, c);
  const bounds = { ...limits, maxSeriesBytes: MAX_REFERENCE };
  const { files: [body] } = await receiveFiles(c, spool, bounds);
  const bytes = await body!.file.read(0, body!.file.size);
  const text = new TextDecoder().decode(bytes);
  const { dicomweb } = parseJson(text, SeriesByReference, "body");
  const { signal } = c.req.raw;
  return await openArchived(archive, dicomweb, {
    spool,
    reader,
    limits,
    signal,
  });
}
