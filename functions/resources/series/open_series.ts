import type { Context } from "hono";
import {
  type ArchivedImages,
  openArchived,
} from "../../../lib/archive/archived_series.ts";
import { type FrameReader, openFiles } from "../../../lib/series/open_files.ts";
import type { Spool } from "../../../lib/series/range_file.ts";
import type { SeriesLimits } from "../../../lib/series/series_image.ts";
import { mediaTypeOf } from "../../body/media_type.ts";
import { readSeriesJson, receiveFiles } from "../../body/uploads.ts";
import { archiveOf } from "../../middleware/archive.ts";
import type { Env } from "../../router.ts";
import type { Services } from "../../services.ts";

/** The images of a body: of the files that were sent, or of the series of the archive that it refers to. */
export async function openSeries(
  services: Services,
  c: Context<Env>,
  spool: Spool,
  reader: FrameReader,
  limits: SeriesLimits,
): Promise<ArchivedImages & { isArchived: boolean }> {
  const isJson = mediaTypeOf(c) === "application/json";
  const body = isJson ? await readSeriesJson(c, limits) : undefined;
  if (body === undefined || "files" in body) {
    const { files, digest } = await receiveFiles(c, spool, limits, {
      inJson: body?.files,
    });
    const images = await openFiles(files, reader, limits);
    return { images, digest, isArchived: false };
  }
  const archive = archiveOf(services, c);
  const { signal } = c.req.raw;
  const options = { spool, reader, limits, signal };
  const opened = await openArchived(archive, body.dicomweb, options);
  return { ...opened, isArchived: true };
}
