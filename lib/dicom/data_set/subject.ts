import { isDicom, readDicom } from "./file.ts";
import { TAG } from "./tags.ts";

/** Whom a DICOM file is of. */
export interface Subject {
  /** Patient ID. */
  id: string;
  /** Issuer of Patient ID; "" where it states none. */
  issuer: string;
}

/**
 * Reads whom a DICOM file is of, and nothing that lies behind it.
 *
 * @returns null for a file that states no Patient ID, and for bytes that are no readable DICOM file.
 */
export function readSubject(bytes: Uint8Array): Subject | null {
  if (!isDicom(bytes)) return null;
  try {
    const { dataset } = readDicom(bytes, (tag) => tag > TAG.issuerOfPatientId);
    const id = dataset.text(TAG.patientId);
    return id === ""
      ? null
      : { id, issuer: dataset.text(TAG.issuerOfPatientId) };
  } catch {
    // Whoever decodes the image says what is wrong with it.
    return null;
  }
}
