/**
 * The share of this machine's measured peak that each hot kernel reaches, in one WASM thread:
 *
 *     deno run --allow-all tests/bench/peak.ts
 */
import asc from "assemblyscript/asc";
import process from "node:process";
import { Arena, type Kernels } from "../../lib/numerics/kernels.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";

/** Independent chains, enough to hide the latency of two units. */
const CHAINS = 8;
const chains = (step: (name: string) => string, kind: string) => {
  const names = Array.from({ length: CHAINS }, (_, i) => `s${i}`);
  return `
  const x = ${kind}.splat(a), y = ${kind}.splat(b);
  ${names.map((n, i) => `let ${n} = ${kind}.splat(${i});`).join(" ")}
  for (let i = 0; i < count; i++) { ${names.map(step).join(" ")} }
  return ${
    names.map((n) => `<f64> ${kind}.extract_lane(${n}, 0)`).join(" + ")
  };`;
};
const SOURCE = `
export function fma32(count: i32, a: f32, b: f32): f64 {${
  chains((s) => `${s} = f32x4.relaxed_madd(${s}, x, y);`, "f32x4")
}}
export function mulAdd32(count: i32, a: f32, b: f32): f64 {${
  chains((s) => `${s} = f32x4.add(f32x4.mul(${s}, x), y);`, "f32x4")
}}
export function mulAdd64(count: i32, a: f64, b: f64): f64 {${
  chains((s) => `${s} = f64x2.add(f64x2.mul(${s}, x), y);`, "f64x2")
}}`;

async function compilePeak() {
  let program: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([
    "peak.ts",
    "--runtime=stub",
    "--optimizeLevel=3",
    "--enable=simd",
    "--enable=relaxed-simd",
    "--outFile=peak.wasm",
  ], {
    readFile: (name) => name === "peak.ts" ? SOURCE : null,
    writeFile: (_, data) => {
      if (data instanceof Uint8Array) program = Uint8Array.from(data);
    },
    listFiles: () => [],
  });
  if (program === undefined) throw new Error(`${error} ${stderr}`);
  const { instance } = await WebAssembly.instantiate(program);
  return instance.exports as Record<
    string,
    (count: number, a: number, b: number) => number
  >;
}

/** Nanoseconds of CPU time of the fastest of several runs: on a busy machine wall time says little. */
function fastest(work: () => void, runs = 25): number {
  let least = Infinity;
  for (let run = 0; run < runs; run++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return 1000 * least;
}

const { fma32, mulAdd32, mulAdd64 } = await compilePeak();
const COUNT = 5_000_000;
const peaks = {
  "float32, fused": CHAINS * 4 * COUNT /
    fastest(() => fma32(COUNT, 0.999, 0.5)),
  "float32, two steps": CHAINS * 4 * COUNT /
    fastest(() => mulAdd32(COUNT, 0.999, 0.5)),
  "float64, two steps": CHAINS * 2 * COUNT /
    fastest(() => mulAdd64(COUNT, 0.999, 0.5)),
};

const [n, m, dim] = [1000, 1000, 256];
const arena = new Arena();
const random = mulberry32(1);
const fill = (length: number) =>
  arena.put(Float32Array.from({ length }, () => Math.f16round(random())));
const a = fill(n * dim), b = fill(m * dim), squares = fill(n + m);
const panels = arena.take(4 * m * dim), cost = arena.take(4 * n * m);
const kernels: Kernels = arena.kernels;
kernels.packPanels(b, m, dim, panels);
const embedding = fill(4096 * dim), prototypes = arena.take(8 * 16 * dim);
arena.doubles(prototypes, 16 * dim).fill(0.1);
const unit = arena.take(8 * 16 * dim), maps = arena.take(8 * 16 * 4096);

const rows: [string, number, keyof typeof peaks, () => void][] = [
  [
    `costs, ${n}×${m}×${dim}`,
    n * m * dim,
    "float32, fused",
    () => kernels.squaredCosts(a, squares, n, panels, squares, m, dim, cost),
  ],
  [
    `cosine maps, 16 × 4096×${dim}`,
    16 * 4096 * dim,
    "float64, two steps",
    () =>
      kernels.cosineMaps(
        embedding,
        dim,
        4096,
        4096,
        prototypes,
        16,
        unit,
        maps,
      ),
  ],
];
console.log(
  "| kernel | multiply-adds | a nanosecond | peak | share |\n| --- | ---: | ---: | ---: | ---: |",
);
for (const [name, rate] of Object.entries(peaks)) {
  console.log(`| peak, ${name} | | ${rate.toFixed(1)} | | |`);
}
for (const [name, operations, peak, work] of rows) {
  const rate = operations / fastest(work);
  console.log(
    `| ${name} | ${operations.toExponential(1)} | ${rate.toFixed(1)} | ${
      peaks[peak].toFixed(1)
    } (${peak}) | ${(100 * rate / peaks[peak]).toFixed(0)} % |`,
  );
}
