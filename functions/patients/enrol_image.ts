import type { ServedModel } from "../../lib/engine/catalogue.ts";
import { readSubject } from "../../lib/dicom/data_set/subject.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import type { Work } from "../../lib/engine/work.ts";
import type { Services } from "../services.ts";
import {
  type Annotated,
  type EnrolledReference,
  enrolReference,
} from "./enrol_reference.ts";
import { imageDigest } from "./kept_annotation.ts";

/** Enrols an annotated image whose file was sent. */
export async function enrolImage(
  services: Services,
  model: ServedModel,
  work: Work,
  { image, ...annotated }:
    & Omit<Annotated, "image" | "embedding" | "digest" | "subject">
    & { image: InputFile },
): Promise<EnrolledReference> {
  // The file's buffer may be empty afterwards.
  const digest = await imageDigest(image);
  const subject = readSubject(image.bytes);
  const embedding = await model.embedder.embed(work, image);
  return await enrolReference(services, model, work, {
    ...annotated,
    image,
    digest,
    subject,
    embedding,
  });
}
