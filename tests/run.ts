/**
 * Runs layers of tests one after the other: `deno task test` and `deno task test:all`. Prints the seconds of each
 * layer and its slowest tests, and ends with one line that counts them all.
 *
 *     deno run --allow-all tests/run.ts fast | rest | all | <layer> …
 */
const ROOT = new URL("../", import.meta.url);
/** How many of the slowest tests are listed. */
const SLOWEST = 10;

interface Layer {
  /** Folders and files below `tests/`. */
  paths: string[];
  /** Whether files run beside one another: not where servers are timed, or memory is measured. */
  parallel: boolean;
  /** Folders and files below `paths` that other layers run. */
  ignore?: string[];
  /** Whether the examples in documentation comments run too. */
  doc?: boolean;
}

const LAYERS: Record<string, Layer> = {
  unit: {
    paths: ["unit", "../lib", "../functions"],
    parallel: true,
    doc: true,
  },
  contract: { paths: ["contract"], parallel: true },
  parity: { paths: ["parity/generated"], parallel: true },
  "end-to-end": { paths: ["process/end_to_end_test.ts"], parallel: false },
  real: { paths: ["parity/real"], parallel: true },
  runtimes: { paths: ["parity/runtimes"], parallel: false },
  process: {
    paths: ["process"],
    parallel: false,
    ignore: ["process/end_to_end_test.ts"],
  },
  fuzz: { paths: ["fuzz"], parallel: false },
  browser: { paths: ["browser"], parallel: false },
};
const FAST = ["unit", "contract", "parity", "end-to-end"];
const SETS: Record<string, string[]> = {
  fast: FAST,
  rest: Object.keys(LAYERS).filter((name) => !FAST.includes(name)),
  all: Object.keys(LAYERS),
};

interface Result {
  name: string;
  success: boolean;
  seconds: number;
  counts: { passed: number; failed: number; skipped: number };
  slowest: { test: string; seconds: number }[];
}

async function run(name: string): Promise<Result> {
  const { paths, parallel, ignore = [], doc = false } = LAYERS[name];
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--config", "tests/deno.json", "--allow-all", "--no-check"],
      ...(parallel ? ["--parallel"] : []),
      ...(doc ? ["--doc"] : []),
      ...(ignore.length > 0
        ? [`--ignore=${ignore.map((path) => `tests/${path}`)}`]
        : []),
      `--junit-path=${report}`,
      ...paths.map((path) => `tests/${path}`),
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  let tail = "";
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    tail = (tail + new TextDecoder().decode(chunk)).slice(-4000);
  }
  const { success } = await child.status;
  const seconds = (performance.now() - started) / 1000;
  const slowest = slowestOf(await Deno.readTextFile(report));
  await Deno.remove(report);
  return { name, success, seconds, counts: countsOf(tail), slowest };
}

/** Deno ends with "ok | 12 passed (3 steps) | 0 failed (1 step) | 2 ignored (4s)". */
function countsOf(tail: string): Result["counts"] {
  const [line] = tail.match(/^(ok|FAILED) \| .*$/gm)?.slice(-1) ?? [""];
  const count = (what: string) =>
    Number(new RegExp(`(\\d+) ${what}`).exec(line)?.[1] ?? 0);
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("ignored"),
  };
}

/** The slowest tests of a JUnit report, steps left out. */
function slowestOf(report: string): Result["slowest"] {
  const cases = report.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)" time="([\d.]+)"/g,
  );
  return Array.from(cases, ([, test, file, seconds]) => ({
    test: `${file.replace(/^.*tests\//, "")}: ${plain(test)}`,
    seconds: Number(seconds),
  })).filter(({ test }) => !test.includes(" > "))
    .sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
}

const ENTITIES: Record<string, string> = {
  "&quot;": '"',
  "&apos;": "'",
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
};
const plain = (text: string) =>
  text.replace(/&(quot|apos|lt|gt|amp);/g, (entity) => ENTITIES[entity]);

const names = Deno.args.flatMap((name) => SETS[name] ?? [name]);
const unknown = names.find((name) => !(name in LAYERS));
if (names.length === 0 || unknown !== undefined) {
  const wanted = [...Object.keys(SETS), ...Object.keys(LAYERS)].join(", ");
  console.error(`error: no layer ${unknown ?? "is named"}; wanted ${wanted}.`);
  Deno.exit(1);
}
const results: Result[] = [];
for (const name of names) {
  console.log(`\n=== ${name}`);
  results.push(await run(name));
}
for (const { name, seconds, counts, slowest } of results) {
  const { passed, failed, skipped } = counts;
  console.log(
    `\n${name}: ${
      seconds.toFixed(0)
    } s, ${passed} passed, ${failed} failed, ${skipped} skipped; the slowest:`,
  );
  for (const { test, seconds } of slowest) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${test}`);
  }
}
const sum = (what: keyof Result["counts"]) =>
  results.reduce((sum, { counts }) => sum + counts[what], 0);
console.log(
  `\n${sum("passed")} passed, ${sum("failed")} failed, ${
    sum("skipped")
  } skipped`,
);
// A layer that ran no test at all has failed, whatever its status says.
const isGood = results.every(({ success, counts }) =>
  success && counts.passed + counts.skipped > 0
);
Deno.exit(isGood ? 0 : 1);
