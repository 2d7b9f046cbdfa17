import { readErrors } from "../../core/read_errors.ts";
import type { SampleArray } from "../sample_array.ts";
import type { DecodeOptions, Samples } from "../samples.ts";
import { type Jp2Colours, type Palette, readJp2 } from "./boxes.ts";
import { decodeJpeg2000 } from "./decode.ts";
import { type Jpeg2000Header, readJpeg2000Header } from "./header.ts";
import { selectComponents } from "./select.ts";

const { malformed, unsupported } = readErrors("JPEG 2000");

const [CMYK, SYCC] = [12, 18];

/**
 * Decodes a JP2 file or a bare codestream (T.800): grey or colour of up to 16 bits, with a palette or sYCC turned into
 * RGB, and with an alpha channel. Result: H×W×C samples.
 *
 * @throws {EdgeError} also for CMYK, signed samples, and components that are not alike.
 */
export async function decodeJpeg2000File(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Promise<Samples> {
  const colours = readJp2(bytes);
  const header = readJpeg2000Header(colours.codestream);
  if (header.isSigned || !header.isUniform) {
    throw unsupported(
      "components of one depth without a sign",
      header.isSigned ? "signed ones" : "several depths",
    );
  }
  if (header.precision > 16) {
    throw unsupported("up to 16 bits", `${header.precision}`);
  }
  const { colour, alpha } = channelsOf(colours, header);
  const { palette } = colours;
  const decoded = await readComponents(
    colours.codestream,
    header,
    palette === undefined ? colour : [0],
  );
  const depth = palette?.depth ?? header.precision;
  const max = (1 << depth) - 1;
  const data = palette === undefined
    ? decoded
    : lookUp(decoded, palette, colour);
  if (colours.space === SYCC && colour.length === 3) turnToRgb(data, max);
  const { width, height } = header;
  return {
    ...{
      width,
      height,
      data,
      max: depth > 8 && colour.length === 1 ? 65535 : max,
    },
    channels: colour.length === 1 ? 1 : 3,
    lossy: header.isLossy,
    ...(forMask && alpha !== undefined && {
      alpha: Uint8Array.from(
        palette === undefined
          ? await readComponents(colours.codestream, header, [alpha])
          : lookUp(decoded, palette, [alpha]),
        (value) => Math.round(value * 255 / max),
      ),
    }),
    ...(forMask && palette !== undefined && header.precision <= 8 && {
      indices: Uint8Array.from(decoded),
    }),
  };
}

/** Which channels are the colours, in the order of red, green and blue, and which is the opacity. */
function channelsOf(
  { space, palette, channels }: Jp2Colours,
  { components }: Jpeg2000Header,
): { colour: number[]; alpha: number | undefined } {
  if (space === CMYK) {
    throw unsupported("grey or RGB", "CMYK; export it as RGB");
  }
  const count = palette?.columns.length ?? components;
  const all = Array.from({ length: count }, (_, i) => i);
  const isOpacity = (i: number) => {
    const type = channels.get(i)?.type;
    return type === undefined ? i === count - 1 && count % 2 === 0 : type !== 0;
  };
  const colour = all.filter((i) => !isOpacity(i));
  const alpha = all.find((i) => isOpacity(i));
  if (colour.length !== 1 && colour.length !== 3) {
    throw unsupported("grey or RGB", `${colour.length} colours`);
  }
  const placeOf = (i: number) => channels.get(i)?.colour || i + 1;
  return { colour: colour.sort((a, b) => placeOf(a) - placeOf(b)), alpha };
}

/** Some components of a codestream, interleaved: one, or three. */
async function readComponents(
  codestream: Uint8Array,
  header: Jpeg2000Header,
  wanted: number[],
): Promise<Uint8Array | Uint16Array> {
  const { components } = header;
  if (wanted.some((component) => component >= components)) {
    throw malformed("it names a component that does not exist.");
  }
  if (
    wanted.length === components && wanted.every((index, i) => index === i)
  ) return await decodeJpeg2000(codestream, header);
  return await decodeJpeg2000(
    selectComponents(codestream, header, wanted),
    { ...header, components: wanted.length },
    components,
  );
}

/** The colours of indices, interleaved, from columns of a palette. */
function lookUp(
  indices: Uint8Array | Uint16Array,
  { columns, depth }: Palette,
  channels: number[],
): Uint8Array | Uint16Array {
  const length = indices.length * channels.length;
  const out = depth > 8 ? new Uint16Array(length) : new Uint8Array(length);
  const entries = columns[0].length;
  channels.forEach((channel, c) => {
    const column = columns[channel];
    for (let i = 0, to = c; i < indices.length; i++, to += channels.length) {
      if (indices[i] >= entries) {
        throw malformed(
          `a pixel uses colour ${indices[i]} of a palette of ${entries}.`,
        );
      }
      out[to] = column[indices[i]];
    }
  });
  return out;
}

/** sYCC (IEC 61966-2-1 amendment 1, annex F) to RGB, in place. */
function turnToRgb(data: SampleArray, max: number): void {
  const middle = (max + 1) / 2;
  const clip = (value: number) =>
    Math.min(max, Math.max(0, Math.floor(value + 0.5)));
  for (let i = 0; i < data.length; i += 3) {
    const [y, cb, cr] = [data[i], data[i + 1] - middle, data[i + 2] - middle];
    data[i] = clip(y + 1.402 * cr);
    data[i + 1] = clip(y - 0.344136 * cb - 0.714136 * cr);
    data[i + 2] = clip(y + 1.772 * cb);
  }
}
