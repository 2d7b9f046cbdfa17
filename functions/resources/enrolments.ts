import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError, invalidInput } from "../../lib/core/errors.ts";
import type { ServedModel } from "../../lib/engine/catalogue.ts";
import {
  type AnnotatedPair,
  pairAnnotated,
} from "../../lib/series/annotated_pairs.ts";
import { inOrder } from "../../lib/series/in_order.ts";
import { Spool } from "../../lib/series/range_file.ts";
import type {
  PackedFile,
  SeriesLimits,
} from "../../lib/series/series_image.ts";
import { isZip, openZip } from "../../lib/series/zip.ts";
import { receiveFiles, seriesBody } from "../body/uploads.ts";
import {
  LabelOrTarget,
  ModelQuery,
  ReferenceParams,
} from "../contract/parameters.ts";
import { invalid, ProblemDocument, problems } from "../contract/problems.ts";
import { describeProblem } from "../middleware/answer_problem.ts";
import { enrolImage } from "../patients/enrol_image.ts";
import { requireReferenceQuota } from "../patients/reference_quota.ts";
import { callerOf, createRouter, type Env, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { describeEnrolled, EnrolledDocument } from "./references/schema.ts";
import { runPatiently } from "./series/segment_image.ts";

/** Images and annotations of one archive, whatever their bytes. */
const MAX_FILES = 10_000;

const NDJSON = "application/x-ndjson";

/** The line of one annotated image: either `enrolled` or `problem`. */
const EnrolmentLine = z.object({
  index: z.int().min(0).describe("From 0"),
  total: z.int().min(1),
  patient: z.string().describe("The object's folder"),
  reference: z.string().describe("The file's name without its ending"),
  secondsLeft: z.number().min(0).describe("Estimated"),
  enrolled: EnrolledDocument.optional(),
  problem: ProblemDocument.optional(),
}).openapi("EnrolmentLine");

const { "application/json": uploaded, "application/zip": zip } = seriesBody;
const archiveBody = { "application/zip": zip, "application/json": uploaded };

const route = createRoute({
  method: "post",
  path: "/v1/enrolments",
  operationId: "enrolArchive",
  tags: ["references"],
  summary:
    "Enrol a zip archive of annotated images, one line each as it is ready",
  description:
    "The archive is in PerSeg layout: `Images/<object>/NN.jpg` and `Annotations/<object>/NN.png`. Every object becomes " +
    "a patient, as in an evaluation, and each of its annotated images a reference named NN, which replaces one of that " +
    "name. A line is a JSON object and ends with a newline; a file without its counterpart gives one with a problem. " +
    "Sent again, the archive enrols the same references again.",
  request: {
    query: ModelQuery.extend({ label: LabelOrTarget }),
    body: { required: true, content: archiveBody },
  },
  responses: {
    200: {
      description: "A line for every annotated image",
      content: { [NDJSON]: { schema: EnrolmentLine } },
    },
    ...problems(400, 404, 413, 415, 422, 503),
  },
});

/** The enrolment function: an archive of annotated images → a reference each. */
export function enrolmentsFunction(services: Services): Router {
  const { models, maxBytes, maxSeriesBytes, parallel, deadline } = services;
  const limits = { maxBytes, maxSeriesBytes, maxImages: MAX_FILES };

  return createRouter().openapi(route, async (c) => {
    const { model: id, label } = c.req.valid("query");
    const model = models.choose(id);
    const { tenant } = callerOf(c);
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
      const pairs = pairAnnotated(await openArchive(c, spool, limits));
      const total = pairs.length;
      const stop = new AbortController();
      const enrol = async (index: number) => {
        const pair = pairs[index]!;
        const named = { patient: pair.object, reference: pair.name };
        const result = await runPatiently(
          deadline,
          { tenant, signal: stop.signal },
          (work) => enrolPair(services, c, model, work, { ...pair, label }),
        ).then(
          (enrolled) => ({ enrolled }),
          // Nobody reads how stopped work ended.
          (error) =>
            stop.signal.aborted ? {} : { problem: describeProblem(error, c) },
        );
        return { index, total, ...named, ...result };
      };
      const started = performance.now();
      const results = inOrder({ from: 0, to: total, parallel }, enrol);
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
          const left = spent / finished * (total - finished);
          const line: z.infer<typeof EnrolmentLine> = {
            ...value,
            secondsLeft: Math.round(left / 100) / 10,
          };
          controller.enqueue(text.encode(JSON.stringify(line) + "\n"));
          if (services.closing.aborted) {
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

/** The files of the archive in the body. @throws EdgeError `unsupported-type` for a body that is none. */
async function openArchive(
  c: Context<Env>,
  spool: Spool,
  limits: SeriesLimits,
): Promise<PackedFile[]> {
  const { files } = await receiveFiles(c, spool, limits);
  const [first, second] = files;
  const isArchive = first !== undefined && second === undefined &&
    isZip(await first.file.read(0, Math.min(4, first.file.size)));
  if (isArchive) return await openZip(first.file, limits);
  throw new EdgeError(
    "unsupported-type",
    "Cannot enrol the body: it is not one zip archive.",
  );
}

/** Enrols one pair, and writes that into the audit trail as if it had come alone. */
async function enrolPair(
  services: Services,
  c: Context<Env>,
  model: ServedModel,
  work: { tenant: string; signal: AbortSignal },
  { object, name, image, mask, label }: AnnotatedPair & { label: string },
): Promise<z.infer<typeof EnrolledDocument>> {
  const { audit, maxBytes } = services;
  const { tenant } = work;
  const named = ReferenceParams.safeParse({ patient: object, reference: name });
  if (!named.success) throw invalid("archive", named.error.issues);
  const { patient, reference } = named.data;
  if (image === undefined || mask === undefined) {
    const [has, lacks] = image === undefined
      ? ["an annotation", "image"]
      : ["an image", "annotation"];
    throw invalidInput(
      `The archive holds ${has} of this name, and no ${lacks}.`,
    );
  }
  await requireReferenceQuota(services, tenant, patient, [reference]);
  const [picture, annotation] = await Promise.all(
    [image, mask].map(async (file) => {
      if (file.size > maxBytes) {
        const why = `The file is larger than ${maxBytes} bytes.`;
        throw new EdgeError("too-many-bytes", why);
      }
      return { bytes: await file.read() };
    }),
  ) as [{ bytes: Uint8Array<ArrayBuffer> }, { bytes: Uint8Array<ArrayBuffer> }];
  await audit.append(tenant, {
    caller: callerOf(c).caller,
    operation: "POST /v1/enrolments",
    names: [
      await audit.tag(tenant, "patients", patient),
      await audit.tag(tenant, "patients", patient, "references", reference),
    ],
    request: c.get("requestId"),
    phase: "begun",
    status: null,
  });
  return describeEnrolled(
    await enrolImage(services, model, work, {
      patient,
      reference,
      label,
      position: null,
      image: picture,
      annotation: { file: annotation, image: picture },
    }),
  );
}
