import { PROGRAM } from "./wasm/program.ts";

/** The compiled kernels, each documented in its .as file; addresses are byte offsets in their memory. */
export interface Kernels {
  packPanels(b: number, m: number, dim: number, panels: number): void;
  squareRows(rows: number, count: number, dim: number, out: number): void;
  sumRows(rows: number, count: number, dim: number, out: number): void;
  moveRows(rows: number, count: number, dim: number, origin: number): void;
  squaredCosts(
    a: number,
    squaresA: number,
    n: number,
    panels: number,
    squaresB: number,
    stride: number,
    dim: number,
    out: number,
  ): void;
  keepLeast(cost: number, n: number, stride: number, least: number): void;
  packRows(
    rows: number,
    count: number,
    dim: number,
    limit: number,
    shift: number,
    lanes: number,
    out: number,
    scales: number,
  ): void;
  addMatches(
    a: number,
    scalesA: number,
    n: number,
    b: number,
    scalesB: number,
    m: number,
    dim: number,
    rate: number,
    room: number,
    sums: number,
    nearest: number,
  ): void;
  setup(
    n: number,
    m: number,
    stride: number,
    dim: number,
    cost: number,
    reduction: number,
    sources: number,
    targets: number,
    ints: number,
    floats: number,
  ): void;
  exactCost(i: number, j: number): number;
  regrets(out: number): void;
  assign(
    order: number,
    supply: number,
    demand: number,
    need: number,
    needEps: number,
    arcSource: number,
    arcTarget: number,
    arcFlow: number,
    minima: number,
  ): number;
  recompute(isExact: boolean): number;
  improve(tolerance: number, block: number): void;
  fillExact(out: number): void;
  regretsExact(minima: number, out: number): void;
  improveExact(slack: number, block: number, patience: number): void;
  perfect(tolerance: number, margin: number, limit: number): number;
  nearestSources(
    cost: number,
    n: number,
    stride: number,
    u: number,
    out: number,
    sources: number,
  ): void;
  movedDots(
    embedding: number,
    channels: number,
    patches: number,
    stride: number,
    origin: number,
    weights: number,
    count: number,
    pack: number,
    out: number,
  ): void;
  cosineMaps(
    embedding: number,
    channels: number,
    patches: number,
    stride: number,
    prototypes: number,
    count: number,
    unit: number,
    out: number,
  ): void;
  resizeRows(
    from: number,
    rows: number,
    width: number,
    channels: number,
    toWidth: number,
    first: number,
    count: number,
    weights: number,
    support: number,
    out: number,
  ): void;
  resizeColumns(
    from: number,
    stride: number,
    toHeight: number,
    first: number,
    count: number,
    weights: number,
    support: number,
    out: number,
  ): void;
}

const PAGE = 65536;

/** Largest memory, bytes, that is kept for the next use; WASM memories never shrink. */
const KEPT = 32 * 2 ** 20;

/** The least multiple of `to` that is not below `value`. */
export function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

const program = new WebAssembly.Module(Uint8Array.fromBase64(PROGRAM));

/** The kernels on their own memory, allocated from its start. */
export class Arena {
  readonly kernels: Kernels;
  #memory = new WebAssembly.Memory({ initial: 1 });
  #used = 0;

  constructor() {
    const instance = new WebAssembly.Instance(program, {
      env: { memory: this.#memory },
    });
    this.kernels = instance.exports as unknown as Kernels;
  }

  get size(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Allocates uninitialised bytes; the address is a multiple of 128. */
  take(bytes: number): number {
    const at = this.#used;
    this.#used = roundUp(at + bytes, 128);
    const missing = this.#used - this.size;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return at;
  }

  /** Frees all that was allocated at `address` and after. */
  free(address: number): void {
    this.#used = address;
  }

  /** A view, as those below; valid until the next `take`. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  ints(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, address, length);
  }

  /** Copies values into this memory, with zeros after them up to `length`; returns the address. */
  put(values: Float32Array, length = values.length): number {
    const at = this.take(4 * length);
    this.floats(at, length).fill(0, values.length);
    this.floats(at, length).set(values);
    return at;
  }

  /** Copies values into this memory; returns the address. */
  putInts(values: Int32Array): number {
    const at = this.take(4 * values.length);
    this.ints(at, values.length).set(values);
    return at;
  }
}

let kept: Arena | undefined;

/** Runs work with an empty arena, whose memory is used again afterwards. */
export function withArena<T>(work: (arena: Arena) => T): T {
  const arena = kept ?? new Arena();
  kept = undefined; // nested work gets another one
  try {
    arena.free(0);
    return work(arena);
  } finally {
    if (arena.size <= KEPT) kept = arena;
  }
}
