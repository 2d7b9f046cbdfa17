import type { Bytes } from "../core/bytes.ts";
import type { Plane } from "../dicom/data_set/plane.ts";

/** A series of an archive, by its unique identifiers. */
export interface SeriesReference {
  study: string;
  series: string;
}

/** An object of an archive, by its unique identifiers. */
export interface InstanceReference extends SeriesReference {
  instance: string;
}

/** A series of a patient. Texts are the archive's, and empty where it states none. */
export interface ArchivedSeries extends SeriesReference {
  modality: string;
  description: string;
  studyDescription: string;
  /** DICOM DA: YYYYMMDD. */
  studyDate: string;
  number: string;
  /** How many objects it has; null where the archive does not say. */
  instances: number | null;
}

/** An object of a series. */
export interface ArchivedInstance {
  instance: string;
  /** 1 for an image of one frame, and for an object without pixels. */
  frames: number;
  /** Of an image of one frame; null where it states none. */
  plane: Plane | null;
  frameOfReference: string;
}

/**
 * A hospital's image archive. Every call ends with its signal, or after the archive's own time limit, and throws an
 * EdgeError: `archive-unavailable` where nothing answers, `archive-failed` where the archive refuses or its answer
 * cannot be used, `not-found` for what it does not have. No message quotes an identifier or an address.
 */
export interface Archive {
  /**
   * The series of the patient of exactly this Patient ID.
   *
   * @returns `complete` is false where the patient has more studies or series than are listed.
   */
  findSeries(
    patientId: string,
    signal: AbortSignal,
  ): Promise<{ series: ArchivedSeries[]; complete: boolean }>;
  /** The objects of a series, in slice order: see {@linkcode inSliceOrder}. */
  listInstances(
    series: SeriesReference,
    signal: AbortSignal,
  ): Promise<ArchivedInstance[]>;
  /**
   * The file of an object, which states the identifiers that were asked for.
   *
   * @throws EdgeError also `too-many-bytes` for one of more than `maxBytes`.
   */
  readInstance(
    instance: InstanceReference,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Bytes>;
  /**
   * Stores an object; resolves once the archive has confirmed it.
   *
   * @throws EdgeError `invalid-input` for a file that states no identifiers.
   */
  store(file: Bytes, signal: AbortSignal): Promise<InstanceReference>;
}
