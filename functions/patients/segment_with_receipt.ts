import type { ServedModel } from "../../lib/engine/catalogue.ts";
import type { InputFile, SegmentationAnswer } from "../../lib/engine/engine.ts";
import { EMBEDDING_MEDIA_TYPE } from "../../lib/format/embedding_file.ts";
import {
  type Answering,
  provenanceOf,
  type Source,
} from "../../lib/receipt/provenance.ts";
import { type Receipt, writeReceipt } from "../../lib/receipt/receipt.ts";
import type { Bytes } from "../../lib/core/bytes.ts";
import type { Enrolled } from "../../lib/store/types.ts";
import type { Services } from "../services.ts";

/** What was segmented by what. */
type Asked = Pick<
  Answering,
  | "source"
  | "embedding"
  | "label"
  | "revision"
  | "recipe"
  | "combine"
  | "position"
>;

/** An image file in a receipt; an embedding that a client made is none, but input of its own kind. */
export function sourceOf(file?: InputFile): Source | null {
  if (file === undefined || file.mediaType === EMBEDDING_MEDIA_TYPE) {
    return null;
  }
  return { bytes: file.bytes as Bytes, frame: file.frame };
}

/** Waits for a segmentation and writes its receipt, whose files are hashed meanwhile. */
export async function withReceipt(
  { environment }: Services,
  { manifest }: ServedModel,
  enrolled: Enrolled[],
  asked: Asked,
  segmenting: Promise<SegmentationAnswer>,
): Promise<{ answer: SegmentationAnswer; receipt: Receipt }> {
  const profiles = enrolled.map(({ reference: { reference }, profile }) => ({
    reference,
    bytes: profile,
  }));
  const answering = { ...asked, model: manifest, profiles };
  const [answer, provenance] = await Promise.all([
    segmenting,
    provenanceOf(answering, environment),
  ]);
  return { answer, receipt: await writeReceipt(provenance, answer.mask) };
}
