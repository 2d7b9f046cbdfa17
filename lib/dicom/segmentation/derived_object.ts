import type { Bytes } from "../../core/bytes.ts";
import { TAG } from "../data_set/tags.ts";
import { deriveUid } from "../data_set/uid.ts";
import { writeDicom, type WriteElement } from "../data_set/write.ts";
import { firstOf } from "./elements.ts";
import type { ImageSource } from "./read_source.ts";
import type { SegmentDescription } from "./segment_description.ts";

const SOFTWARE = { uid: deriveUid("P2SAM Edge"), name: "P2SAM_EDGE_1" };

/** An object that is derived from an image: a segmentation, or a structure set. */
interface DerivedObject {
  sopClass: string;
  sopInstance: string;
  series: string;
  modality: string;
  /** Series Description, which is cut to 64 characters. */
  description: string;
  /** Digest of the model that made it, or null. */
  model: string | null;
  /** What it holds. */
  contents: WriteElement[];
}

/**
 * Writes an object that belongs to an image's patient and study, and has its date, so that equal input gives equal
 * bytes.
 *
 * @param representation as in {@linkcode writeDicom}.
 */
export function writeDerived(
  source: ImageSource,
  { sopClass, sopInstance, series, modality, description, model, contents }:
    DerivedObject,
  representation: "explicit" | "implicit",
): Bytes {
  return writeDicom(
    { classUid: sopClass, instanceUid: sopInstance },
    SOFTWARE,
    [
      ...source.shared,
      [TAG.sopClass, "UI", sopClass],
      [TAG.sopInstance, "UI", sopInstance],
      [TAG.seriesDate, "DA", source.date],
      [TAG.seriesTime, "TM", source.time],
      [TAG.modality, "CS", modality],
      [TAG.manufacturer, "LO", "P2SAM Edge"],
      [TAG.seriesDescription, "LO", firstOf(description, 64)],
      [TAG.modelName, "LO", "P2SAM Edge"],
      [TAG.deviceSerialNumber, "LO", model?.slice(0, 16) || "0"],
      [TAG.softwareVersions, "LO", SOFTWARE.name],
      [TAG.seriesInstance, "UI", series],
      [TAG.seriesNumber, "IS", "1"],
      [TAG.instanceNumber, "IS", source.instanceNumber],
      ...contents,
    ],
    representation,
  );
}

/** What tells objects of one image apart, as parts of a UID: what is described, and which model drew it. */
export function identityOf(
  { label, category, property, region, model }: SegmentDescription,
): string[] {
  return [
    model ?? "manual",
    label,
    ...[category, property, region].map((code) => JSON.stringify(code ?? null)),
  ];
}

/** Images as parts of a UID. */
export function imagesAsParts(sources: ImageSource[]): string[] {
  return sources.map(({ sopInstance, frame }) => `${sopInstance}#${frame}`);
}
