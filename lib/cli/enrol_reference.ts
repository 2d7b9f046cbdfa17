import { usingFile } from "../core/files.ts";
import { readImageFile } from "../image/read_image_file.ts";
import type { Engine } from "../engine/engine.ts";
import { Option, wholeNumber } from "./command_line.ts";

/** The option that names a frame of the reference. */
export const frameOption = () =>
  new Option(
    "--frame <number>",
    "frame of the reference, and of its mask, from 0",
  ).argParser(wholeNumber());

/** The option that names a segment of the mask. */
export const segmentOption = () =>
  new Option(
    "--segment <choice>",
    "which structure of the mask's file: a label, or the number or name of a segment",
  );

/** An annotated image as a command line names it. */
interface ReferenceOptions {
  /** Paths of the image and of its annotation. */
  reference: string;
  mask: string;
  /** Which frame of the image, from 0. */
  frame?: number | undefined;
  /** Which structure of the annotation. */
  segment?: string | undefined;
}

/** The files of an annotated image. */
export type ReferenceFiles = Awaited<ReturnType<typeof readReference>>;

/** Reads the files of an annotated image. */
export async function readReference(
  { reference, mask, frame, segment }: ReferenceOptions,
) {
  return {
    reference,
    mask,
    image: {
      bytes: await readImageFile(reference),
      ...(frame !== undefined && { frame }),
    },
    annotation: {
      file: { bytes: await readImageFile(mask) },
      ...(segment !== undefined && { segment }),
    },
  };
}

/** Enrols an annotated image with all its self-tests, however long they take; an error names the file at fault. */
export async function enrolReference(
  engine: Engine,
  { reference, mask, image, annotation }: ReferenceFiles,
) {
  const { bytes, warnings = [] } = await usingFile(
    reference,
    () => engine.embed(image),
  );
  const tests = { image, budget: Infinity };
  const enrolled = await usingFile(
    mask,
    () => engine.enrol(bytes, { ...annotation, image }, tests),
  );
  const doubts = [
    ...warnings.map(({ detail }) => `${reference}: ${detail}`),
    ...enrolled.warnings.map(({ detail }) => `${mask}: ${detail}`),
  ];
  return {
    profile: enrolled.bytes,
    report: enrolled.report!,
    reading: enrolled.mask,
    warnings: doubts,
  };
}
