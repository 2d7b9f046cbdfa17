import type { Warning } from "../../lib/core/warnings.ts";
import type { ServedModel } from "../../lib/engine/catalogue.ts";
import type { Subject } from "../../lib/dicom/data_set/subject.ts";
import type { AddressedEmbedding } from "../../lib/engine/embedder.ts";
import type { Annotation, InputFile } from "../../lib/engine/engine.ts";
import type { Work } from "../../lib/engine/work.ts";
import type { Reference } from "../../lib/store/profiles/reference.ts";
import type { Services } from "../services.ts";
import { keepEmbedding } from "./keep_embedding.ts";
import { measureDrift } from "./measure_drift.ts";
import { sealSubject, warnOfOther } from "./other_patient.ts";

/** An annotated image of a patient. */
export interface Annotated
  extends Pick<Reference, "patient" | "reference" | "label" | "position"> {
  accepted?: Reference["accepted"] | undefined;
  embedding: AddressedEmbedding;
  /** Where it was sent; self-tests need it. */
  image: InputFile | undefined;
  /** Of the image, by `imageDigest`, where it was sent: the annotation is kept with it, to be enrolled anew. */
  digest: string | undefined;
  /** Whom the image is of, where it was sent and says so. */
  subject: Subject | null;
  annotation: Annotation;
  /** How the annotation was read the first time, where it is enrolled anew. */
  reading?: Reference["mask"] | undefined;
  /** Milliseconds after which no further self-test is begun. */
  budget?: number;
}

/** What was enrolled. */
export interface EnrolledReference {
  record: Reference;
  revision: number;
  /** Whether a reference of the name was there. */
  replaced: boolean;
  /** Of the image and of its mask. */
  warnings: Warning[];
}

/** Enrols a reference: nothing is stored before the last step that can refuse it. */
export async function enrolReference(
  services: Services,
  model: ServedModel,
  work: Work,
  {
    accepted,
    embedding,
    image,
    digest,
    subject,
    annotation,
    reading,
    budget = services.selfTestBudget,
    ...whose
  }: Annotated,
): Promise<EnrolledReference> {
  const { profiles, now } = services;
  const { tenant } = work;
  const enrolled = await model.engineFor(work)
    .enrol(embedding.bytes, annotation, { image, budget });
  const { bytes: profile, patches, report, warnings } = enrolled;

  const { patient } = whose;
  const linked = { tenant, patient, enrols: true };
  await keepEmbedding(services, model.embedder, linked, embedding);
  const others = (await profiles.list(tenant, patient))
    .filter(({ reference }) => reference !== whose.reference);
  const record: Reference = {
    ...whose,
    model: model.manifest.digest,
    modelId: model.manifest.id,
    image: embedding.image,
    patches,
    mask: reading ?? enrolled.mask,
    // Self-tests were asked for, so there is one.
    report: report!,
    createdAt: new Date(now()).toISOString(),
    ...(digest && { annotationKept: true }),
    ...(subject && { subject: await sealSubject(subject) }),
    ...(accepted && { accepted }),
  };
  const drift = accepted &&
    await measureDrift(services, model, work, record, profile);
  if (drift) record.drift = drift;
  const { replaced, revision } = await profiles.put(tenant, {
    reference: record,
    profile,
    ...(digest && { annotation: { ...enrolled.annotation, image: digest } }),
  });
  return {
    record,
    revision,
    replaced,
    warnings: [
      ...embedding.warnings ?? [],
      ...warnings,
      ...await warnOfOther(others, subject),
    ],
  };
}
