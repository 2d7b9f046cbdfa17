import type { Bytes } from "../../lib/core/bytes.ts";
import { concat } from "../../lib/core/bytes.ts";
import { hexDigest } from "../../lib/core/digest.ts";
import { invalidInput } from "../../lib/core/errors.ts";
import type { InputFile } from "../../lib/engine/engine.ts";
import type {
  KeptAnnotation,
  Reference,
} from "../../lib/store/profiles/reference.ts";
import { invalid } from "../contract/problems.ts";
import type { Services } from "../services.ts";

/**
 * What enrols a stored reference anew, by another model, when only its image is sent: its annotation, label and
 * position.
 *
 * @throws EdgeError `validation` when nothing is kept of such a reference, `invalid-input` for another image.
 */
export async function keptAnnotation(
  { profiles }: Pick<Services, "profiles">,
  tenant: string,
  { patient, reference }: { patient: string; reference: string },
  image: InputFile | undefined,
): Promise<{ reference: Reference; annotation: KeptAnnotation }> {
  const kept = image && await profiles.annotation(tenant, patient, reference);
  const found = kept && await profiles.find(tenant, patient, reference);
  if (!image || !kept || !found) {
    const message =
      "needs either mask, prompts or rle, and has none; only a reference that was enrolled with its image file " +
      "can be enrolled again from just that file";
    throw invalid("body", [{ path: [], message }]);
  }
  if (await imageDigest(image) !== kept.image) {
    throw invalidInput(
      `The image is another file, or frame, than the one that reference "${reference}" was annotated on; ` +
        "send that one, or a mask with this one.",
    );
  }
  return { reference: found, annotation: kept };
}

/** sha256(`#`, the frame and a space, where one is named ‖ file bytes), hex. */
export function imageDigest({ bytes, frame }: InputFile): Promise<string> {
  const which = frame === undefined ? "" : `#${frame} `;
  return hexDigest(concat([new TextEncoder().encode(which), bytes as Bytes]));
}
