import { createRoute } from "@hono/zod-openapi";
import type { ServedModel } from "../../../lib/engine/catalogue.ts";
import { inTime, requireWanted, type Work } from "../../../lib/engine/work.ts";
import { invalidInput, isRetryable } from "../../../lib/core/errors.ts";
import { RECIPES } from "../../../lib/pipeline/recipe.ts";
import {
  readCursor,
  seriesTag,
  writeCursor,
} from "../../../lib/series/cursor.ts";
import { inOrder } from "../../../lib/series/in_order.ts";
import { openFiles } from "../../../lib/series/open_files.ts";
import { positionOf, type SeriesImage } from "../../../lib/series/series.ts";
import { Spool } from "../../../lib/series/spool.ts";
import type { Enrolled } from "../../../lib/store/types.ts";
import { callerOf, workOf } from "../../middleware/work.ts";
import { chooseReferences } from "../../patients/choose_references.ts";
import { receiveFiles } from "../../body/uploads.ts";
import { describeProblem } from "../../contract/problems.ts";
import { describeChoice } from "../../contract/references_used.ts";
import { createRouter, type Router } from "../../router.ts";
import {
  PatientParams,
  problems,
  seriesBody,
  SeriesLine,
  SeriesQuery,
} from "../segmentations/schema.ts";
import { describeSegmentation } from "../segmentations/presenter.ts";
import { keepFor } from "../../patients/keep_embedding.ts";
import { profilesOf } from "../../patients/find_profile.ts";
import { sourceOf, withReceipt } from "../../patients/segment_with_receipt.ts";
import type { Services } from "../../services.ts";

export const NDJSON = "application/x-ndjson";

/** Images of one series, whatever their bytes. */
const MAX_IMAGES = 10_000;
/** Pauses before an image that met a busy pool or no encode host is tried again, milliseconds. */
const PAUSES = [1000, 4000];

const route = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/series",
  operationId: "segmentSeries",
  tags: ["patients"],
  summary: "Segment many images of a patient, one line each as it is ready",
  description:
    "The body is taken in whole before the first line. A line is an object and ends with a newline; " +
    "every image gives exactly one, in order, a bad image one with its problem. After a broken " +
    "connection send the very same body again with the `cursor` of the last whole line: the lines " +
    "go on behind it. Ending the request ends the work.",
  request: {
    params: PatientParams,
    query: SeriesQuery,
    body: { required: true, content: seriesBody },
  },
  responses: {
    200: {
      description: "A line for every image that is left",
      content: { [NDJSON]: { schema: SeriesLine } },
    },
    ...problems(400, 404, 409, 413, 415, 422, 503),
  },
});

interface Request {
  patient: string;
  label: string;
  recipe: keyof typeof RECIPES;
  explain: boolean;
  model: ServedModel;
  revision: number;
  enrolled: Enrolled[];
}

/** The series function: many images → a line each. */
export function seriesFunction(services: Services): Router {
  const { models, maxBytes, maxSeriesBytes, parallel, deadline } = services;
  const limits = { maxBytes, maxSeriesBytes, maxImages: MAX_IMAGES };

  /** One image's segmentation, and the references that it was compared with. */
  const segmentOne = async (
    image: SeriesImage,
    position: number,
    request: Request,
    work: Work,
  ) => {
    const { patient, label, recipe, explain, model } = request;
    const { revision, enrolled } = request;
    const { embedder, engineFor, manifest } = model;
    const chosen = chooseReferences(enrolled, "position", position);
    const { enrolled: nearest, combine } = chosen;
    const started = performance.now();
    const file = await image.read();
    const made = await embedder.embed(work, file);
    await keepFor(services, embedder, { tenant: work.tenant, patient }, made);
    const encode = performance.now() - started;
    requireWanted(work);
    const { answer, receipt } = await withReceipt(
      services,
      model,
      nearest,
      {
        source: image.frameOf ?? sourceOf(file),
        embedding: made,
        label,
        revision,
        recipe,
        combine,
        position: enrolled.some(({ reference }) => reference.position !== null)
          ? position
          : undefined,
      },
      engineFor(work).segment(
        made.bytes,
        nearest.map(({ profile }) => profile),
        { recipe: RECIPES[recipe], combine, every: explain, trace: explain },
      ),
    );
    const context = { patient, label, explain, manifest, encode, receipt };
    return {
      references: nearest.map(({ reference }) => reference.reference),
      segmentation: describeSegmentation(answer, {
        ...context,
        enrolled: nearest,
        profile: describeChoice(chosen, revision),
      }),
    };
  };

  return createRouter().openapi(route, async (c) => {
    const { patient } = c.req.valid("param");
    const { cursor, model: id, ...options } = c.req.valid("query");
    const model = models.choose(id);
    const { tenant } = callerOf(c);
    const { revision, enrolled } = await profilesOf(services, model, {
      tenant,
      patient,
      label: options.label,
    });
    const release = services.series.take(tenant);
    const spool = await Spool.create().catch((error) => {
      release();
      throw error;
    });
    const end = () => {
      release();
      spool[Symbol.dispose]();
    };
    try {
      const sent = await receiveFiles(c, spool, limits);
      const images = await openFiles(
        sent.files,
        model.engineFor(workOf(c)),
        limits,
      );
      const total = images.length;
      if (total === 0) throw invalidInput("The series holds no image.");
      const tag = await seriesTag({
        images: sent.digest,
        model: model.manifest.digest,
        label: options.label,
        recipe: options.recipe,
        references: enrolled.map(({ reference }) => [
          reference.reference,
          reference.createdAt,
        ]),
      });
      const from = cursor === undefined ? 0 : readCursor(cursor, tag, total);

      const request = { patient, ...options, model, revision, enrolled };
      const stop = new AbortController();
      const started = performance.now();
      const work = async (index: number) => {
        const position = positionOf(images[index], index, total);
        const result = await patiently(
          () =>
            inTime(
              deadline,
              { tenant, signal: stop.signal },
              (work) => segmentOne(images[index], position, request, work),
            ),
          stop.signal,
        ).catch((error) =>
          // Nobody waits for the end of what was given up.
          stop.signal.aborted ? {} : { problem: describeProblem(error, c) }
        );
        return { index, position, name: images[index].name, ...result };
      };
      const lines = inOrder({ from, to: total, parallel }, work);
      const text = new TextEncoder();
      const cancel = () => {
        if (stop.signal.aborted) return;
        stop.abort();
        end();
      };
      c.req.raw.signal.addEventListener("abort", cancel);
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value, done } = await lines.next();
          if (stop.signal.aborted) return;
          if (done) {
            cancel();
            return controller.close();
          }
          const finished = value.index + 1;
          const spent = performance.now() - started;
          const left = spent / (finished - from) * (total - finished);
          const line: SeriesLine = {
            total,
            ...value,
            cursor: writeCursor(finished, tag),
            secondsLeft: Math.round(left / 100) / 10,
          };
          controller.enqueue(text.encode(JSON.stringify(line) + "\n"));
          if (services.closing.aborted) {
            // The rest goes on by the cursor, on another instance.
            cancel();
            controller.close();
          }
        },
        cancel,
      }, { highWaterMark: 0 });
      return c.body(body, 200, {
        "content-type": NDJSON,
        "cache-control": "no-store",
        // Proxies that gather answers (nginx) would hold lines back.
        "x-accel-buffering": "no",
      }) as never;
    } catch (error) {
      end();
      throw error;
    }
  });
}

/** Tries again what failed for want of a free worker or host, unless it is given up. */
async function patiently<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isRetryable(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal.throwIfAborted();
  }
  return await work();
}
