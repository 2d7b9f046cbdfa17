import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { embeddingOf, enrol, files, segment } from "../support/requests.ts";
import { readFixture } from "../support/fixtures.ts";
import { Server } from "../support/server.ts";
import { TOKEN } from "../support/split.ts";

/** The oldest supported Deno, the first on which onnxruntime-web has threads, and this one. */
const VERSIONS = ["2.5.0", "2.7.14", Deno.version.deno];

/** The executable of a version, from npm; null where npm is absent or does not answer. */
async function program(version: string): Promise<string | null> {
  if (version === Deno.version.deno) return Deno.execPath();
  const print = "console.log(Deno.execPath())";
  try {
    const { success, stdout } = await new Deno.Command("npx", {
      args: ["-y", `deno@${version}`, "eval", print],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

/** Every version's answers to the same requests: the mask, and whether each codec loads. */
const masks: unknown[] = [];

for (const version of VERSIONS) {
  const deno = await program(version);
  if (deno === null) console.log(`skipped: npm gives no Deno ${version}`);
  Deno.test({
    name: `serve, edge and encode start and answer on Deno ${version}`,
    ignore: deno === null,
    async fn() {
      const settings = { MODEL: "nano", THREADS: "2", KV_PATH: ":memory:" };
      await using server = await Server.start(settings, "serve", deno!);
      if (version === VERSIONS[0]) {
        match(server.startLine, /; one thread, since Deno 2\.5\.0 cannot/);
      } else doesNotMatch(server.startLine, /thread/);
      equal((await enrol(server, "p", "r")).status, 201);
      const answer = await segment(server, "p");
      equal(answer.status, 200);
      masks.push((await answer.json()).mask);
      deepEqual(masks.at(-1), masks[0]);
      for (
        const name of [
          "rgb-420.jpg",
          "lossy.webp",
          "../dicom/j2k-8.dcm",
          "../library_formats/htj2k-8.dcm",
          "../library_formats/rgb.avif",
          "../library_formats/rgb.heic",
          "../library_formats/rgba.jxl",
        ]
      ) {
        const body = Uint8Array.from(readFixture(name));
        match(await embeddingOf(server, body), /^[0-9a-f]{64}$/, name);
      }
      equal((await server.request("/docs")).status, 200);
      equal((await server.request("/")).status, 200);

      await using host = await Server.start(
        { ENCODE_TOKEN: TOKEN, ...settings },
        "encode",
        deno!,
      );
      await using edge = await Server.start(
        { ENCODE_URL: host.url, ENCODE_TOKEN: TOKEN, ...settings },
        "edge",
        deno!,
      );
      doesNotMatch(edge.startLine, /thread/);
      equal((await enrol(edge, "p", "r")).status, 201);
      const far = await segment(edge, "p", files.next);
      deepEqual((await far.json()).mask, masks[0]);
    },
  });
}
