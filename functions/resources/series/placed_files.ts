import { EdgeError, isRetryable } from "../../../lib/core/errors.ts";
import type { EngineFor, Work } from "../../../lib/engine/work.ts";
import type { Bytes } from "../../../lib/core/bytes.ts";
import { resultName, type ZipFile } from "../../../lib/series/write_zip.ts";
import {
  FILE_NAMES,
  type FramePlaces,
  type MaskGroup,
  MaskGroups,
  type PlacedForm,
} from "../../../lib/format/mask/placed_masks.ts";
import type {
  ReadFile,
  SeriesImage,
} from "../../../lib/series/series_image.ts";
import type { Problem } from "../../contract/problems.ts";
import { contentOf, contentsOf } from "./archive.ts";
import { type ImageResult, type SeriesRun, untilEnd } from "./run.ts";
import { SeriesSummary } from "./summary.ts";

/** Reads where the frames of an image's file lie, of a file of many frames once. */
export function createPlacer(engineFor: EngineFor, form: PlacedForm) {
  let known: { sha256: string; places: Promise<FramePlaces> } | undefined;
  return async (
    { frameOf }: SeriesImage,
    file: ReadFile,
    work: Work,
  ): Promise<FramePlaces> => {
    const engine = engineFor(work);
    // The engine takes the bytes away.
    if (frameOf === undefined) {
      return await engine.placeFrames({ bytes: file.bytes.slice() }, form);
    }
    const { sha256 } = frameOf;
    if (known?.sha256 !== sha256) {
      const read = async () =>
        await engine.placeFrames(await frameOf.file(), form);
      known = { sha256, places: read() };
    }
    try {
      return await known.places;
    } catch (error) {
      if (isRetryable(error) || work.signal.aborted) known = undefined;
      throw error;
    }
  };
}

/** What a whole series gave: the masks that can be written, and what became of each image. */
export interface GatheredSeries {
  masks: MaskGroups;
  summary: SeriesSummary;
  /** The images, and in which group the mask of each is; undefined for those without one. */
  images: {
    result: Omit<ImageResult, "png" | "places">;
    group: number | undefined;
  }[];
  /** The numbers of the groups in which the structure is. */
  present: Set<number>;
}

/** A file of a group, and the instance that was stored of it; null where none was, undefined where none was asked for. */
export interface WrittenGroup {
  bytes: Bytes;
  stored: string | null | undefined;
}

/**
 * Gathers the masks of a series.
 *
 * @throws EdgeError `not-acceptable` where no image is of the kind that the form needs; `invalid-input` where none could
 * be segmented for another reason.
 */
export async function gatherMasks(
  run: SeriesRun,
  form: PlacedForm,
  type: string,
  describe: (error: unknown) => Problem,
): Promise<GatheredSeries> {
  const masks = new MaskGroups(form);
  const summary = new SeriesSummary();
  const images: GatheredSeries["images"] = [];
  const present = new Set<number>();
  for await (const { png: _, places, ...whole } of untilEnd(run)) {
    const { index, image, segmentation, ...about } = whole;
    let result = whole;
    let group: number | undefined;
    if (segmentation !== undefined && places !== undefined) {
      try {
        const { sha256 = String(index), frame = 0 } = image.frameOf ?? {};
        const { size, counts } = segmentation.mask;
        const frameOf = { name: image.name, id: sha256, frame };
        group = masks.add(frameOf, places, { size, counts });
        if (segmentation.present) present.add(group);
      } catch (error) {
        result = { index, image, ...about, problem: describe(error) };
      }
    }
    summary.add(result);
    images.push({ result: withoutMask(result), group });
  }
  if (masks.groups.length === 0) throw nothingGathered(summary, type);
  return { masks, summary, images, present };
}

/** The error of a series of which no mask can be written. */
function nothingGathered(
  { refused, images }: SeriesSummary,
  type: string,
): EdgeError {
  const first = refused[0]?.problem;
  const isOther = refused.every(({ problem }) =>
    problem.type === "/problems/unsupported-type"
  );
  const said = `the first: ${first?.detail ?? "it has none."}`;
  return isOther
    ? new EdgeError(
      "not-acceptable",
      `An answer of ${type} takes its geometry from the images, and none of the ${images} can give it; ${said} ` +
        "Or accept application/x-ndjson or image/png.",
    )
    : new EdgeError(
      "invalid-input",
      `None of the ${images} images could be segmented; ${said}`,
      {
        faults: refused.slice(0, MAX_FAULTS).map(({ index, problem }) => ({
          path: `images.${index}`,
          message: problem.detail,
        })),
      },
    );
}

/** Images that a refusal names. */
const MAX_FAULTS = 20;

/** Run lengths are kept once, with the masks. */
function withoutMask<T extends Omit<ImageResult, "png" | "places">>(
  result: T,
): T {
  const { segmentation } = result;
  if (segmentation === undefined) return result;
  const mask = { ...segmentation.mask, counts: "", polygons: [] };
  return { ...result, segmentation: { ...segmentation, mask } };
}

/**
 * The files of a series that one file cannot hold, each as it is written, and then a document of what became of every
 * file and image.
 *
 * @param write writes the masks of a group.
 */
export async function* filesOf(
  { masks, images }: GatheredSeries,
  write: (group: MaskGroup, number: number) => Promise<WrittenGroup>,
  describe: (error: unknown) => Problem,
): AsyncGenerator<ZipFile> {
  const { form, groups } = masks;
  const names = groups.map(({ name }, i) =>
    resultName(i, groups.length, name, FILE_NAMES[form].join(""))
  );
  const problems = new Map<number, Problem>();
  const stored = new Map<number, WrittenGroup["stored"]>();
  for (const [i, group] of groups.entries()) {
    try {
      const written = await write(group, i);
      stored.set(i, written.stored);
      yield { name: names[i]!, bytes: written.bytes };
    } catch (error) {
      problems.set(i, describe(error));
    }
  }
  yield contentsOf(
    images.map(({ result, group }) => {
      if (group === undefined) return contentOf(result, undefined);
      const problem = problems.get(group);
      return problem
        ? contentOf({ ...result, problem }, undefined)
        : contentOf(result, names[group], stored.get(group));
    }),
  );
}
