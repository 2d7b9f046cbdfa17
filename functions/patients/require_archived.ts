import { invalid } from "../contract/problems.ts";

/**
 * Results are stored beside images of the archive alone, so that none is put where its patient is not.
 *
 * @throws EdgeError `validation` where a result is to be stored and its images were sent.
 */
export function requireArchived(store: boolean, isArchived: boolean): void {
  if (!store || isArchived) return;
  const message =
    'needs an image of the archive: refer to it by {"dicomweb": reference}';
  throw invalid("query", [{ path: ["store"], message }]);
}
