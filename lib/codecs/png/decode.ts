import { concat } from "../../core/bytes.ts";
import { readErrors } from "../../core/read_errors.ts";
import { inflate } from "../inflate.ts";
import { bits, type Put, STORED } from "./scanline.ts";
import { type PngHeader, readPngChunks } from "./chunks.ts";
import { maskSamples } from "./mask_samples.ts";
import type { DecodeOptions, Samples } from "../samples.ts";

/** Adam7's seven reduced pictures (§8.2): first column and row, and their steps. */
const ADAM7 = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];
/** The one pass of a picture that is not interlaced. */
const WHOLE = [{ x: 0, y: 0, dx: 1, dy: 1 }];

const { malformed } = readErrors("PNG");

/**
 * Decodes a PNG of any colour type and depth, interlaced or not, after PNG (third edition, W3C 2025). Alpha and tRNS
 * are dropped, as Pillow's `convert("RGB")` does, but for masks; gamma and colour profiles are ignored; of an APNG the
 * default picture is read. Result: H×W×C samples, C = 1 for greys, 3 for the rest.
 */
export function decodePng(
  bytes: Uint8Array,
  { forMask = false }: DecodeOptions = {},
): Samples {
  const chunks = readPngChunks(bytes);
  const { header, palette, data } = chunks;
  const { width, height, depth, colourType } = header;
  const passes = (header.interlaced ? ADAM7 : WHOLE)
    .map((pass) => ({
      ...pass,
      columns: Math.ceil((width - pass.x) / pass.dx),
      rows: Math.ceil((height - pass.y) / pass.dy),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);

  const stride = (columns: number) =>
    Math.ceil((columns * STORED[colourType] * depth) / 8);
  const total = passes.reduce(
    (sum, p) => sum + p.rows * (1 + stride(p.columns)),
    0,
  );
  const raw = inflate(
    data.length === 1 ? data[0] : concat(data),
    total,
    total,
    "PNG",
  );

  const channels = colourType === 0 || colourType === 4 ? 1 : 3;
  const size = width * height * channels;
  const out = depth === 16 ? new Uint16Array(size) : new Uint8Array(size);
  const step = Math.max(1, (STORED[colourType] * depth) >> 3);
  const put = writer(header, palette, out, channels);
  const more = forMask ? maskSamples(chunks) : undefined;
  let at = 0;
  for (const pass of passes) {
    const rowBytes = stride(pass.columns);
    for (let row = 0; row < pass.rows; row++) {
      unfilter(raw, at, rowBytes, step, row === 0);
      const first = (pass.y + row * pass.dy) * width + pass.x;
      put(raw, at + 1, pass.columns, first * channels, pass.dx * channels);
      more?.put(raw, at + 1, pass.columns, first, pass.dx);
      at += 1 + rowBytes;
    }
  }
  const max = colourType === 3 ? 255 : (1 << depth) - 1;
  const warnings = [
    ...chunks.warnings,
    ...(forMask ? chunks.maskWarnings : []),
  ];
  return {
    ...{ width, height, channels, max, lossy: false, data: out },
    ...more?.samples,
    ...(warnings.length > 0 && { warnings }),
  };
}

/**
 * Undoes one scanline's filter in place (§9.2), whose filter byte is at `at`; the line above lies before it in `raw`.
 */
function unfilter(
  raw: Uint8Array,
  at: number,
  length: number,
  step: number,
  first: boolean,
): void {
  const start = at + 1;
  const end = start + length;
  const up = length + 1;
  const filter = raw[at];
  if (filter === 0) return;
  if (filter === 1) {
    for (let i = start + step; i < end; i++) raw[i] += raw[i - step];
  } else if (filter === 2) {
    if (!first) { for (let i = start; i < end; i++) raw[i] += raw[i - up]; }
  } else if (filter === 3) {
    for (let i = start; i < end; i++) {
      const left = i - start < step ? 0 : raw[i - step];
      raw[i] += (left + (first ? 0 : raw[i - up])) >> 1;
    }
  } else if (filter === 4) {
    for (let i = start; i < end; i++) {
      const edge = i - start < step;
      const a = edge ? 0 : raw[i - step];
      const b = first ? 0 : raw[i - up];
      const c = edge || first ? 0 : raw[i - up - step];
      const pa = Math.abs(b - c);
      const pb = Math.abs(a - c);
      const pc = Math.abs(a + b - c - c);
      raw[i] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }
  } else {
    throw malformed(`a line uses filter ${filter}; wanted 0 to 4.`);
  }
}

/** Picks the loop that copies a scanline to `out`. */
function writer(
  { depth, colourType }: PngHeader,
  palette: Uint8Array | undefined,
  out: Uint8Array | Uint16Array,
  channels: 1 | 3,
): Put {
  const stored = STORED[colourType];
  if (colourType === 3) {
    const colours = palette!;
    return (raw, at, columns, to, step) => {
      for (let x = 0; x < columns; x++, to += step) {
        const i = 3 * bits(raw, at, x, depth);
        if (i >= colours.length) {
          throw malformed(
            `a pixel uses colour ${i / 3} of a palette of ${
              colours.length / 3
            }.`,
          );
        }
        out[to] = colours[i];
        out[to + 1] = colours[i + 1];
        out[to + 2] = colours[i + 2];
      }
    };
  }
  if (depth < 8) {
    return (raw, at, columns, to, step) => {
      for (let x = 0; x < columns; x++, to += step) {
        out[to] = bits(raw, at, x, depth);
      }
    };
  }
  if (depth === 16) {
    return (raw, at, columns, to, step) => {
      for (let x = 0; x < columns; x++, to += step, at += 2 * stored) {
        for (let c = 0; c < channels; c++) {
          out[to + c] = (raw[at + 2 * c] << 8) | raw[at + 2 * c + 1];
        }
      }
    };
  }
  return (raw, at, columns, to, step) => {
    if (stored === channels && step === channels) {
      out.set(raw.subarray(at, at + columns * stored), to);
      return;
    }
    for (let x = 0; x < columns; x++, to += step, at += stored) {
      for (let c = 0; c < channels; c++) out[to + c] = raw[at + c];
    }
  };
}
