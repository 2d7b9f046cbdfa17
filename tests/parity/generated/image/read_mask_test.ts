import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { EdgeError } from "../../../../lib/core/errors.ts";
import { readMask } from "../../../../lib/image/decode_mask.ts";

const FOLDER = new URL("../../golden/masks/", import.meta.url);
const LIMITS = { maxPixels: 1_000_000 };

/** How a mask file must be read; see tests/parity/golden/masks.py. */
interface Reading {
  file: string;
  segment?: string;
  image?: string;
  frame?: number;
  refused?: string;
  says: string[];
  choices?: string[];
  width: number;
  height: number;
  mask: string;
  kind: string;
  value: number | null;
  threshold: number | null;
  warnings: string[];
}

const load = (name: string) => Deno.readFileSync(new URL(name, FOLDER));
const readings: Reading[] = JSON.parse(
  new TextDecoder().decode(load("readings.json")),
);

for (const wanted of readings) {
  const { file, segment, image, frame } = wanted;
  const given = Object.entries({ segment, image, frame })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`);
  const title = [file, ...given].join(", ");
  const read = () =>
    readMask(load(file), LIMITS, {
      ...(segment !== undefined && { segment }),
      ...(image !== undefined && { image: { bytes: load(image), frame } }),
    });
  if (wanted.refused) {
    Deno.test(`readMask refuses ${title}`, async () => {
      await assert.rejects(read, (error) => {
        assert.ok(error instanceof EdgeError);
        assert.equal(error.code, wanted.refused);
        for (const part of wanted.says) {
          assert.ok(error.message.includes(part), error.message);
        }
        if (wanted.choices) assert.deepEqual(error.choices, wanted.choices);
        return true;
      });
    });
    continue;
  }
  Deno.test(`readMask reads ${title} as ${wanted.kind}`, async () => {
    const { mask, reading, warnings } = await read();
    assert.deepEqual([mask.width, mask.height], [wanted.width, wanted.height]);
    const inside = new Uint8Array(Buffer.from(wanted.mask, "base64"));
    assert.deepEqual(mask.data, inside.map((value) => value * 255));
    const pixels = inside.filter((value) => value === 1).length;
    const { kind, value, threshold } = wanted;
    const share = pixels / inside.length;
    assert.deepEqual(reading, { kind, value, threshold, pixels, share });
    assert.deepEqual(warnings.map(({ code }) => code), wanted.warnings);
  });
}
