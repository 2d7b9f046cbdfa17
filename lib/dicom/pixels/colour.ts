import { malformed } from "../data_set/data_set.ts";
import { TAG } from "../data_set/tags.ts";
import { tableOf } from "./display.ts";
import type { DicomLayout } from "./layout.ts";
import type { Words } from "./native.ts";

/** Turns YBR_FULL into RGB in place (PS3.3 §C.7.6.3.1.2), 8 bits, interleaved. */
export function fromYbrFull(data: Words): void {
  const clamp = (v: number) => Math.min(Math.max(Math.round(v), 0), 255);
  for (let i = 0; i < data.length; i += 3) {
    const y = data[i];
    const cb = data[i + 1] - 128;
    const cr = data[i + 2] - 128;
    data[i] = clamp(y + 1.402 * cr);
    data[i + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    data[i + 2] = clamp(y + 1.772 * cb);
  }
}

/** Turns indices into 8-bit RGB by the red, green and blue palettes (PS3.3 §C.7.6.3.1.5, .6). */
export function fromPalette(
  { dataset, signed }: DicomLayout,
  data: ArrayLike<number>,
): Uint8Array {
  const rgb = new Uint8Array(data.length * 3);
  const palettes = [
    [TAG.redDescriptor, TAG.redData],
    [TAG.greenDescriptor, TAG.greenData],
    [TAG.blueDescriptor, TAG.blueData],
  ];
  palettes.forEach(([descriptor, tag], c) => {
    const [entries, , bits] = dataset.shorts(descriptor);
    const [, first] = dataset.shorts(descriptor, signed);
    const table = tableOf(dataset, tag, entries || 0x10000);
    if (entries === undefined || table === undefined) {
      throw malformed("its palette is missing, segmented or cut short.");
    }
    // Entries in 16 bits may hold 8-bit values; the descriptor says which.
    const shift = bits === 16 && table instanceof Uint16Array ? 8 : 0;
    const last = table.length - 1;
    for (let i = 0, to = c; i < data.length; i++, to += 3) {
      rgb[to] = table[Math.min(Math.max(data[i] - first, 0), last)] >> shift;
    }
  });
  return rgb;
}
