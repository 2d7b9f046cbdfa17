import type { Engine, InputFile } from "../engine/engine.ts";
import type { EnrolmentReport } from "../pipeline/self_tests.ts";
import type { Bytes } from "../core/bytes.ts";
import { naming } from "./arguments.ts";

/** Makes the profile's file, and its report; an error names the file at fault. All copies are tried, whatever it takes. */
export async function enrol(
  engine: Engine,
  image: { path: string; file: InputFile },
  mask: { path: string; file: InputFile; segment?: number },
): Promise<{ profile: Bytes; report: EnrolmentReport }> {
  const embedding = await naming(image.path, () => engine.embed(image.file));
  const { file, segment } = mask;
  const annotation = { file, image: image.file, segment };
  const tests = { image: image.file, budget: Infinity };
  const { bytes, report } = await naming(
    mask.path,
    () => engine.enrol(embedding.bytes, annotation, tests),
  );
  return { profile: bytes, report: report! };
}
