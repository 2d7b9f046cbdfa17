import { createHash } from "node:crypto";

/** SOP class of segmentations, Segmentation Storage (PS3.6 table A-1). */
export const SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4";
/** SOP class of label maps, Label Map Segmentation Storage. */
export const LABEL_MAP_STORAGE = "1.2.840.10008.5.1.4.1.1.66.7";
/** SOP class of radiotherapy's contours, RT Structure Set Storage. */
export const STRUCTURE_SET_STORAGE = "1.2.840.10008.5.1.4.1.1.481.3";

/** SOP class by which structure sets refer to a study, Detached Study Management (retired). */
export const STUDY_CLASS = "1.2.840.10008.3.1.2.3.1";

/**
 * A UID that follows from what it names (PS3.5 §B.2): 2.25 and the integer of a version 8 UUID (RFC 9562 §5.8) made
 * of a SHA-256. Equal parts give equal UIDs.
 */
export function deriveUid(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string"
      ? new TextEncoder().encode(part)
      : part;
    // With its length, so that no two lists of parts hash the same bytes.
    hash.update(`${bytes.length}:`);
    hash.update(bytes);
  }
  const uuid = new DataView(new Uint8Array(hash.digest()).buffer, 0, 16);
  uuid.setUint8(6, (uuid.getUint8(6) & 0x0f) | 0x80);
  uuid.setUint8(8, (uuid.getUint8(8) & 0x3f) | 0x80);
  const integer = uuid.getBigUint64(0) << 64n | uuid.getBigUint64(8);
  return `2.25.${integer}`;
}

/** Digits and dots. PS3.5 §9.1 wants components without leading zeros; some devices write them all the same. */
const UID = /^\d+(\.\d+)*$/;

/** Whether a text is a unique identifier (PS3.5 §9.1), or one with leading zeros: at most 64 characters. */
export function isUid(text: string): boolean {
  return text.length <= 64 && UID.test(text);
}
