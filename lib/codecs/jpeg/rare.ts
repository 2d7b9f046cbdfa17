import type { Samples } from "../samples.ts";
import { readCoefficients } from "./coefficients.ts";
import { decodeLosslessJpeg } from "./lossless.ts";
import type { JpegMarkers } from "./markers.ts";
import { planeOf } from "./planes.ts";

/**
 * Decodes what MozJPEG does not: four components, 12 bits, and lossless files, which are rare. Sequential and
 * progressive files are transformed here; see {@linkcode decodeLosslessJpeg} for the others.
 *
 * @param markers of these bytes, whose size must have been checked.
 * @returns H×W×C samples, C = 1 or 3.
 * @throws {EdgeError} for damaged or cut streams; nothing is filled in.
 */
export function decodeRareJpeg(
  bytes: Uint8Array,
  { frame, colour }: JpegMarkers,
): Samples {
  const { width, height, precision, components } = frame;
  const isLossless = frame.process === 0xc3;
  // Greys of more than 8 bits are windowed, whatever their number of bits.
  const max = precision > 8 && components === 1 ? 65535 : 2 ** precision - 1;
  const samples = { width, height, max, lossy: !isLossless };
  if (isLossless) {
    const data = decodeLosslessJpeg(bytes, frame);
    return { ...samples, channels: components === 1 ? 1 : 3, data };
  }
  const planes = planesOf(bytes, frame);
  if (planes.length === 1) return { ...samples, channels: 1, data: planes[0] };
  if (colour !== "plain") turnToRgb(planes, 2 ** precision - 1);
  const data = precision > 8
    ? new Uint16Array(3 * width * height)
    : new Uint8Array(3 * width * height);
  if (components === 4) {
    return { ...samples, channels: 3, data: withBlack(planes, colour, data) };
  }
  planes.forEach((plane, c) => {
    for (let i = 0; i < plane.length; i++) data[3 * i + c] = plane[i];
  });
  return { ...samples, channels: 3, data };
}

/** All components in full resolution. */
export function planesOf(
  bytes: Uint8Array,
  frame: JpegMarkers["frame"],
): Uint16Array[] {
  const components = readCoefficients(bytes, frame);
  const most = {
    h: Math.max(...components.map(({ h }) => h)),
    v: Math.max(...components.map(({ v }) => v)),
  };
  return components.map((component) => {
    const plane = planeOf(component, frame.precision, frame, most);
    component.values = new Int16Array(0);
    return plane;
  });
}

/** Y'CbCr to RGB (T.871 §7), the first three planes, in place. */
function turnToRgb([red, green, blue]: Uint16Array[], max: number): void {
  const middle = (max + 1) / 2;
  const clip = (value: number) =>
    value < 0 ? 0 : value > max ? max : Math.floor(value + 0.5);
  for (let i = 0; i < red.length; i++) {
    const [y, cb, cr] = [red[i], green[i] - middle, blue[i] - middle];
    red[i] = clip(y + 1.402 * cr);
    green[i] = clip(y - 0.344136 * cb - 0.714136 * cr);
    blue[i] = clip(y + 1.772 * cb);
  }
}

/**
 * CMYK as Adobe writes it, 255 for no ink, to RGB: light that colour and black let pass. YCCK holds RGB as seen without
 * the black, inverted.
 */
function withBlack(
  planes: Uint16Array[],
  colour: JpegMarkers["colour"],
  out: Uint8Array | Uint16Array,
): Uint8Array | Uint16Array {
  const black = planes[3];
  for (let i = 0, to = 0; i < black.length; i++) {
    for (let c = 0; c < 3; c++) {
      const stored = planes[c][i];
      const light = colour === "plain" ? stored : 255 - stored;
      out[to++] = Math.round(light * black[i] / 255);
    }
  }
  return out;
}
