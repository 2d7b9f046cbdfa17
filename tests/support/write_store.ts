import { TINY } from "./model_package.ts";
import { operatorKey, stated } from "./operator_key.ts";
import { enrol, files, segment } from "./requests.ts";

/** The key that seals the store. */
export const SEALING = stated(operatorKey("k1", 21));

/** What a version of the product answered over the store that it wrote. */
export interface Answers {
  /** Of `GET /v1/patients/p`. */
  patient: { references: { reference: string; label: string }[] };
  /** Of a segmentation, with its receipt. */
  segmentation: {
    mask: { size: [number, number]; counts: string };
    receipt: Record<string, unknown>;
  };
}

/**
 * Writes stores by another version of the product, to see that this one opens them:
 *
 *     git worktree add ../before 741413a8
 *     deno run -A tests/support/write_store.ts ../before tests/support/stores
 *
 * Two stores of the same patient, in the clear and sealed, and what the version answered.
 */
async function main(root: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const environments: Record<string, Record<string, string>> = {
    clear: {},
    sealed: { OPERATOR_KEYS: SEALING },
  };
  for (const [name, environment] of Object.entries(environments)) {
    const path = `${await Deno.makeTempDir()}/edge.kv`;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "deploy/serve.ts"],
      cwd: root,
      env: { PORT: "0", ...TINY, ...environment, KV_PATH: path, LOG: "errors" },
      stdout: "piped",
    }).spawn();
    const reader = process.stdout.getReader();
    const line = new TextDecoder().decode((await reader.read()).value);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0];
    const server = {
      request: (path: string, init?: RequestInit) => fetch(url + path, init),
    };
    const { image, mask, next } = files;
    await enrol(server, "p", "first", { image, mask });
    await enrol(server, "p", "first", { image, mask, position: "0.25" });
    await enrol(server, "p", "second", { image: next, mask, label: "other" });
    const segmentation = await (await segment(server, "p")).json();
    const patient = await (await server.request("/v1/patients/p")).json();
    await Deno.writeTextFile(
      `${folder}/${name}.json`,
      JSON.stringify({ patient, segmentation }, null, 1) + "\n",
    );
    process.kill("SIGTERM");
    await process.status;
    const file = await Deno.open(path);
    await Deno.writeFile(
      `${folder}/${name}.kv.gz`,
      file.readable.pipeThrough(new CompressionStream("gzip")),
    );
  }
}

if (import.meta.main) await main(Deno.args[0]!, Deno.args[1]!);
