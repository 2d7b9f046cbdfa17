import type { Dataset } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { type ImageFrame, refersTo } from "./annotated_image.ts";

/** What a frame says of the image that it was derived from. */
export interface FrameReference {
  /** Spatial Locations Preserved, or "". */
  preserved: string;
  /** Whether it names the image's frame. */
  namesFrame: boolean;
  /** Whether it names other images too. */
  namesOthers: boolean;
}

/**
 * Whether a frame says that it was derived from the image's frame (PS3.3 §C.7.6.16.2.6), and then what it says of it.
 * Where no frame names its sources, the series that the segmentation refers to counts for a single frame. Each group is
 * read once, since all frames may share one of many sources.
 */
export function referringTo(
  dataset: Dataset,
  image: ImageFrame,
): (frame: number) => FrameReference | undefined {
  const known = new Map<Dataset, FrameReference | undefined>();
  const [count = 1] = dataset.decimals(TAG.frames);
  const shared = dataset.item(TAG.sharedGroups);
  const read = (holder: Dataset): FrameReference | undefined => {
    // What a file states of all its frames together does not say which of them is meant.
    if (holder === dataset && count > 1) return undefined;
    const sources = [
      ...holder.items(TAG.derivationImages).flatMap((derivation) =>
        derivation.items(TAG.sourceImages)
      ),
      ...holder.items(TAG.sourceImages),
    ];
    const inSeries = sources.length > 0 ? [] : dataset
      .items(TAG.referencedSeries)
      .flatMap((series) => series.items(TAG.referencedInstances));
    const named = [...sources, ...inSeries];
    const source = named.find((item) => refersTo(item, image));
    return source && {
      preserved: source.text(TAG.locationsPreserved),
      namesFrame: source.has(TAG.referencedFrames),
      namesOthers: named.some((item) =>
        item.text(TAG.referencedInstance) !== image.instance
      ),
    };
  };
  return (frame) => {
    const own = dataset.items(TAG.perFrameGroups)[frame];
    const holder =
      [own, shared].find((one) => one?.has(TAG.derivationImages)) ??
        dataset;
    if (!known.has(holder)) known.set(holder, read(holder));
    return known.get(holder);
  };
}
