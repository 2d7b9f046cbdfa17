import type { Bytes } from "../../lib/core/bytes.ts";
import type { ServedModel } from "../../lib/engine/catalogue.ts";
import type {
  EmbeddingFile,
  InputFile,
  SegmentationAnswer,
  SegmentationRequest,
} from "../../lib/engine/engine.ts";
import type { Work } from "../../lib/engine/work.ts";
import { EMBEDDING_MEDIA_TYPE } from "../../lib/format/embedding_file.ts";
import { RECIPES } from "../../lib/pipeline/recipe.ts";
import {
  type AnswerInputs,
  provenanceOf,
  type Source,
} from "../../lib/receipt/provenance.ts";
import { type Receipt, writeReceipt } from "../../lib/receipt/receipt.ts";
import type { Services } from "../services.ts";
import type { Chosen } from "./choose_references.ts";

/** What is segmented, and with what. */
export interface Asked
  extends Pick<AnswerInputs, "source" | "label" | "recipe"> {
  embedding: EmbeddingFile;
  chosen: Chosen;
  /** Of the label's references. */
  revision: number;
  /** 0..1, where the references were chosen by it. */
  position: number | undefined;
  explain: boolean;
}

/** The image file that a receipt states; null for an embedding that the client made, which a receipt states as such. */
export function sourceOf(file?: InputFile): Source | null {
  if (file === undefined || file.mediaType === EMBEDDING_MEDIA_TYPE) {
    return null;
  }
  const { bytes, frame } = file;
  const source = { bytes: bytes as Bytes };
  return frame === undefined ? source : { ...source, frame };
}

/**
 * Segments an image and writes the receipt of the answer. The files are hashed while the engine works.
 *
 * @param form a file that is answered in place of JSON.
 */
export async function segmentWithReceipt(
  { environment }: Services,
  { manifest, engineFor }: ServedModel,
  work: Work,
  { chosen, explain, position, ...asked }: Asked,
  form: Pick<SegmentationRequest, "png" | "source"> = {},
): Promise<{ answer: SegmentationAnswer; receipt: Receipt }> {
  const { enrolled, combine } = chosen;
  const segmenting = engineFor(work).segment(
    asked.embedding.bytes,
    enrolled.map(({ profile }) => profile),
    {
      recipe: RECIPES[asked.recipe],
      combine,
      every: explain,
      trace: explain,
      ...form,
    },
  );
  const answering: AnswerInputs = {
    ...asked,
    combine,
    ...(position !== undefined && { position }),
    model: manifest,
    profiles: enrolled.map(({ reference: { reference }, profile }) => ({
      reference,
      bytes: profile,
    })),
  };
  const [answer, provenance] = await Promise.all([
    segmenting,
    provenanceOf(answering, environment),
  ]);
  return { answer, receipt: await writeReceipt(provenance, answer.mask) };
}
