import { textDigest } from "../../lib/core/digest.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import type { Warning } from "../../lib/core/warnings.ts";
import { readSubject, type Subject } from "../../lib/dicom/data_set/subject.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import type { SeriesImage } from "../../lib/series/series_image.ts";
import type {
  Reference,
  SealedSubject,
} from "../../lib/store/profiles/reference.ts";

/** Reads whom images of a series are of; of a file of many frames once. */
export function createSubjectReader() {
  let known: { sha256: string; subject: Promise<Subject | null> } | undefined;
  return async (
    { frameOf }: SeriesImage,
    { bytes }: InputFile,
  ): Promise<Subject | null> => {
    if (frameOf === undefined) return readSubject(bytes);
    const { sha256, file } = frameOf;
    if (known?.sha256 !== sha256) {
      known = {
        sha256,
        subject: file().then(({ bytes }) => readSubject(bytes)),
      };
    }
    try {
      return await known.subject;
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
}

/** What is kept of whom a reference's image is of: enough to compare, and no name. */
export async function sealSubject(
  { id, issuer }: Subject,
): Promise<SealedSubject> {
  const salt = crypto.getRandomValues(new Uint8Array(16)).toHex();
  return {
    salt,
    id: await seal(salt, id),
    issuer: issuer === "" ? null : await seal(salt, issuer),
  };
}

/**
 * A warning, where an image states another patient than references of its code do. What states none is not compared.
 */
export async function warnOfOther(
  references: Pick<Reference, "subject">[],
  subject: Subject | null,
): Promise<Warning[]> {
  if (subject === null) return [];
  const stated = references.flatMap(({ subject }) => subject ?? []);
  const differ = await Promise.all(
    stated.map((sealed) => isOther(sealed, subject)),
  );
  const others = differ.filter((one) => one).length;
  if (others === 0) return [];
  return [{
    code: "other-patient",
    detail:
      `The image states another patient than ${others} of the ${stated.length} references of this code that state one. ` +
      "Check which of them belong to the patient.",
  }];
}

/** The error of a result that would be stored beside the images of another patient than the references are of. */
export function otherPatient(patient: string): EdgeError {
  return new EdgeError(
    "other-patient",
    `The image states another patient than references of "${patient}" do, so nothing is stored. ` +
      "Segment it under its own patient's code, or erase the references that are not the patient's.",
  );
}

async function isOther(
  { salt, id, issuer }: SealedSubject,
  subject: Subject,
): Promise<boolean> {
  if (await seal(salt, subject.id) !== id) return true;
  return issuer !== null && subject.issuer !== "" &&
    await seal(salt, subject.issuer) !== issuer;
}

const seal = (salt: string, text: string) => textDigest(`${salt} ${text}`);
