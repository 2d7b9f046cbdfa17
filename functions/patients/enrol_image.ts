import type { ServedModel } from "../../lib/engine/catalogue.ts";
import type { Annotation, InputFile } from "../../lib/engine/engine.ts";
import type { Work } from "../../lib/engine/work.ts";
import type { Reference } from "../../lib/store/profiles/reference.ts";
import type { Services } from "../services.ts";
import { keepEmbedding } from "./keep_embedding.ts";

/** An annotated image that becomes a reference. */
export interface AnnotatedImage
  extends Pick<Reference, "patient" | "reference" | "label" | "position"> {
  image: InputFile;
  annotation: Annotation;
  /** Milliseconds after which no further self-test is begun. */
  budget: number;
}

/** Enrols an annotated image: its embedding, its profile and its self-tests. */
export async function enrolImage(
  services: Services,
  { embedder, engineFor, manifest }: ServedModel,
  work: Work,
  { image, annotation, budget, ...names }: AnnotatedImage,
): Promise<Reference> {
  const { tenant } = work;
  const made = await embedder.embed(work, image);
  const { bytes: profile, patches, report, mask } = await engineFor(work)
    .enrol(made.bytes, annotation, { image, budget });
  const whose = { tenant, patient: names.patient, enrols: true };
  await keepEmbedding(services, embedder, whose, made);
  const reference: Reference = {
    ...names,
    model: manifest.digest,
    image: made.image,
    patches,
    mask,
    // Self-tests were asked for, so there is one.
    report: report!,
    createdAt: new Date(services.now()).toISOString(),
  };
  await services.profiles.put(tenant, { reference, profile });
  return reference;
}
