import type { Archive, InstanceReference } from "../../lib/archive/archive.ts";
import type { Bytes } from "../../lib/core/bytes.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import { invalid } from "../contract/problems.ts";

/**
 * Results are stored beside images of the archive alone, so that none is put where its patient is not.
 *
 * @throws EdgeError `validation` where a result is to be stored and its image was sent.
 */
export function requireArchived(
  store: boolean,
  image: (InputFile & { archived?: InstanceReference }) | undefined,
): void {
  if (!store || image?.archived !== undefined) return;
  const message =
    'needs an image of the archive: refer to it by {"dicomweb": reference}';
  throw invalid("query", [{ path: ["store"], message }]);
}

/**
 * Stores a result in the archive: a DICOM segmentation, which says itself where it belongs.
 *
 * @param file null where the structure is absent; then nothing is stored.
 */
export async function storeResult(
  archive: Archive,
  file: Bytes | null,
  signal: AbortSignal,
): Promise<InstanceReference | null> {
  return file === null ? null : await archive.store(file, signal);
}
