import { readErrors } from "../../core/read_errors.ts";
import { JpegLsBits } from "./bits.ts";
import type { JpegFrame } from "../jpeg/markers.ts";

/** Words of 8 or 16 bits. */
type Words = Uint8Array | Uint16Array;

/** The parameters of a scan: the coding parameters of T.87 §C.2.4.1 and the scan header. */
interface Coding {
  maximum: number;
  near: number;
  thresholds: [number, number, number];
  reset: number;
}

/** Run lengths by index, as powers of two (T.87 §A.7.1.1). */
const J = [
  ...[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
  ...[4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15],
];
/** Contexts of regular mode; those of run interruptions follow (T.87 §A.3, §A.7.2). */
const REGULAR = 365;

const { damaged, truncated } = readErrors("JPEG-LS");

/**
 * Decodes JPEG-LS (ITU-T T.87), lossless or near-lossless, of 2 to 16 bits, in any interleaving. This is our own
 * decoder, since CharLS, as built for the web, loops for minutes on damaged data.
 *
 * @param frame its header, whose size must have been checked.
 * @returns H×W×C samples, interleaved.
 * @throws {EdgeError} for damaged or cut streams.
 */
export function decodeJpegLs(bytes: Uint8Array, frame: JpegFrame): Words {
  const { width, height, components, precision } = frame;
  const size = width * height * components;
  const out = precision > 8 ? new Uint16Array(size) : new Uint8Array(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let preset: number[] = [];
  let done = 0;
  for (let at = 2; done < components;) {
    if (at + 4 > bytes.length) throw truncated("inside its picture data");
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xd9) throw damaged();
    if (marker === 0xff) {
      at++;
      continue;
    }
    const end = at + 2 + view.getUint16(at + 2);
    const body = at + 4;
    if (end < body || end > bytes.length) {
      throw truncated("inside its picture data");
    }
    at = end;
    if (marker === 0xf8) {
      if (end - body < 11 || bytes[body] !== 1) throw damaged();
      preset = [1, 3, 5, 7, 9].map((offset) => view.getUint16(body + offset));
    } else if (
      marker === 0xdd && bytes.subarray(body, end).some((byte) => byte !== 0)
    ) {
      // Restart intervals, which no DICOM writer makes.
      throw damaged();
    } else if (marker === 0xda) {
      const count = bytes[body];
      if (end - body < 4 + 2 * count) throw damaged();
      const [near, interleave] = bytes.subarray(body + 1 + 2 * count);
      const single = count === 1 && components > 1;
      if (
        count !== (single ? 1 : components) ||
        (count > 1 && !(interleave === 1 || interleave === 2))
      ) {
        throw damaged();
      }
      const coding = codingOf(preset, near, precision);
      const scan = new Scan(new JpegLsBits(bytes, end), coding);
      const planes = Array.from({ length: count }, (_, i) => done + i);
      scan.decode(out, frame, planes, interleave === 2);
      at = scan.end;
      done += count;
    }
  }
  return out;
}

/** T.87 §C.2.4.1.1: what is stated, or the defaults. */
function codingOf(
  [max = 0, t1 = 0, t2 = 0, t3 = 0, reset = 0]: number[],
  near: number,
  precision: number,
): Coding {
  const maximum = max || 2 ** precision - 1;
  const clamp = (value: number, least: number) =>
    value > maximum || value < least ? least : value;
  const large = maximum >= 128;
  const factor = large
    ? Math.floor((Math.min(maximum, 4095) + 128) / 256)
    : Math.floor(256 / (maximum + 1));
  const basic = (value: number, least: number, nears: number) =>
    large
      ? factor * (value - least) + least + nears * near
      : Math.max(least, Math.floor(value / factor) + nears * near);
  const first = t1 || clamp(basic(3, 2, 3), near + 1);
  const second = t2 || clamp(basic(7, 3, 5), first);
  const third = t3 || clamp(basic(21, 4, 7), second);
  const ordered = near < first && first <= second && second <= third &&
    third <= maximum;
  if (
    maximum < 1 || maximum >= 2 ** precision ||
    near > Math.min(255, maximum >> 1) || !ordered
  ) {
    throw damaged();
  }
  return {
    maximum,
    near,
    thresholds: [first, second, third],
    reset: reset || 64,
  };
}

/** The state of one scan: its contexts, and what follows from the coding parameters. */
class Scan {
  readonly #bits: JpegLsBits;
  readonly #maximum: number;
  readonly #near: number;
  readonly #step: number;
  readonly #range: number;
  readonly #bitsPerError: number;
  readonly #limit: number;
  readonly #reset: number;
  /** The quantised gradient of every difference, from −maximum on. */
  readonly #quantised: Int8Array;
  readonly #a: Int32Array;
  readonly #b = new Int32Array(REGULAR);
  readonly #c = new Int32Array(REGULAR);
  readonly #n = new Int32Array(REGULAR + 2).fill(1);
  /** Negative errors of the two contexts of run interruptions. */
  readonly #negatives = [0, 0];

  constructor(bits: JpegLsBits, { maximum, near, thresholds, reset }: Coding) {
    this.#bits = bits;
    this.#maximum = maximum;
    this.#near = near;
    this.#reset = reset;
    this.#step = 2 * near + 1;
    this.#range = Math.floor((maximum + 2 * near) / this.#step) + 1;
    this.#bitsPerError = Math.ceil(Math.log2(this.#range));
    const depth = Math.max(2, Math.ceil(Math.log2(maximum + 1)));
    this.#limit = 2 * (depth + Math.max(8, depth));
    this.#a = new Int32Array(REGULAR + 2).fill(
      Math.max(2, (this.#range + 32) >> 6),
    );
    this.#quantised = Int8Array.from({ length: 2 * maximum + 1 }, (_, i) => {
      const size = Math.abs(i - maximum);
      if (size <= near) return 0;
      const region = 1 +
        thresholds.filter((threshold) => size >= threshold).length;
      return i < maximum ? -region : region;
    });
  }

  /** Where the marker after the scan is. */
  get end(): number {
    return this.#bits.end;
  }

  /**
   * Decodes the samples of the components `planes` into the picture.
   *
   * @param bySample whether they are interleaved by sample, not by line.
   */
  decode(
    out: Words,
    { width, height, components }: JpegFrame,
    planes: number[],
    bySample: boolean,
  ): void {
    // A line with one value before and one after it (T.87 §A.2.1).
    const line = () => new Int32Array(width + 2);
    let above = planes.map(line);
    let here = planes.map(line);
    const runs = planes.map(() => 0);
    for (let y = 0; y < height; y++) {
      planes.forEach((_, i) => {
        above[i][width + 1] = above[i][width];
        here[i][0] = above[i][1];
      });
      if (bySample) runs[0] = this.#line(above, here, width, runs[0]);
      else {
        planes.forEach((_, i) => {
          runs[i] = this.#line([above[i]], [here[i]], width, runs[i]);
        });
      }
      planes.forEach((plane, i) => {
        const row = here[i];
        let to = y * width * components + plane;
        for (let x = 1; x <= width; x++, to += components) out[to] = row[x];
      });
      [above, here] = [here, above];
    }
  }

  /** Decodes a line of one component, or of several sample by sample; returns the new run index. */
  #line(
    above: Int32Array[],
    here: Int32Array[],
    width: number,
    run: number,
  ): number {
    const count = here.length;
    const quantised = this.#quantised;
    const zero = this.#maximum;
    const contexts = new Int32Array(count);
    for (let x = 1; x <= width;) {
      let flat = true;
      for (let i = 0; i < count; i++) {
        const up = above[i];
        const [b, c, d] = [up[x], up[x - 1], up[x + 1]];
        contexts[i] = 81 * quantised[d - b + zero] +
          9 * quantised[b - c + zero] +
          quantised[c - here[i][x - 1] + zero];
        if (contexts[i] !== 0) flat = false;
      }
      if (flat) {
        // Run mode (T.87 §A.7).
        const from = x;
        while (x <= width && this.#bits.read(1) === 1) {
          const length = 1 << J[run];
          if (length <= width + 1 - x && run < 31) run++;
          x += Math.min(length, width + 1 - x);
        }
        const rest = x <= width ? this.#bits.read(J[run]) : 0;
        if (x <= width && x + rest > width) throw damaged();
        x += rest;
        for (const row of here) row.fill(row[from - 1], from, x);
        if (x > width) break;
        for (let i = 0; i < count; i++) {
          here[i][x] = this.#interruption(
            here[i][x - 1],
            above[i][x],
            count > 1,
            run,
          );
        }
        if (run > 0) run--;
      } else {
        for (let i = 0; i < count; i++) {
          const up = above[i];
          here[i][x] = this.#regular(
            contexts[i],
            here[i][x - 1],
            up[x],
            up[x - 1],
          );
        }
      }
      x++;
    }
    return run;
  }

  /** A sample of regular mode (T.87 §A.4 to §A.6). */
  #regular(signed: number, a: number, b: number, c: number): number {
    const sign = signed < 0 ? -1 : 1;
    const q = signed * sign;
    const predicted = c >= Math.max(a, b)
      ? Math.min(a, b)
      : c <= Math.min(a, b)
      ? Math.max(a, b)
      : a + b - c;
    const corrected = Math.min(
      Math.max(predicted + sign * this.#c[q], 0),
      this.#maximum,
    );
    const k = this.#golomb(this.#a[q], this.#n[q]);
    const mapped = this.#bits.golomb(k, this.#limit, this.#bitsPerError);
    const inverted = this.#near === 0 && k === 0 &&
      2 * this.#b[q] <= -this.#n[q];
    const plain = mapped & 1 ? -((mapped + 1) >> 1) : mapped >> 1;
    const error = inverted ? -plain - 1 : plain;
    this.#update(q, error);
    return this.#reconstruct(corrected, sign * error);
  }

  #update(q: number, error: number): void {
    this.#a[q] += Math.abs(error);
    this.#b[q] += error * this.#step;
    if (this.#n[q] === this.#reset) {
      this.#a[q] >>= 1;
      this.#b[q] >>= 1;
      this.#n[q] >>= 1;
    }
    const n = ++this.#n[q];
    if (this.#b[q] <= -n) {
      this.#b[q] = Math.max(this.#b[q] + n, 1 - n);
      if (this.#c[q] > -128) this.#c[q]--;
    } else if (this.#b[q] > 0) {
      this.#b[q] = Math.min(this.#b[q] - n, 0);
      if (this.#c[q] < 127) this.#c[q]++;
    }
  }

  /** The sample that ends a run (T.87 §A.7.2). */
  #interruption(a: number, b: number, bySample: boolean, run: number): number {
    const same = !bySample && Math.abs(a - b) <= this.#near;
    const type = same ? 1 : 0;
    const q = REGULAR + type;
    const n = this.#n[q];
    const k = this.#golomb(this.#a[q] + (same ? n >> 1 : 0), n);
    const coded = this.#bits.golomb(
      k,
      this.#limit - J[run] - 1,
      this.#bitsPerError,
    );
    const size = (coded + type + 1) >> 1;
    const odd = ((coded + type) & 1) === 1;
    const negative = (k !== 0 || 2 * this.#negatives[type] >= n) === odd;
    const error = negative ? -size : size;
    if (error < 0) this.#negatives[type]++;
    this.#a[q] += (coded + 1 - type) >> 1;
    if (n === this.#reset) {
      this.#a[q] >>= 1;
      this.#n[q] >>= 1;
      this.#negatives[type] >>= 1;
    }
    this.#n[q]++;
    return this.#reconstruct(same ? a : b, !same && a > b ? -error : error);
  }

  /** The number of low bits with which errors are coded (T.87 §A.5.1). */
  #golomb(sum: number, count: number): number {
    let k = 0;
    while (count * 2 ** k < sum) k++;
    if (k > 24) throw damaged();
    return k;
  }

  #reconstruct(predicted: number, error: number): number {
    let value = predicted + error * this.#step;
    const span = this.#range * this.#step;
    if (value < -this.#near) value += span;
    else if (value > this.#maximum + this.#near) value -= span;
    return Math.min(Math.max(value, 0), this.#maximum);
  }
}
