import { invalidInput } from "../core/errors.ts";

/** How a project's interface marks regions. */
export interface LabelConfig {
  /** The name of the tag that makes regions, `from_name`. */
  from: string;
  /** The name of the image's tag, `to_name`. */
  to: string;
  /** The field of a task that holds the image. */
  field: string;
  kind: RegionKind;
  labels: string[];
}

/** The tags that make masks; the first is preferred. */
export const REGION_KINDS = ["brushlabels", "polygonlabels"] as const;
export type RegionKind = typeof REGION_KINDS[number];

const TAG =
  /<(\/?)([A-Za-z]+)((?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*\/?>/g;
const ATTRIBUTE = /([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES = new Map([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&apos;", "'"],
]);

/** A tag of the interface; its names are in lower case. */
interface Tag {
  name: string;
  isEnd: boolean;
  attributes: Map<string, string>;
}

/**
 * Reads the tags of a project's interface that concern masks: the image, and its brush or polygons; the brush where
 * there are both. A few attributes of three tags are wanted, so no XML library is.
 *
 * @throws {EdgeError} `invalid-input` where there is none.
 */
export function readLabelConfig(xml: string): LabelConfig {
  const tags = tagsOf(xml);
  for (const kind of REGION_KINDS) {
    const at = tags.findIndex(({ name, isEnd }) => name === kind && !isEnd);
    const { attributes } = tags[at] ?? {};
    const [from, to] = [attributes?.get("name"), attributes?.get("toname")];
    const image = tags.find(({ name, attributes }) =>
      name === "image" && attributes.get("name") === to
    );
    const field = image?.attributes.get("value")?.replace(/^\$/, "");
    if (from === undefined || to === undefined || !field) continue;
    const end = tags.findIndex(({ name, isEnd }) => name === kind && isEnd);
    const labels = tags.slice(at + 1, Math.max(at + 1, end))
      .filter(({ name }) => name === "label")
      // Regions name a label by its alias where it has one.
      .flatMap(({ attributes: its }) =>
        its.get("alias") || its.get("value") || []
      );
    return { from, to, field, kind, labels };
  }
  throw invalidInput(
    "The labelling interface has no BrushLabels or PolygonLabels of an Image: add one of them.",
  );
}

function tagsOf(xml: string): Tag[] {
  return Array.from(
    withoutComments(xml).matchAll(TAG),
    ([, end, name, rest]) => ({
      name: name!.toLowerCase(),
      isEnd: end !== "",
      attributes: new Map(
        Array.from(rest!.matchAll(ATTRIBUTE), ([, name, a, b]) => [
          name!.toLowerCase(),
          (a ?? b ?? "").replace(/&\w+;/g, (one) => ENTITIES.get(one) ?? one),
        ]),
      ),
    }),
  );
}

/** In linear time, however many comments do not end. */
function withoutComments(xml: string): string {
  return xml.split("<!--").map((part, i) => {
    if (i === 0) return part;
    const end = part.indexOf("-->");
    return end < 0 ? "" : part.slice(end + 3);
  }).join("");
}
