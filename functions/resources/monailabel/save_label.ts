import type { Bytes } from "../../../lib/core/bytes.ts";
import { EdgeError, invalidInput } from "../../../lib/core/errors.ts";
import type { ServedModel } from "../../../lib/engine/catalogue.ts";
import type { Work } from "../../../lib/engine/work.ts";
import { evenlySpread } from "../../../lib/numerics/evenly_spread.ts";
import type { Reference } from "../../../lib/store/profiles/reference.ts";
import { Label } from "../../contract/parameters.ts";
import { invalid } from "../../contract/problems.ts";
import { enrolImage } from "../../patients/enrol_image.ts";
import { requireReferenceQuota } from "../../patients/reference_quota.ts";
import type { Services } from "../../services.ts";
import { runPatiently } from "../series/segment_image.ts";
import type { Params } from "./forms.ts";
import { openSlices } from "./infer.ts";
import { numberLabels } from "./info.ts";
import { type NamedImage, referenceName, referencesOf } from "./names.ts";

/** Slices of a volume that become references of a label, evenly spread over those on which it lies. */
const SLICES = 5;

/** A label map of a held image. */
interface Saved extends Work {
  patient: string;
  /** The image, and its file. */
  named: NamedImage;
  image: Bytes;
  label: Bytes;
  params: Params;
}

/** One slice that becomes a reference. */
interface Chosen {
  reference: string;
  label: string;
  value: number | null;
  index: number;
}

/**
 * Enrols the labels of a map: of each, a few slices on which it lies. What an earlier map of the same file made is
 * replaced.
 *
 * @throws EdgeError `invalid-input` for an empty map, and for values that no name is given for.
 */
export async function saveLabel(
  services: Services,
  model: ServedModel,
  { patient, named, image, label: file, params, ...work }: Saved,
): Promise<Reference[]> {
  const { tenant, signal } = work;
  const engine = model.engineFor(work);
  const places = await engine.findLabels({ bytes: file }, { bytes: image });
  if (places.length === 0) {
    throw invalidInput(
      "The label map is empty: it has no value besides 0. Draw the structure and save again.",
    );
  }
  const stated = statedNames(params);
  const [picture] = places;
  if (picture!.value === null && stated.length > 1) {
    // A picture of one structure does not say its value: it is the one by which the picture can be read.
    for (const [, value] of stated) {
      const isIt = await engine.readMask({
        file: { bytes: file },
        image: { bytes: image },
        segment: String(value),
      }).then(() => true, () => false);
      if (isIt) picture!.value = value;
    }
  }
  const before = await services.profiles.list(tenant, patient);
  const names = nameValues(
    places.map(({ value }) => value),
    stated,
    Object.entries(numberLabels(before, model.manifest)),
  );
  const chosen = (await Promise.all(places.map(async ({ value, slices }) => {
    const label = names.get(value)!;
    const spread = evenlySpread(slices.length, SLICES);
    return await Promise.all([...spread].map(async (i): Promise<Chosen> => {
      const { index } = slices[i]!;
      const reference = await referenceName(named, index, label);
      return { reference, label, value, index };
    }));
  }))).flat();
  const wanted = chosen.map(({ reference }) => reference);
  await requireReferenceQuota(services, tenant, patient, wanted);

  const { images, positions } = await openSlices(services, model, work, image);
  const budget = services.selfTestBudget / chosen.length;
  const enrol = async ({ index, value, reference, label }: Chosen) => {
    const frame = images.length > 1 ? { frame: index } : {};
    const { mask } = await engine.readMask({
      file: { bytes: file },
      image: { bytes: image, ...frame },
      ...(value !== null && { segment: String(value) }),
    });
    return await runPatiently(services.deadline, { tenant, signal }, async (
      work,
    ) => {
      const { record } = await enrolImage(services, model, work, {
        patient,
        reference,
        label,
        position: positions[index] ?? null,
        image: await images[index]!.read(),
        annotation: { rle: { size: mask.size, counts: mask.counts } },
        budget,
      });
      return record;
    });
  };
  const enrolled: Reference[] = [];
  for (const [label, slices] of Map.groupBy(chosen, ({ label }) => label)) {
    let refusal: unknown;
    for (const slice of slices) {
      // A structure is often too small on its outermost slices.
      const made = await enrol(slice).catch((error) => {
        if (!isTooSmall(error)) throw error;
        refusal = error;
        return null;
      });
      if (made !== null) enrolled.push(made);
    }
    if (!enrolled.some((one) => one.label === label)) throw refusal;
  }
  const made = new Set(enrolled.map(({ reference }) => reference));
  for (const { reference } of await referencesOf(before, named)) {
    if (!made.has(reference)) {
      await services.profiles.delete(tenant, patient, reference);
    }
  }
  return enrolled;
}

const isTooSmall = (error: unknown) =>
  error instanceof EdgeError && error.code === "annotation-too-small";

/** The names and values that `label_info` states. */
function statedNames({ label_info: info = [] }: Params): [string, number][] {
  return info.flatMap((one): [string, number][] => {
    const name = one.name ?? one.SegmentLabel;
    const value = one.idx ?? one.labelID;
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
}

/**
 * The name of every value of a map: as `label_info` states it, or else by the numbers that the patient's labels have.
 *
 * @param values null stands for a mask of one structure.
 */
function nameValues(
  values: (number | null)[],
  stated: [string, number][],
  known: [string, number][],
): Map<number | null, string> {
  const names = stated.length > 0 ? stated : known;
  const [only] = names;
  return new Map(values.map((value) => {
    const isAlone = values.length === 1 && names.length <= 1;
    const named = names.find(([, number]) => number === value);
    if (named !== undefined) return [value, checked(named[0])];
    if (isAlone && (value === null || stated.length === 0)) {
      return [value, checked(only?.[0] ?? "target")];
    }
    throw invalidInput(
      `The label map has the value ${
        value ?? "of one structure"
      }, which has no name: state one in ` +
        'params, `{"label_info":[{"name":"liver","idx":1}]}`.',
    );
  }));
}

function checked(name: string): string {
  const parsed = Label.safeParse(name);
  if (parsed.success) return parsed.data;
  throw invalid("body.params.label_info", parsed.error.issues);
}
