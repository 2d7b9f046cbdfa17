import { isDeepStrictEqual } from "node:util";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import type { Server } from "../support/server.ts";
import { form } from "../support/requests.ts";
import { mutate } from "../fuzz/mutate.ts";
import { Random } from "../fuzz/random.ts";
import { ask, openRequests } from "../fuzz/routes.ts";
import { imageSeeds } from "../fuzz/seeds.ts";

export interface SoakOptions {
  kvPath: string;
  seed: number;
  /** Duration, milliseconds. */
  ms: number;
  /** Concurrent clients. */
  clients: number;
  log?(line: string): void;
}

export interface SoakReport {
  /** Completed actions by kind. */
  counts: Record<string, number>;
  failures: string[];
  summary: string;
}

/** A measurement of the server. */
interface Sample {
  seconds: number;
  memory: number;
  files: number;
  database: number;
  /** Requests done so far. */
  asked: number;
}

/** Growth allowed between the second and the last third, by what is measured. */
const MOST_GROWTH = { memory: 100 * 2 ** 20, files: 5 };
/** Growth of the database for each request: an embedding, which is cached for an hour. */
const MOST_STORED = 2 ** 20;
const SAMPLE_MS = 5000;

const visit = (number: number) => {
  const { image, mask } = drawVisit(number);
  return { image: encodePng(image), mask: encodePng(mask) };
};

/**
 * Segments, enrols, corrects and erases patients under hostile requests. Checks that every mask equals the first one of
 * the same request, that every erasure is complete, and that memory, open files and the database do not grow.
 */
export async function soak(
  server: Server,
  { kvPath, seed, ms, clients, log = () => {} }: SoakOptions,
): Promise<SoakReport> {
  const random = new Random(seed);
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  const samples: Sample[] = [];
  const started = performance.now();
  const running = () => performance.now() - started < ms;
  const done = (what: string) => counts[what] = (counts[what] ?? 0) + 1;

  const [first, ...later] = [1, 2, 3, 4, 5].map(visit);
  const enrolAs = (patient: string) =>
    server.enrol(
      patient,
      "visit-1",
      form({ image: first.image, mask: first.mask }),
    );
  const segmentAs = async (patient: string, image: Uint8Array<ArrayBuffer>) => {
    const response = await server.segment(patient, image);
    const body = await response.json();
    return { status: response.status, mask: body.mask };
  };

  // The known answers.
  await (await enrolAs("steady")).body?.cancel();
  const known: unknown[] = [];
  for (const { image } of later) {
    known.push((await segmentAs("steady", image)).mask);
  }
  const requests = await openRequests(server);
  const images = imageSeeds();

  /** Takes a patient from enrolment to erasure: each answer must be the known one, and nothing may be left. */
  const live = async (patient: string) => {
    const enrolled = await enrolAs(patient);
    await enrolled.body?.cancel();
    if (enrolled.status === 503) return;
    if (enrolled.status !== 201) {
      throw new Error(`enrolment: ${enrolled.status}`);
    }
    const i = random.below(later.length);
    const { status, mask } = await segmentAs(patient, later[i].image);
    if (status === 200 && !isDeepStrictEqual(mask, known[i])) {
      throw new Error("another mask than before");
    }
    if (status !== 200 && status !== 503) {
      throw new Error(`segmentation: ${status}`);
    }
    const path = `/v1/patients/${patient}`;
    for (;;) {
      const erased = await server.request(path, { method: "DELETE" });
      await erased.body?.cancel();
      if (erased.status === 204) break;
      if (erased.status !== 503) throw new Error(`erasure: ${erased.status}`);
    }
    const after = await server.json(path);
    if (after.status !== 404) {
      throw new Error(`after the erasure: ${after.status}`);
    }
  };

  const steady = async () => {
    const i = random.below(later.length);
    const { status, mask } = await segmentAs("steady", later[i].image);
    if (status === 200 && !isDeepStrictEqual(mask, known[i])) {
      throw new Error("another mask than before");
    }
    if (status !== 200 && status !== 503) {
      throw new Error(`segmentation: ${status}`);
    }
  };

  const damaged = async () => {
    const bytes = mutate(
      random.pick(images).bytes,
      random.pick(images).bytes,
      random,
    );
    const { status } = await segmentAs("steady", bytes);
    if (status >= 500 && status !== 503) {
      throw new Error(`damaged image: ${status}`);
    }
  };

  const work = async (client: number) => {
    for (let round = 0; running(); round++) {
      const [what, act] = random.pick([
        ["life", () => live(`soak-${client}-${round}`)],
        ["steady", steady],
        ["damaged", damaged],
        ["request", () => ask(server, requests.make(random))],
        ["request", () => ask(server, requests.make(random))],
      ] as [string, () => Promise<unknown>][]);
      try {
        await act();
        done(what);
      } catch (error) {
        failures.push(
          `${what} (client ${client}, round ${round}): ${
            (error as Error).message
          }`,
        );
      }
    }
  };

  const watch = async () => {
    while (running()) {
      const seconds = (performance.now() - started) / 1000;
      const asked = Object.values(counts).reduce((a, b) => a + b, 0);
      const sample = { seconds, asked, ...await measure(server, kvPath) };
      samples.push(sample);
      if (samples.length % 12 === 1) log(describe(sample));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  };
  await Promise.all([
    watch(),
    ...Array.from({ length: clients }, (_, i) => work(i)),
  ]);

  const grown = (name: keyof Sample) => {
    const values = samples.map((sample) => sample[name]);
    const third = Math.max(1, Math.floor(values.length / 3));
    // The first third warms up.
    return median(values.slice(-third)) -
      median(values.slice(third, 2 * third));
  };
  const most = { ...MOST_GROWTH, database: MOST_STORED * grown("asked") };
  for (const [name, limit] of Object.entries(most)) {
    const growth = grown(name as keyof typeof most);
    if (growth > limit) failures.push(`${name} grew by ${growth}`);
  }
  const summary = [samples[0], samples[samples.length >> 1], samples.at(-1)!]
    .map(describe).join("\n");
  return { counts, failures, summary };
}

async function measure(
  server: Server,
  kvPath: string,
): Promise<Omit<Sample, "seconds" | "asked">> {
  let database = 0;
  for (const suffix of ["", "-wal"]) {
    database += await Deno.stat(kvPath + suffix).then(
      ({ size }) => size,
      () => 0,
    );
  }
  const files = [...Deno.readDirSync(`/proc/${server.process.pid}/fd`)].length;
  return { memory: await server.residentMemory(), files, database };
}

function describe({ seconds, memory, files, database }: Sample): string {
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  return `${Math.round(seconds)} s: ${
    mib(memory)
  } MiB, ${files} open files, database ${mib(database)} MiB`;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
