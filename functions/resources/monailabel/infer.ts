import { EdgeError, invalidInput } from "../../../lib/core/errors.ts";
import type { Bytes } from "../../../lib/core/bytes.ts";
import { recipeOf, type ServedModel } from "../../../lib/engine/catalogue.ts";
import type { Work } from "../../../lib/engine/work.ts";
import type { LabelFile } from "../../../lib/format/mask/label_map.ts";
import type { Rle } from "../../../lib/format/mask/rle.ts";
import { FORMATS } from "../../../lib/image/formats.ts";
import { sniffMediaType } from "../../../lib/image/media_type.ts";
import { inOrder } from "../../../lib/series/in_order.ts";
import { openFiles } from "../../../lib/series/open_files.ts";
import {
  positionsOf,
  type SeriesImage,
} from "../../../lib/series/series_image.ts";
import { findProfile } from "../../patients/find_profile.ts";
import type { Services } from "../../services.ts";
import { runPatiently, segmentImage } from "../series/segment_image.ts";
import type { Params } from "./forms.ts";
import { numberLabels } from "./info.ts";

/** Slices of one volume. */
const MAX_SLICES = 10_000;

/** The forms of an answer by the extension that asks for them. */
const FORMS: Record<string, LabelFile["form"]> = {
  ".nii.gz": "nifti-gzip",
  ".nii": "nifti",
  ".nrrd": "nrrd",
  ".png": "png",
};

/** The slices of a held image, a volume or a picture, and where each lies, 0 to 1. */
export async function openSlices(
  { maxBytes, maxSeriesBytes }: Services,
  model: ServedModel,
  work: Work,
  bytes: Bytes,
): Promise<{ images: SeriesImage[]; positions: (number | null)[] }> {
  const type = sniffMediaType(bytes);
  const isVolume = type !== undefined && FORMATS[type].volume !== undefined;
  const file = {
    size: bytes.length,
    read: (from: number, length: number) =>
      Promise.resolve(bytes.slice(from, from + length)),
  };
  const images = await openFiles(
    [{ file, name: null }],
    model.engineFor(work),
    { maxBytes, maxSeriesBytes, maxImages: MAX_SLICES },
  );
  const isPicture = type !== "application/dicom" && images.length === 1;
  if (isVolume || isPicture) return { images, positions: positionsOf(images) };
  throw new EdgeError(
    "unsupported-type",
    "Cannot use the image: labels are answered on the grid of a NIfTI, NRRD or MetaImage volume, or of a picture of " +
      `one page; got ${type}. Series of DICOM images are segmented by POST /v1/patients/{patient}/series.`,
  );
}

/** What is segmented, for whom. */
interface Asked extends Work {
  patient: string;
  bytes: Bytes;
  params: Params;
}

/**
 * Segments every slice of an image by the patient's references, and writes all labels into one map. Each slice has the
 * deadline of one request.
 */
export async function segmentVolume(
  services: Services,
  model: ServedModel,
  { patient, bytes, params, ...work }: Asked,
) {
  const { tenant, signal } = work;
  const references = await services.profiles.list(tenant, patient);
  const numbers = numberLabels(references, model.manifest);
  const labels = Object.keys(numbers);
  if (labels.length === 0) {
    throw new EdgeError(
      "not-found",
      `Patient "${patient}" has no reference made by "${model.manifest.id}"; save a label of one image first.`,
    );
  }
  const { form, extension } = formOf(bytes, params);
  const { images, positions } = await openSlices(
    services,
    model,
    work,
    bytes,
  );
  const requests = await Promise.all(labels.map(async (label) => ({
    patient,
    label,
    recipe: recipeOf(model, undefined),
    explain: false,
    model,
    ...await findProfile(services, model, { tenant, patient, label }),
  })));
  const segment = async (index: number) => {
    const masks: { label: string; rle: Rle }[] = [];
    for (const request of requests) {
      const { segmentation } = await runPatiently(
        services.deadline,
        { tenant, signal },
        (work) =>
          segmentImage(
            services,
            request,
            images[index]!,
            positions[index] ?? null,
            work,
          ),
      );
      const { size, counts, area } = segmentation.mask;
      const [height, width] = size as [number, number];
      if (area > 0) {
        masks.push({
          label: request.label,
          rle: { size: [height, width], counts },
        });
      }
    }
    return { index, masks };
  };
  const { parallel } = services;
  const slices = await Array.fromAsync(
    inOrder({ from: 0, to: images.length, parallel }, segment),
  );

  const write = async (names: Record<string, number>) => {
    const numbered = slices.map(({ index, masks }) => ({
      index,
      masks: masks.flatMap(({ label, rle }) =>
        names[label] === undefined ? [] : [{ value: names[label], rle }]
      ),
    }));
    const as = {
      form,
      wide: params.result_dtype === "uint16",
      packed: params.result_compress ?? true,
    };
    const made = await model.engineFor(work)
      .writeLabels({ bytes }, numbered, as);
    const known = Object.entries(names).flatMap(([name, value]) => {
      const label = made.labels.find((one) => one.value === value);
      return label === undefined ? [] : [{ name, ...label }];
    });
    return { bytes: made.bytes, known };
  };
  let written = await write(numbers);
  // Programs take the values of a map for its names in turn, unless they say otherwise: none may be left out between.
  if (params.restore_label_idx !== false) {
    const names = written.known.map(({ name }, i) => [name, i + 1] as const);
    if (names.length < labels.length) {
      written = await write(Object.fromEntries(names));
    }
  }
  const of = <T>(value: (one: typeof written.known[number]) => T) =>
    Object.fromEntries(written.known.map((one) => [one.name, value(one)]));
  return {
    bytes: written.bytes,
    name: `${crypto.randomUUID()}${extension}`,
    params: {
      label_names: of(({ value }) => value),
      voxels: of(({ voxels }) => voxels),
      centroids: of(({ value, centre }) => [value, ...centre.map(Math.round)]),
      absent: labels.filter((label) =>
        !written.known.some(({ name }) => name === label)
      ),
      slices: slices.length,
      references: references.map(({ reference }) => reference),
      model: { id: model.manifest.id, digest: model.manifest.digest },
    },
  };
}

/** The form that is asked for; the image's own where none is. */
function formOf(
  bytes: Bytes,
  { result_extension: asked }: Params,
): { form: LabelFile["form"]; extension: string } {
  const type = sniffMediaType(bytes);
  const isVolume = type !== undefined && FORMATS[type].volume !== undefined;
  const own = !isVolume
    ? ".png"
    : type === "application/x-nrrd"
    ? ".nrrd"
    : ".nii.gz";
  const extension = asked ? `.${asked.replace(/^\./, "").toLowerCase()}` : own;
  const form = FORMS[extension];
  if (form !== undefined) return { form, extension };
  throw invalidInput(
    `result_extension must be ${Object.keys(FORMS).join(", ")}.`,
  );
}
