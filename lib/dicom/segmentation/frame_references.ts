import type { Dataset } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { type ImageFrame, refersTo } from "./annotated_image.ts";

/**
 * Whether a frame says that it was derived from the image's frame (PS3.3 §C.7.6.16.2.6), and then what it says of
 * where its pixels lie, in Spatial Locations Preserved, or "". Where no frame names its sources, the series that the
 * segmentation refers to counts for a single frame. Each group is read once, since all frames may share one of many
 * sources.
 */
export function referringTo(
  dataset: Dataset,
  image: ImageFrame,
): (frame: number) => string | undefined {
  const known = new Map<Dataset, string | undefined>();
  const bySeries = () =>
    dataset.items(TAG.referencedSeries).some((series) =>
        series.items(TAG.referencedInstances).some((instance) =>
          refersTo(instance, image)
        )
      )
      ? ""
      : undefined;
  const [count = 1] = dataset.decimals(TAG.frames);
  const shared = dataset.item(TAG.sharedGroups);
  const read = (holder: Dataset): string | undefined => {
    // What a file states of all its frames together does not say which of them is meant.
    if (holder === dataset && count > 1) return undefined;
    const sources = [
      ...holder.items(TAG.derivationImages).flatMap((derivation) =>
        derivation.items(TAG.sourceImages)
      ),
      ...holder.items(TAG.sourceImages),
    ];
    if (sources.length === 0) return bySeries();
    return sources.find((source) => refersTo(source, image))
      ?.text(TAG.locationsPreserved);
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
