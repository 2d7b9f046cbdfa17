import { examine } from "../engine/self_tests.ts";
import type { Engine, InputFile } from "../engine/engine.ts";
import type { EnrolmentReport } from "../pipeline/self_tests.ts";
import type { Bytes } from "../core/bytes.ts";
import { usingFile } from "../core/files.ts";

/** Enrols an annotated image with all its self-tests, however long they take; an error names the file at fault. */
export async function enrol(
  engine: Engine,
  image: { path: string; file: InputFile },
  mask: { path: string; file: InputFile; segment?: number | undefined },
): Promise<{ profile: Bytes; report: EnrolmentReport }> {
  const embedding = await usingFile(image.path, () => engine.embed(image.file));
  const { file, segment } = mask;
  const annotation = {
    file,
    image: image.file,
    ...(segment !== undefined && { segment }),
  };
  const enrolled = await usingFile(
    mask.path,
    () => engine.enrol(embedding.bytes, annotation),
  );
  return await examine(
    engine,
    { embedding: embedding.bytes, enrolled, image: image.file },
    { budget: Infinity },
  );
}
