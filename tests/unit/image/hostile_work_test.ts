import { stepsOf } from "../../support/steps.ts";
import { decodeImage } from "../../../lib/image/decode.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { countFrames, readFrames } from "../../../lib/image/frames.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import {
  type Damaged,
  damagedFiles,
  damagedVolumes,
} from "../../support/damaged.ts";
import { fixture } from "../../support/fixtures.ts";
import { length } from "../../support/length.ts";
import { workDone } from "../../support/work_done.ts";
import { ok } from "node:assert/strict";
import fc from "fast-check";

const limits = { maxPixels: 100_000 };
/** What a picture of the most pixels may take, and no file of a few kB more. */
const MOST = {
  steps: 50 * limits.maxPixels,
  allocated: 50 * limits.maxPixels,
  unpacked: 50 * limits.maxPixels,
  grown: 66 * 2 ** 20 + 16 * limits.maxPixels,
};
const FRAMES = 5;
/** The same files each time, but at full length. */
const SEED = length(20261129, Date.now() & 0x7fffffff);

/** Reads, and checks what it took against so many pictures of the most pixels. */
async function bounded(
  name: string,
  pictures: number,
  read: () => Promise<unknown>,
): Promise<void> {
  const work = { steps: 0, allocated: 0, unpacked: 0, grown: 0 };
  work.steps = await stepsOf(async () => {
    Object.assign(
      work,
      await workDone(() =>
        read().catch((error) => ok(error instanceof EdgeError, `${error}`))
      ),
    );
  });
  for (const [what, most] of Object.entries(MOST)) {
    const used = work[what as keyof typeof MOST];
    const limit = what === "grown" ? most : most * pictures;
    ok(used <= limit, `${name}: ${what} ${used}, at most ${limit}`);
  }
}

Deno.test("a damaged file costs no more than the largest picture", async () => {
  const decode = ({ name, bytes }: Damaged) =>
    bounded(name, 1, () => decodeImage(bytes, limits, 0));
  await fc.assert(fc.asyncProperty(damagedFiles, decode), {
    numRuns: length(100, 1000),
    seed: SEED,
  });
});

Deno.test("damaged DICOM and NIfTI files cost no more than the largest frames", async () => {
  const read = ({ name, bytes }: Damaged) =>
    bounded(name, FRAMES, async () => {
      countFrames(bytes);
      let frames = 0;
      for await (const _ of readFrames(bytes, limits)) {
        if (++frames === FRAMES) break;
      }
    });
  await fc.assert(fc.asyncProperty(damagedVolumes, read), {
    numRuns: length(100, 3000),
    seed: SEED,
  });
});

Deno.test("JPEG-LS damaged in any byte of its scan ends, and soon", async () => {
  const { name, bytes } = fixture("jpegls-signed.dcm");
  const random = mulberry32(1);
  const scan = bytes.lastIndexOf(0xda) + 10;
  for (let round = 0; round < length(100, 2000); round++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 40; i++) {
      const at = scan + Math.floor(random() * (bytes.length - scan));
      damaged[at] = Math.floor(random() * 256);
    }
    await bounded(name, 1, () => decodeImage(damaged, limits));
  }
});
