import { deepEqual, equal, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { files, form, visits } from "../support/requests.ts";
import { inFolder } from "../support/in_folder.ts";
import { linesOf, seriesForm } from "../support/series_bodies.ts";
import { Server } from "../support/server.ts";

/** Images that differ in one pixel each. */
const variants = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const data = visits.second.image.data.slice();
    data[i] ^= 1;
    return encodePng({ ...visits.second.image, data });
  });

async function startEnrolled(environment: Record<string, string>) {
  const server = await Server.start(environment);
  const body = form({ image: files.image, mask: files.mask });
  const { status } = await server.enrol("p", "r", body);
  ok(status === 200 || status === 201);
  return server;
}

const post = (
  server: Server,
  body: FormData,
  query = "",
  signal?: AbortSignal,
) =>
  server.request(`/v1/patients/p/series${query}`, {
    method: "POST",
    body,
    signal: signal ?? null,
  });

/** The number of unlinked files that the process holds open. */
function nameless(server: Server): number {
  const folder = `/proc/${server.process.pid}/fd`;
  const targets = Array.from(Deno.readDirSync(folder), ({ name }) => {
    try {
      return Deno.readLinkSync(`${folder}/${name}`);
    } catch {
      return ""; // Closed meanwhile.
    }
  });
  return new Set(targets.filter((path) => path.endsWith(" (deleted)"))).size;
}

/** Waits until the process holds at most this many unlinked files, a minute at most. */
async function untilFreed(server: Server, others: number) {
  for (let polls = 0; nameless(server) > others; polls++) {
    ok(polls < 1200, "a file is still held");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("100 images: answers come before the others are done, memory is flat, a killed series goes on", () =>
  inFolder(async (folder) => {
    const environment = { KV_PATH: `${folder}/edge.kv` };
    const images = variants(100);
    const came: { index: number; cursor: string }[] = [];
    {
      await using server = await startEnrolled(environment);
      const response = await post(server, seriesForm(images));
      try {
        for await (const line of linesOf(response)) {
          came.push(line);
          // The work of the server after this line is lost.
          if (came.length === 10) await server.kill();
        }
      } catch {
        // The connection broke, perhaps within a line.
      }
    }
    // If the server held lines back until all were done, all 100 would be here.
    ok(came.length >= 10 && came.length < 100);

    await using server = await Server.start(environment);
    const others = nameless(server);
    const resident: number[] = [];
    const query = `?cursor=${came.at(-1)!.cursor}`;
    const rest = await post(server, seriesForm(images), query);
    equal(rest.status, 200);
    for await (const line of linesOf(rest)) {
      came.push(line);
      if (came.length === 35 || came.length === 100) {
        resident.push(await server.residentMemory());
      }
    }
    deepEqual(
      came.map(({ index }) => index),
      Array.from({ length: 100 }, (_, i) => i),
    );
    const [early, late] = resident;
    console.log(
      `resident after 35 images: ${Math.round(early / 1e6)} MB, after 100: ${
        Math.round(late / 1e6)
      } MB`,
    );
    ok(late <= 1.1 * early, `${early} to ${late} bytes`);
    equal(nameless(server), others);
  }));

Deno.test("a client that goes away stops the work and frees its files", () =>
  inFolder(async (folder) => {
    const path = `${folder}/edge.kv`;
    await using server = await startEnrolled({ KV_PATH: path });
    const others = nameless(server);
    using kv = await Deno.openKv(path);
    const made = async () =>
      (await Array.fromAsync(kv.list({ prefix: ["embedding"] }))).length;

    const leave = new AbortController();
    const response = await post(
      server,
      seriesForm(variants(40)),
      "",
      leave.signal,
    );
    const lines = linesOf(response);
    await lines.next();
    equal(nameless(server), others + 1);
    leave.abort();
    await lines.next().catch(() => {});
    await untilFreed(server, others);
    // Another segmentation waits in the same queue, behind what is left of the series.
    const { status, body } = await server.segment("p", files.next);
    equal(status, 200);
    await body?.cancel();
    const then = await made();
    ok(then <= 6, `${then} embeddings of 40 images`);
    await (await server.segment("p", files.next)).body?.cancel();
    equal(await made(), then);

    // A broken upload leaves nothing either.
    const half = new ReadableStream({
      pull(controller) {
        if (nameless(server) > others) {
          return controller.error(new Error("gone"));
        }
        controller.enqueue(new Uint8Array(100_000));
      },
    });
    const broken = server.request("/v1/patients/p/series", {
      method: "POST",
      body: half,
    });
    await broken.then((answer) => answer.body?.cancel(), () => {});
    await untilFreed(server, others);
    equal((await server.request("/healthz")).status, 200);
  }));

Deno.test("a stopping server ends its series at a line, and another resumes it", () =>
  inFolder(async (folder) => {
    const environment = { KV_PATH: `${folder}/edge.kv` };
    const images = variants(8);
    const came: { index: number; cursor: string }[] = [];
    {
      await using server = await startEnrolled(environment);
      for await (
        const line of linesOf(await post(server, seriesForm(images)))
      ) {
        came.push(line);
        if (came.length === 1) server.process.kill("SIGTERM");
      }
      equal((await server.process.status).success, true);
    }
    ok(came.length < 4, `${came.length} of 8 lines`);
    await using server = await Server.start(environment);
    const query = `?cursor=${came.at(-1)!.cursor}`;
    const rest = await post(server, seriesForm(images), query);
    for await (const line of linesOf(rest)) came.push(line);
    deepEqual(came.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7]);
  }));
