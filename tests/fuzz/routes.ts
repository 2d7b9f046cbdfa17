import {
  type Asked,
  embeddingOf,
  enrol,
  files,
  segment,
} from "../support/requests.ts";
import { type FuzzOptions, MOST_MS } from "./parsers.ts";
import { Random } from "./random.ts";
import { type Known, type MadeRequest, RequestMaker } from "./requests.ts";
import { imageSeeds } from "./seeds.ts";

export interface RouteReport {
  inputs: number;
  /** Answers by operation and status. */
  statuses: Record<string, number>;
  failures: { index: number; operationId: string; path: string; why: string }[];
  /** The slowest refusal, by the fastest of its repetitions, milliseconds. */
  worst: number;
}

const KNOWN: Known = {
  patients: ["fuzz-1", "fuzz-2", "fuzz-3"],
  references: ["visit-1", "visit-2"],
  embeddings: [],
  receipt: "",
};

/** Enrols patients and returns a maker of requests for them. */
export async function openRequests(app: Asked): Promise<RequestMaker> {
  for (const patient of KNOWN.patients.slice(0, 2)) {
    await (await enrol(app, patient, "visit-1")).body?.cancel();
  }
  const embeddings = [
    await embeddingOf(app, files.image),
    await embeddingOf(app, files.next),
  ];
  const answer = await segment(app, KNOWN.patients[0]);
  const receipt = JSON.stringify((await answer.json()).receipt);
  const document = await (await app.request("/openapi.json")).json();
  const known = { ...KNOWN, embeddings, receipt };
  return new RequestMaker(document, imageSeeds(), known);
}

/**
 * Sends requests generated from the service's own document. Checks that every answer has a status that the document
 * names and no 5xx but 503, that every problem document is complete and has the request's id, and that refusals take at
 * most 2 s.
 *
 * @param parallel the number of concurrent requests.
 * @param isTimed whether to check the 2 s; not where other tests run at the same time.
 */
export async function fuzzRoutes(
  app: Asked,
  { inputs, seed, from = 0, until = Infinity, log = () => {} }: FuzzOptions,
  parallel = 1,
  isTimed = true,
): Promise<RouteReport> {
  const maker = await openRequests(app);
  const report: RouteReport = {
    inputs: 0,
    statuses: {},
    failures: [],
    worst: 0,
  };
  let next = from;
  let most = MOST_MS;
  const work = async () => {
    while (next < from + inputs && performance.now() < until) {
      const index = next++;
      // Erasures remove what other requests need.
      if (index % 50 === 0) {
        await (await enrol(app, KNOWN.patients[0], "visit-1")).body?.cancel();
        const began = performance.now();
        await (await segment(app, KNOWN.patients[0])).body?.cancel();
        // A refusal may follow work, which a busy machine slows as much as this segmentation.
        most = Math.max(MOST_MS, 4 * (performance.now() - began));
      }
      const made = maker.make(Random.ofCase(seed, index));
      const fail = (why: string) => {
        const { operationId, method, path } = made;
        report.failures.push({
          index,
          operationId,
          path: `${method} ${path.slice(0, 120)}`,
          why,
        });
      };
      try {
        let { status, ms } = await ask(app, made);
        // Work stopped at its deadline is answered 503, so after that time.
        const isRefusal = status >= 400 && status !== 503;
        for (let i = 0; i < 2 && isRefusal && ms > MOST_MS / 2; i++) {
          ms = Math.min(ms, (await ask(app, made)).ms);
        }
        if (isRefusal) {
          report.worst = Math.max(report.worst, ms);
          if (isTimed && ms > most) fail(`refused after ${Math.round(ms)} ms`);
        }
        const key = `${made.operationId} ${status}`;
        report.statuses[key] = (report.statuses[key] ?? 0) + 1;
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
      if (++report.inputs % 500 === 0) {
        log(`${report.inputs} requests, ${report.failures.length} failures`);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return report;
}

/** @throws Error saying what is wrong with the answer. */
export async function ask(
  app: Asked,
  made: MadeRequest,
): Promise<{ status: number; ms: number }> {
  const { method, path, headers, body, responses } = made;
  const started = performance.now();
  const response = await app.request(path, {
    method,
    headers,
    body: body ?? null,
  });
  const bytes = await response.bytes();
  const ms = performance.now() - started;
  const { status } = response;
  const type = response.headers.get("content-type") ?? "";
  const id = response.headers.get("x-request-id");
  if (status >= 500 && status !== 503) {
    throw new Error(`answered ${status}: ${new TextDecoder().decode(bytes)}`);
  }
  if (id === null) throw new Error(`${status} without x-request-id`);
  // Another method or a broken path is another route, or none.
  const elsewhere = [404, 405].includes(status) || method === "OPTIONS" ||
    method === "HEAD";
  const allowed = responses[status];
  if (allowed === undefined && !elsewhere) {
    throw new Error(`${status} is not in the document`);
  }
  if (status >= 400 && method !== "HEAD") {
    if (type !== "application/problem+json") {
      throw new Error(`${status} as ${type}`);
    }
    requireProblem(JSON.parse(new TextDecoder().decode(bytes)), status, id);
    if (status === 503 && !response.headers.has("retry-after")) {
      throw new Error("503 without retry-after");
    }
  } else if (type === "application/x-ndjson") {
    for (
      const line of new TextDecoder().decode(bytes).split("\n").slice(0, -1)
    ) {
      const { problem } = JSON.parse(line);
      if (problem !== undefined) requireProblem(problem, problem.status, id);
    }
  }
  return { status, ms };
}

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
}

function requireProblem(problem: Problem, status: number, id: string): void {
  const { type, title, detail, instance } = problem;
  const whole = /^\/problems\/[a-z-]+$/.test(type) && title !== "" &&
    detail !== "" &&
    problem.status === status && instance === id;
  if (!whole || (status >= 500 && status !== 503)) {
    throw new Error(`no whole problem: ${JSON.stringify(problem)}`);
  }
}
