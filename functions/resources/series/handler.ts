import { createRoute, z } from "@hono/zod-openapi";
import { recipeOf } from "../../../lib/engine/catalogue.ts";
import { invalidInput } from "../../../lib/core/errors.ts";
import {
  readCursor,
  seriesTag,
  writeCursor,
} from "../../../lib/series/cursor.ts";
import { inOrder } from "../../../lib/series/in_order.ts";
import {
  positionsOf,
  type SeriesImage,
} from "../../../lib/series/series_image.ts";
import { Spool } from "../../../lib/series/range_file.ts";
import { seriesBody } from "../../body/uploads.ts";
import { ModelQuery, PatientParams } from "../../contract/parameters.ts";
import { ProblemDocument, problems } from "../../contract/problems.ts";
import { describeProblem } from "../../middleware/answer_problem.ts";
import { callerOf, createRouter, type Router, workOf } from "../../router.ts";
import { findProfile } from "../../patients/find_profile.ts";
import type { Services } from "../../services.ts";
import {
  SEGMENTATION,
  SegmentationDocument,
  segmentOptions,
} from "../segmentations/schema.ts";
import { openSeries } from "./open_series.ts";
import { runPatiently, segmentImage } from "./segment_image.ts";

const SeriesQuery = ModelQuery.extend({
  ...segmentOptions,
  cursor: z.string().max(64).optional().describe(
    "The cursor of the last complete line",
  ),
});

/** The line of one image: where it belongs, and either `segmentation` or `problem`. */
export const SeriesLine = z.object({
  index: z.int().min(0).describe("From 0"),
  total: z.int().min(1),
  position: z.number().min(0).max(1).nullable().describe(
    "Along the volume where the image's file says, else by its place in the order of the images; null for a file " +
      "that is no image",
  ),
  name: z.string().nullable().describe("What the sender called the file"),
  cursor: z.string().describe("Continues after this line"),
  secondsLeft: z.number().min(0).describe("Estimated"),
  references: z.array(z.string()).optional().describe(
    "Those that the image was compared with",
  ),
  segmentation: SegmentationDocument.optional(),
  problem: ProblemDocument.optional(),
}).openapi("SeriesLine", {
  example: {
    index: 0,
    total: 100,
    position: 0,
    name: "slice-1.png",
    cursor: `1-${"0a".repeat(16)}`,
    secondsLeft: 61.2,
    references: ["visit-1"],
    segmentation: SEGMENTATION,
  },
});
export type SeriesLine = z.infer<typeof SeriesLine>;

const NDJSON = "application/x-ndjson";

/** Images of one series, whatever their bytes. */
const MAX_IMAGES = 10_000;

const route = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/series",
  operationId: "segmentSeries",
  tags: ["patients"],
  summary: "Segment many images of a patient, one line each as it is ready",
  description:
    "The whole body is received before the first line is sent. A line is a JSON object and ends with a newline; " +
    "every image gives exactly one, in order; an image that cannot be read gives one with its problem. After a " +
    "broken connection send the very same body again with the `cursor` of the last complete line: the lines " +
    "continue after it. Ending the request ends the work.",
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
    ...problems(400, 404, 409, 413, 415, 422, 502, 503),
  },
});

/** The series function: many images → a line each. */
export function seriesFunction(services: Services): Router {
  const { models, maxBytes, maxSeriesBytes, parallel, deadline } = services;
  const limits = { maxBytes, maxSeriesBytes, maxImages: MAX_IMAGES };

  return createRouter().openapi(route, async (c) => {
    const { patient } = c.req.valid("param");
    const { cursor, model: id, ...options } = c.req.valid("query");
    const { label } = options;
    const model = models.choose(id);
    const recipe = recipeOf(model, options.recipe);
    const { tenant } = callerOf(c);
    const whose = { tenant, patient, label };
    const profile = await findProfile(services, model, whose);
    const release = services.seriesQuota.take(tenant);
    const spool = await Spool.create().catch((error) => {
      release();
      throw error;
    });
    const end = () => {
      release();
      spool[Symbol.dispose]();
    };
    try {
      const engine = model.engineFor(workOf(c));
      const { images, digest } = await openSeries(
        services,
        c,
        spool,
        engine,
        limits,
      );
      const total = images.length;
      const positions = positionsOf(images);
      if (total === 0) throw invalidInput("The series holds no image.");
      const tag = await seriesTag({
        images: digest,
        model: model.manifest.digest,
        label,
        recipe,
        references: profile.enrolled.map((
          { reference: one },
        ) => [one.reference, one.createdAt]),
      });
      const from = cursor === undefined ? 0 : readCursor(cursor, tag, total);

      const request = { patient, ...options, recipe, model, ...profile };
      const stop = new AbortController();
      const segment = async (image: SeriesImage, index: number) => {
        const position = positions[index]!;
        const result = await runPatiently(
          deadline,
          { tenant, signal: stop.signal },
          (work) => segmentImage(services, request, image, position, work),
        ).catch((error) =>
          // Nobody reads how stopped work ended.
          stop.signal.aborted ? {} : { problem: describeProblem(error, c) }
        );
        return { index, position, name: image.name, ...result };
      };
      const started = performance.now();
      const results = inOrder(
        { from, to: total, parallel },
        (index) => segment(images[index]!, index),
      );
      const text = new TextEncoder();
      const cancel = () => {
        if (stop.signal.aborted) return;
        stop.abort();
        end();
      };
      c.req.raw.signal.addEventListener("abort", cancel);
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { value, done } = await results.next();
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
            // The client continues with the cursor, on another instance.
            cancel();
            controller.close();
          }
        },
        cancel,
      }, { highWaterMark: 0 });
      return c.body(body, 200, {
        "content-type": NDJSON,
        "cache-control": "no-store",
        // Proxies that buffer answers (nginx) would hold lines back.
        "x-accel-buffering": "no",
      }) as never;
    } catch (error) {
      end();
      throw error;
    }
  });
}
