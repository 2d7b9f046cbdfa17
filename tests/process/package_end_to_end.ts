/**
 * Tests model packages end to end: a real server, two real images of one subject over HTTP, both
 * recipes where the package has them, and `deno task evaluate`. Only what does not depend on the meaning
 * of the masks is checked, so packages of random weights (`models/export/families.py`) can be tested too.
 *
 *     deno run --allow-all tests/process/package_end_to_end.ts [--data folder] [--subject name] package …
 *
 * `RUNTIME` and `THREADS` have the meaning that they have for the server.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { parseArgs } from "node:util";
import { findDatasets, type Pair } from "../../lib/evaluation/data_set.ts";
import { folderUrl } from "../../lib/model/locate.ts";
import { type Manifest, readManifest } from "../../lib/model/package.ts";
import { RECIPE_NAMES, type RecipeName } from "../../lib/pipeline/recipe.ts";
import { Server } from "../support/server.ts";
import { embeddingOf, enrol, segment } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";
import { ONESHOT } from "../support/oneshot.ts";
import { requireEmbedding, requireSegmentation } from "../support/answers.ts";

/** Long enough for the largest encoder on one slow core, seconds. */
const DEADLINE = "3600";

const { values, positionals } = parseArgs({
  options: {
    data: { type: "string", default: `${ONESHOT.pathname}davis-objects` },
    subject: { type: "string", default: "goat" },
  },
  allowPositionals: true,
});

/** Measurements of a package. */
interface Measured {
  ready: number;
  encode: number;
  peak: number;
}

const [{ subjects }] = findDatasets(values.data);
const subject = subjects.find(({ name }) => name === values.subject);
if (subject === undefined || positionals.length === 0) {
  console.error("Give folders of packages, and a --subject that --data holds.");
  Deno.exit(1);
}
const [reference, target] = subject.pairs;

let failed = 0;
for (const folder of positionals) {
  const manifest = await readManifest(folderUrl(folder));
  const recipes = RECIPE_NAMES.filter((name) =>
    name === "medical" || manifest.decoderOutputs.length > 0
  );
  try {
    const { ready, encode, peak } = await serve(folder, manifest, recipes);
    const runtime = Deno.env.get("RUNTIME") || "wasm";
    console.log(
      `${manifest.id}: ${runtime}, ready in ${ready.toFixed(0)} s, ` +
        `encoded in ${encode.toFixed(1)} s, peak ${
          (peak / 1e6).toFixed(0)
        } MB, ` +
        `recipes ${recipes.join(" and ")}`,
    );
    console.log(await evaluate(folder));
  } catch (error) {
    failed++;
    console.error(`${manifest.id}: FAILED: ${(error as Error).message}`);
  }
}
console.log(`${positionals.length - failed} packages passed, ${failed} failed`);
if (failed > 0) Deno.exit(1);

/** Enrols the reference and segments the target on a separate server. */
async function serve(
  folder: string,
  manifest: Manifest,
  recipes: RecipeName[],
): Promise<Measured> {
  await using server = await Server.start({
    MODEL: await Deno.realPath(folder),
    KV_PATH: ":memory:",
    DEADLINE,
  });
  const { body } = await server.json("/v1/models");
  equal(body.models[0].digest, manifest.digest);

  const { image, mask } = await readPair(reference);
  const enrolled = await enrol(server, "p", "r", { image, mask });
  equal(enrolled.status, 201, await enrolled.clone().text());
  const { model, patches, image: size } = await enrolled.json();
  equal(model, manifest.digest);
  ok(patches > 0);
  const embedding = await embeddingOf(server, image);
  const file = await server.request(`/v1/embeddings/${embedding}`);
  requireEmbedding(await file.bytes(), manifest, size);

  const next = await readPair(target);
  let encode = 0;
  for (const recipe of recipes) {
    const query = `?explain=true&recipe=${recipe}`;
    const response = await segment(server, "p", next.image, query, {
      "content-type": "",
    });
    const answer = await response.json();
    equal(response.status, 200, JSON.stringify(answer));
    requireSegmentation(answer, manifest, size);
    // The later recipes find the embedding in the cache.
    encode = Math.max(encode, answer.timings.encode / 1000);
  }
  const peak = await server.peakMemory();
  return { ready: server.readyAfter / 1000, encode, peak };
}

/** The output of `deno task evaluate` for the two images. */
function evaluate(folder: string): Promise<string> {
  return inFolder(async (data) => {
    const set = `${data}/${values.subject}`;
    for (const pair of [reference, target]) {
      for (
        const [kind, path] of [
          ["Images", pair.image],
          ["Annotations", pair.mask],
        ]
      ) {
        const to = `${set}/${kind}/${values.subject}`;
        await Deno.mkdir(to, { recursive: true });
        await Deno.copyFile(path, `${to}/${path.split("/").at(-1)}`);
      }
    }
    const model = await Deno.realPath(folder);
    const args = ["task", "--quiet", "evaluate", "--data", set];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [...args, "--model", model],
      // The target waits for its reference; a second worker would only take memory.
      env: { WORKERS: "1" },
      cwd: new URL("../../", import.meta.url),
      stderr: "inherit",
    }).output();
    const table = new TextDecoder().decode(stdout);
    equal(code, 0, `deno task evaluate ended with ${code}`);
    const rows = table.split("\n").filter((row) => row.includes("**"));
    deepEqual(rows.filter((row) => row.includes(values.subject)).length, 2);
    return table.trimEnd();
  });
}

async function readPair({ image, mask }: Pair) {
  return {
    image: await Deno.readFile(image),
    mask: await Deno.readFile(mask),
  };
}
