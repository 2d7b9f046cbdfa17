import { isDicom, readDicom } from "./file.ts";
import { TAG } from "./tags.ts";

/** Which object a DICOM file holds, by its unique identifiers. */
export interface Identity {
  study: string;
  series: string;
  instance: string;
}

/**
 * Reads the identifiers of a DICOM file, and nothing that lies behind them; "" for those that it does not state.
 *
 * @returns null for bytes that are no DICOM file.
 * @throws {EdgeError} for a file that is cut short or contradicts its format before they end.
 */
export function readIdentity(bytes: Uint8Array): Identity | null {
  if (!isDicom(bytes)) return null;
  const { dataset } = readDicom(bytes, (tag) => tag > TAG.seriesInstance);
  return {
    study: dataset.text(TAG.studyInstance),
    series: dataset.text(TAG.seriesInstance),
    instance: dataset.text(TAG.sopInstance),
  };
}
