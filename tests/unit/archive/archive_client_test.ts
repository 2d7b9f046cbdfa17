import { deepEqual, equal, rejects } from "node:assert/strict";
import { createArchive } from "../../../lib/archive/archive_client.ts";
import type { ArchivedInstance } from "../../../lib/archive/archive.ts";
import { inSliceOrder } from "../../../lib/archive/slice_order.ts";
import { withLookAhead } from "../../../lib/archive/archived_series.ts";
import { isUid } from "../../../lib/dicom/data_set/uid.ts";

const { signal } = new AbortController();

/** An archive behind answers that are given one after another, and how long its client waited. */
function archiveOf(...answers: (Response | Error)[]) {
  const waits: number[] = [];
  const asked: Request[] = [];
  let now = 0;
  const archive = createArchive(
    {
      url: new URL("https://archive.example/root/"),
      authorization: "Bearer secret",
      timeout: 20_000,
      tries: 3,
      backoff: { base: 200, most: 5000 },
    },
    {
      fetch: (target, init) => {
        asked.push(new Request(target, init));
        const answer = answers.shift()!;
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      },
      clock: {
        now: () => now,
        sleep: (ms) => {
          waits.push(ms);
          now += ms;
          return Promise.resolve();
        },
      },
      random: () => 0.5,
      wall: () => 0,
    },
  );
  return { archive, asked, waits };
}

const list = (value: unknown) =>
  new Response(JSON.stringify(value), {
    headers: { "content-type": "application/dicom+json" },
  });
const find = (archive: ReturnType<typeof archiveOf>["archive"]) =>
  archive.findSeries("p 1&x", signal);

Deno.test("a busy archive is asked again with growing pauses, or after those that it wants", async () => {
  const busy = (headers = {}) => new Response(null, { status: 503, headers });
  const { archive, asked, waits } = archiveOf(
    new TypeError("connection refused"),
    busy({ "retry-after": "2" }),
    list([]),
  );
  deepEqual(await find(archive), { series: [], complete: true });
  deepEqual(waits, [100, 2200]);
  const [first] = asked;
  equal(asked.length, 3);
  equal(first!.headers.get("authorization"), "Bearer secret");
  equal(first!.redirect, "manual");
  const { pathname, searchParams } = new URL(first!.url);
  equal(pathname, "/root/studies");
  equal(searchParams.get("PatientID"), "p 1&x");

  const tired = archiveOf(busy(), busy(), busy(), list([]));
  await rejects(find(tired.archive), { code: "archive-unavailable" });
  equal(tired.asked.length, 3);

  const resting = archiveOf(busy({ "retry-after": "3600" }), list([]));
  await rejects(find(resting.archive), { code: "archive-unavailable" });
  equal(resting.asked.length, 1);
});

Deno.test("answers that are no list of data sets are refused", async () => {
  for (const value of [{}, "x", [1], [null], [[]]]) {
    const { archive } = archiveOf(list(value));
    await rejects(find(archive), { code: "archive-failed" });
  }
  const { archive } = archiveOf(
    new Response("[", { headers: { "content-type": "application/json" } }),
  );
  await rejects(find(archive), { code: "archive-failed" });
});

Deno.test("metadata of another series are refused", async () => {
  const { archive } = archiveOf(list([{
    "0020000D": { vr: "UI", Value: ["2.25.1"] },
    "0020000E": { vr: "UI", Value: ["2.25.9"] },
    "00080018": { vr: "UI", Value: ["2.25.3"] },
  }]));
  const asked = { study: "2.25.1", series: "2.25.2" };
  await rejects(archive.listInstances(asked, signal), {
    code: "archive-failed",
    message: /another series than the one that was asked for/,
  });
});

Deno.test("objects are sorted by their place along the normal, else by their number", () => {
  const at = (
    name: string,
    number: number,
    position: number[] | null,
    orientation = [0, 1, 0, 0, 0, -1],
  ): ArchivedInstance & { number: number } => ({
    instance: name,
    number,
    frames: 1,
    plane: position && { position, orientation },
    frameOfReference: "",
  });
  const order = (...instances: Parameters<typeof inSliceOrder>[0]) =>
    inSliceOrder(instances).map(({ instance }) => instance).join("");
  // Sagittal: the normal points to −x.
  equal(
    order(
      at("a", 1, [5, 0, 0]),
      at("b", 2, [7, 90, 3]),
      at("c", 3, [-2, 0, 0]),
    ),
    "bac",
  );
  // A place that is taken twice, as in a series over time.
  equal(
    order(at("a", 2, [1, 0, 0]), at("b", 3, [9, 0, 0]), at("c", 1, [1, 0, 0])),
    "bca",
  );
  // Other directions, or none.
  equal(
    order(
      at("a", 3, [5, 0, 0]),
      at("b", 1, [7, 0, 0], [1, 0, 0, 0, 1, 0]),
      at("c", 2, null),
    ),
    "bca",
  );
  equal(order(at("b", Infinity, null), at("a", Infinity, null)), "ab");
});

Deno.test("one read is ahead of the one that was taken, and no more", async () => {
  const begun: number[] = [];
  const reads = Array.from({ length: 5 }, (_, i) => () => {
    begun.push(i);
    return i === 3 ? Promise.reject(new Error("lost")) : Promise.resolve(i);
  });
  const read = withLookAhead(reads);
  equal(await read(1), 1);
  deepEqual(begun, [1, 2]);
  equal(await read(2), 2);
  deepEqual(begun, [1, 2, 3]);
  await rejects(read(3), /lost/);
  // It is read again when it is asked for again.
  await rejects(read(3), /lost/);
  equal(await read(4), 4);
  deepEqual(begun, [1, 2, 3, 3, 4]);
});

Deno.test("a unique identifier is digits with dots between them, at most 64 characters", () => {
  for (const uid of ["0", "1.2.840.10008", "2.25.0", "1.02", "9".repeat(64)]) {
    equal(isUid(uid), true, uid);
  }
  for (
    const text of [
      "",
      ".",
      "1.",
      ".1",
      "1..2",
      "1.2a",
      "1.2 ",
      "1/2",
      "٣",
      "9".repeat(65),
    ]
  ) {
    equal(isUid(text), false, text);
  }
});
