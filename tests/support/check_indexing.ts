/**
 * Checks the product's types with `noUncheckedIndexedAccess` too, where `array[i]` may be undefined. The compiler knows
 * the flag for a whole program only, so this forgives its errors in the kernels and fails with all others. The plain
 * `deno check` covers the kernels without the flag. Both are `deno task check`.
 */

/** Where the flag does not hold, and why: loops over typed arrays whose bounds the code proves, thousands a pixel. */
const KERNELS: Record<string, string> = {
  "lib/numerics/": "matrices, graphs and trees in flat typed arrays",
  "lib/codecs/": "decoders that index bytes and samples",
  "lib/dicom/pixels/": "decoders that index bytes and samples",
  "lib/sample/": "draws pixel by pixel",
  "lib/format/mask/runs.ts": "runs of a mask's pixels",
  "lib/format/mask/polygons.ts": "walks the edges between pixels",
  "lib/format/mask/rle.ts": "runs of a mask's pixels",
  "lib/image/appearance.ts": "pixel by pixel",
  "lib/image/augment.ts": "pixel by pixel",
  "lib/image/distance.ts": "pixel by pixel",
  "lib/image/draw_text.ts": "pixel by pixel",
  "lib/image/lossy_mask.ts": "pixel by pixel",
  "lib/image/mask_values.ts": "pixel by pixel",
  "lib/image/orientation.ts": "pixel by pixel",
  "lib/image/overlay.ts": "pixel by pixel",
  "lib/image/resize.ts": "pixel by pixel",
  "lib/image/soft_values.ts": "pixel by pixel",
};
/** How many errors are printed. */
const PRINTED = 20;
const ROOT = new URL("../../", import.meta.url);

const settings = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", ROOT)),
);
settings.compilerOptions.noUncheckedIndexedAccess = true;
const config = await Deno.makeTempFile({ suffix: ".json" });
await Deno.writeTextFile(config, JSON.stringify(settings));
const { stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["check", "--config", config, "--lock", "deno.lock"]
    .concat("deploy", "functions/app.ts", "lib"),
  cwd: ROOT,
  env: { NO_COLOR: "1" },
}).output();
await Deno.remove(config);

const text = new TextDecoder().decode(stderr);
/** Each error ends with its place; deeper lines are other places that it names. */
const errors = Array.from(
  text.matchAll(/^TS\d+ \[ERROR\].*?^ {4}at (\S+?):\d+:\d+$/gms),
  ([error, file = ""]) => ({ error, path: file.replace(ROOT.href, "") }),
);
const [, counted = NaN] = text.match(/^Found (\d+) errors?\.$/m) ?? [];
if (errors.length !== Number(counted)) {
  console.error(text);
  console.error(`error: ${errors.length} of ${counted} errors can be read.`);
  Deno.exit(1);
}
const kernels = Object.keys(KERNELS);
const wrong = errors.filter(({ path }) =>
  !kernels.some((kernel) => path.startsWith(kernel))
);
for (const { error } of wrong.slice(0, PRINTED)) console.error(`${error}\n`);
const needless = kernels.filter((kernel) =>
  !errors.some(({ path }) => path.startsWith(kernel))
);
for (const kernel of needless) {
  console.error(`${kernel} is on the list of kernels without need.`);
}
if (wrong.length + needless.length > 0) {
  console.error(
    `error: with noUncheckedIndexedAccess, ${wrong.length} errors outside the kernels.`,
  );
  Deno.exit(1);
}
