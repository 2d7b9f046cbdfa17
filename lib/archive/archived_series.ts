import { createHash } from "node:crypto";
import { EdgeError } from "../core/errors.ts";
import { alongNormal } from "../dicom/data_set/plane.ts";
import {
  type FrameReader,
  openFiles,
  tooManyImages,
} from "../series/open_files.ts";
import { type OpenedImage, placeByPlanes } from "../series/place_by_planes.ts";
import { sectionOf, type Spool } from "../series/range_file.ts";
import type { SeriesImage, SeriesLimits } from "../series/series_image.ts";
import type { Archive, ArchivedInstance, SeriesReference } from "./archive.ts";

/** How the images of a series are taken out of an archive. */
export interface ArchivedSeriesOptions {
  /** Holds objects of several frames, each whole. */
  spool: Spool;
  /** Takes objects of several frames apart. */
  reader: FrameReader;
  limits: SeriesLimits;
  /** Ends every retrieval. */
  signal: AbortSignal;
}

/** The images of a series, and a digest that identifies them. */
export interface ArchivedImages {
  images: SeriesImage[];
  /** sha256 over the identifiers of the objects, which never change their content (PS3.5 §9), hex. */
  digest: string;
}

const MEDIA_TYPE = "application/dicom";

/**
 * The images of a series of the archive, in slice order. Objects of one frame are retrieved when they are read, and the
 * next one meanwhile; those of several frames now, because their frames are known only then.
 *
 * @param series or one object of it.
 * @throws EdgeError what {@linkcode Archive} throws; `not-found` for an object that the series lacks; `invalid-input` or
 * `too-many-bytes` for a series over the limits.
 */
export async function openArchived(
  archive: Archive,
  series: SeriesReference & { instance?: string | undefined },
  { spool, reader, limits, signal }: ArchivedSeriesOptions,
): Promise<ArchivedImages> {
  const { instance: only, ...reference } = series;
  const listed = await archive.listInstances(reference, signal);
  const instances = listed.filter(({ instance }) =>
    only === undefined || instance === only
  );
  if (only !== undefined && instances.length === 0) {
    const message = "The series in the image archive has no such instance.";
    throw new EdgeError("not-found", message);
  }
  if (instances.length > limits.maxImages) throw tooManyImages(limits);
  const retrieve = (instance: string, most: number) =>
    archive.readInstance({ ...reference, instance }, most, signal);
  const readSingle = withLookAhead(
    instances.filter(({ frames }) => frames === 1)
      .map(({ instance }) => () => retrieve(instance, limits.maxBytes)),
  );
  const images: OpenedImage[] = [];
  let singles = 0;
  for (const found of instances) {
    const { instance, frames } = found;
    if (frames === 1) {
      const index = singles++;
      images.push({
        ...describe(found, reference),
        read: async () => ({
          bytes: await readSingle(index),
          mediaType: MEDIA_TYPE,
        }),
      });
      continue;
    }
    const start = spool.size;
    await spool.write(
      await retrieve(instance, limits.maxSeriesBytes - start),
    );
    const file = sectionOf(spool, start, spool.size - start);
    const sent = { file, mediaType: MEDIA_TYPE, name: instance };
    for (const image of await openFiles([sent], reader, limits)) {
      images.push({ ...image, along: null });
    }
    if (images.length > limits.maxImages) throw tooManyImages(limits);
  }
  return {
    images: placeByPlanes(images),
    digest: digestOf(reference, instances),
  };
}

function describe(
  { instance, plane, frameOfReference }: ArchivedInstance,
  { series }: SeriesReference,
): Omit<OpenedImage, "read"> {
  return {
    name: instance,
    position: null,
    isImage: true,
    along: plane && alongNormal(plane),
    ...(plane && {
      stack: { series, frameOfReference, orientation: plane.orientation },
    }),
  };
}

function digestOf(
  { study, series }: SeriesReference,
  instances: ArchivedInstance[],
): string {
  const names = instances.map(({ instance }) => instance);
  return createHash("sha256")
    .update(JSON.stringify([study, series, ...names])).digest("hex");
}

/** Reads that begin the one behind them as soon as they end; no more than that one waits to be taken. */
export function withLookAhead<T>(
  reads: (() => Promise<T>)[],
): (index: number) => Promise<T> {
  let ahead: { index: number; reading: Promise<T> } | undefined;
  return async (index) => {
    const isAhead = ahead?.index === index;
    const reading = isAhead ? ahead!.reading : reads[index]!();
    if (isAhead) ahead = undefined;
    const value = await reading;
    const next = reads[index + 1];
    if (next !== undefined && ahead === undefined) {
      const reading = next();
      // Its reader gets its error.
      reading.catch(() => {});
      ahead = { index: index + 1, reading };
    }
    return value;
  };
}
