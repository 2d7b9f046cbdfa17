/** A data set of the DICOM JSON model (PS3.18 annex F), as an archive sends it: nothing of it is believed. */
export type JsonDataset = Record<string, unknown>;

/** The data sets of an answer; null where it is no list of them. */
export function parseDatasets(text: string): JsonDataset[] | null {
  const parsed = parseJson(text);
  return Array.isArray(parsed) && parsed.every(isObject) ? parsed : null;
}

/** The one data set of an answer; null where it is none. */
export function parseDataset(text: string): JsonDataset | null {
  const parsed = parseJson(text);
  return isObject(parsed) ? parsed : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Longest text of an attribute that is taken. */
const MAX_TEXT = 256;

/** The first value of an attribute as text; "" where it has none. */
export function textOf(dataset: JsonDataset, tag: number): string {
  const [value] = valuesOf(dataset, tag);
  const text = typeof value === "string" || typeof value === "number"
    ? `${value}`
    : "";
  return text.slice(0, MAX_TEXT).trim();
}

/** The values of an attribute as numbers, which some archives write as texts; empty where one is none. */
export function numbersOf(dataset: JsonDataset, tag: number): number[] {
  const numbers = valuesOf(dataset, tag).map((value) =>
    typeof value === "number"
      ? value
      : typeof value === "string" && value.trim() !== ""
      ? Number(value)
      : NaN
  );
  return numbers.every(Number.isFinite) ? numbers : [];
}

/** The items of a sequence. */
export function itemsOf(dataset: JsonDataset, tag: number): JsonDataset[] {
  return valuesOf(dataset, tag).filter(isObject);
}

function valuesOf(dataset: JsonDataset, tag: number): unknown[] {
  const name = tag.toString(16).toUpperCase().padStart(8, "0");
  const element = dataset[name];
  const values = isObject(element) ? element.Value : undefined;
  return Array.isArray(values) ? values : [];
}

const isObject = (value: unknown): value is JsonDataset =>
  typeof value === "object" && value !== null && !Array.isArray(value);
