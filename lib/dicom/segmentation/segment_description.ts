/** A coded concept (PS3.3 §8): value, coding scheme designator, meaning. */
export interface Code {
  value: string;
  scheme: string;
  meaning: string;
}

/** The description of a segment in a DICOM segmentation. */
export interface SegmentDescription {
  /** Name of the structure, in any script. */
  label: string;
  /** Segmented Property Category and Type, CID 7150 and those below it. */
  category: Code;
  property: Code;
  /** Anatomic region, for a finding in an organ. */
  region?: Code | undefined;
  /** Digest of the model that made the masks; null for masks that a person answers for. */
  model: string | null;
}

/** The category and property of a structure of which nothing more is stated. */
export const TISSUE: Code = {
  value: "85756007",
  scheme: "SCT",
  meaning: "Tissue",
};

/** Reads `value:scheme:meaning`, such as `10200004:SCT:Liver`; null for any other text. */
export function parseCode(text: string): Code | null {
  const [, value, scheme, meaning] =
    /^([\w.-]{1,16}):([A-Z0-9_]{1,16}):([\x20-\x5b\x5d-\x7e]{1,64})$/
      .exec(text) ?? [];
  return value === undefined || scheme === undefined || meaning === undefined
    ? null
    : { value, scheme, meaning };
}
