import type { Manifest } from "../../../lib/model/package.ts";
import type { Reference } from "../../../lib/store/profiles/reference.ts";
import type { HeldImage } from "../../../lib/store/images/image_store.ts";
import type { Services } from "../../services.ts";
import { referencesOf } from "./names.ts";

/** The strategies that choose the next image. */
export const STRATEGIES: Record<string, string> = {
  first: "The image without a label that was uploaded first",
  random: "Any image without a label",
};

/** The label that a patient without references is offered. */
const FIRST_LABEL = "target";

/** An image of a patient's list, and the references that its labels made. */
export interface ListedImage {
  image: HeldImage;
  references: Reference[];
}

/** What is stored of a patient, as this protocol sees it. */
export interface Datastore {
  references: Reference[];
  /** The uploaded images, the oldest first; those of sessions are in no list. */
  images: ListedImage[];
}

export async function readDatastore(
  { profiles, images }: Pick<Services, "profiles" | "images">,
  tenant: string,
  patient: string,
): Promise<Datastore> {
  const references = await profiles.list(tenant, patient);
  const held = await images.list(tenant, patient);
  return {
    references,
    images: await Promise.all(
      held.filter(({ isSession }) => !isSession).map(async (image) => ({
        image,
        references: await referencesOf(references, image),
      })),
    ),
  };
}

/** The labels of the references that a model made, in order, each with its number from 1. */
export function numberLabels(
  references: Reference[],
  { digest }: Pick<Manifest, "digest">,
): Record<string, number> {
  const made = references.filter(({ model }) => model === digest);
  const names = [...new Set(made.map(({ label }) => label))].sort();
  return Object.fromEntries(names.map((name, i) => [name, i + 1]));
}

/** How many images there are, and how many have a label. */
export function countImages({ images }: Datastore) {
  const completed = images.filter(({ references }) => references.length > 0);
  return {
    total: images.length,
    completed: completed.length,
    label_tags: completed.length > 0 ? { final: completed.length } : {},
  };
}

/** The answer of `/info/`: a model is listed once it has references of the patient to work with. */
export function describeApp(datastore: Datastore, { models }: Services) {
  const { references } = datastore;
  const listed = models.all.flatMap(({ manifest }) => {
    const labels = numberLabels(references, manifest);
    if (Object.keys(labels).length === 0) return [];
    const model = {
      type: "segmentation",
      labels,
      dimension: 3,
      description:
        "Segments what the saved labels of this patient show, slice by slice",
      config: {},
    };
    return [[manifest.id, model] as const];
  });
  const names = [...new Set(references.map(({ label }) => label))].sort();
  return {
    name: "P²SAM Edge",
    description:
      "Saving a label enrols it as a reference; the next image of the patient is segmented with it. Not a medical device.",
    version: "1",
    labels: names.length > 0 ? names : [FIRST_LABEL],
    models: Object.fromEntries(listed),
    trainers: {},
    strategies: Object.fromEntries(
      Object.entries(STRATEGIES).map((
        [name, description],
      ) => [name, { description }]),
    ),
    scoring: {},
    train_stats: {},
    datastore: countImages(datastore),
  };
}

/** What is known of an image, as `/datastore/image/info` gives it. */
export function describeImage({ id, extension, createdAt }: HeldImage) {
  return {
    id,
    name: id.toLowerCase().endsWith(extension) ? id : id + extension,
    ts: Math.floor(createdAt / 1000),
  };
}

/** The answer of `/datastore/?output=all`. */
export function describeDatastore({ images }: Datastore) {
  return {
    name: "P²SAM Edge",
    description: "The images of one patient that are held now",
    objects: Object.fromEntries(
      images.map(({ image, references }) => [image.id, {
        image: { ext: image.extension, info: describeImage(image) },
        labels: references.length === 0 ? {} : {
          final: {
            ext: "",
            info: {
              references: references.map(({ reference }) => reference),
              labels: [...new Set(references.map(({ label }) => label))],
            },
          },
        },
      }]),
    ),
  };
}
