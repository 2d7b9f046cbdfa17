import type { Dataset } from "./data_set.ts";
import { TAG } from "./tags.ts";

/**
 * The data set that holds the attributes of one functional group of a frame (PS3.3 §C.7.6.16): the frame's own group,
 * the group that all frames share, or, in a file of a single frame, the data set itself.
 */
export function groupOf(
  dataset: Dataset,
  frame: number,
  group: number,
): Dataset {
  return dataset.items(TAG.perFrameGroups)[frame]?.item(group) ??
    dataset.item(TAG.sharedGroups)?.item(group) ?? dataset;
}
