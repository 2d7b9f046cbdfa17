import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { recipeOf } from "../../../lib/engine/catalogue.ts";
import { invalidInput } from "../../../lib/core/errors.ts";
import { TISSUE } from "../../../lib/dicom/segmentation/segment_description.ts";
import type { MaskGroup } from "../../../lib/format/mask/placed_masks.ts";
import { readCursor, seriesTag } from "../../../lib/series/cursor.ts";
import { inOrder } from "../../../lib/series/in_order.ts";
import { positionsOf } from "../../../lib/series/series_image.ts";
import { Spool } from "../../../lib/series/range_file.ts";
import { writeZip, type ZipFile } from "../../../lib/series/write_zip.ts";
import { seriesBody } from "../../body/uploads.ts";
import {
  acceptedType,
  isPlaced,
  PLACED_FORMS,
  RTSTRUCT,
} from "../../contract/accept.ts";
import { storedHeaders } from "../../contract/archive.ts";
import { binary } from "../../contract/answers.ts";
import { PatientParams } from "../../contract/parameters.ts";
import { invalid, problems } from "../../contract/problems.ts";
import { archiveOf } from "../../middleware/archive.ts";
import { describeProblem } from "../../middleware/answer_problem.ts";
import {
  callerOf,
  createRouter,
  type Env,
  type Router,
  workOf,
} from "../../router.ts";
import { findProfile } from "../../patients/find_profile.ts";
import {
  createSubjectReader,
  otherPatient,
  warnOfOther,
} from "../../patients/other_patient.ts";
import { requireArchived } from "../../patients/require_archived.ts";
import type { Services } from "../../services.ts";
import { openSeries } from "./open_series.ts";
import { masksOf } from "./archive.ts";
import { cocoOf } from "./coco.ts";
import { linesOf } from "./lines.ts";
import {
  createPlacer,
  filesOf,
  gatherMasks,
  type WrittenGroup,
} from "./placed_files.ts";
import { type ImageResult, type SeriesRun, streamOf } from "./run.ts";
import { CocoDocument, SeriesLine, SeriesQuery } from "./schema.ts";
import { runPatiently, segmentImage } from "./segment_image.ts";
import { summaryHeaders } from "./summary.ts";

const NDJSON = "application/x-ndjson";
/** The first is in the document: of a type that looks like JSON, generated clients would take every answer to be. */
const COCO = ["application/x-coco", "application/json; profile=coco"] as const;
const PNG = "image/png";
const ZIP = "application/zip";

const ANSWER_TYPES = [
  NDJSON,
  ...COCO,
  PNG,
  "application/dicom",
  RTSTRUCT,
  "application/x-nifti",
] as const;

/** Lines were the only answer once, whatever was accepted. */
const RANGES = {
  "application/json": NDJSON,
  "application/*": NDJSON,
  "image/*": PNG,
  [ZIP]: PNG,
} as const;

const isCoco = (type: string): type is typeof COCO[number] =>
  COCO.some((name) => name === type);

/** Images of one series, whatever their bytes. */
const MAX_IMAGES = 10_000;

const route = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/series",
  operationId: "segmentSeries",
  tags: ["patients"],
  summary:
    "Segment many images of a patient, one line each as it is ready, or one file of all",
  description:
    "The whole body is received before the first line is sent. A line is a JSON object and ends with a newline; " +
    "every image gives exactly one, in order; an image that cannot be read gives one with its problem. After a " +
    "broken connection send the very same body again with the `cursor` of the last complete line: the lines " +
    "continue after it. Ending the request ends the work.\n\n" +
    "`Accept` may ask for all masks at once instead: `application/dicom` (a segmentation), `application/dicom; " +
    "type=rtstruct` (a structure set), `application/x-nifti` (a volume), `application/x-coco` (COCO's JSON, " +
    "also `application/json; profile=coco`), or `image/png` (a zip archive of a PNG for each image). Such an answer begins when the last image is done. Images " +
    "that one DICOM or NIfTI file cannot hold (several series, orientations or volumes) come as a zip archive of files. An " +
    "archive has a document `series.json` of what became of every image; headers say it of one file.",
  request: {
    params: PatientParams,
    query: SeriesQuery,
    body: { required: true, content: seriesBody },
  },
  responses: {
    200: {
      description: "A line for every image that is left, or the masks of all",
      headers: { ...summaryHeaders, ...storedHeaders },
      content: {
        [NDJSON]: { schema: SeriesLine },
        [COCO[0]]: { schema: CocoDocument },
        "application/dicom": binary,
        [RTSTRUCT]: binary,
        "application/x-nifti": binary,
        [ZIP]: binary,
      },
    },
    ...problems(400, 404, 406, 409, 413, 415, 422, 502, 503),
  },
});

/** The series function: many images → a line each, or a file of all. */
export function seriesFunction(services: Services): Router {
  const { models, maxBytes, maxSeriesBytes, parallel, deadline } = services;
  const limits = { maxBytes, maxSeriesBytes, maxImages: MAX_IMAGES };

  return createRouter().openapi(route, async (c) => {
    const { patient } = c.req.valid("param");
    const query = c.req.valid("query");
    const { cursor, label, explain } = query;
    const model = models.choose(query.model);
    const recipe = recipeOf(model, query.recipe);
    const type = acceptedType(c, ANSWER_TYPES, RANGES, "A series");
    if (cursor !== undefined && type !== NDJSON) {
      const message = `continues an answer in lines; accept ${NDJSON}`;
      throw invalid("query", [{ path: ["cursor"], message }]);
    }
    if (query.store && type !== "application/dicom" && type !== RTSTRUCT) {
      const message =
        `stores the DICOM object that is answered; accept application/dicom or ${RTSTRUCT}`;
      throw invalid("query", [{ path: ["store"], message }]);
    }
    const { tenant } = callerOf(c);
    const whose = { tenant, patient, label };
    const profile = await findProfile(services, model, whose);
    const release = services.seriesQuota.take(tenant);
    const spool = await Spool.create().catch((error) => {
      release();
      throw error;
    });
    const stop = new AbortController();
    const end = () => {
      if (stop.signal.aborted) return;
      stop.abort();
      release();
      spool[Symbol.dispose]();
    };
    try {
      const engine = model.engineFor(workOf(c));
      const { images, digest, isArchived } = await openSeries(
        services,
        c,
        spool,
        engine,
        limits,
      );
      requireArchived(query.store, isArchived);
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

      const request = { patient, label, explain, recipe, model, ...profile };
      const caller = { tenant, signal: stop.signal };
      const describe = (error: unknown) => describeProblem(error, c);
      const place = isPlaced(type)
        ? createPlacer(model.engineFor, PLACED_FORMS[type])
        : undefined;
      const references = await services.profiles.list(tenant, patient);
      const subjectOf = createSubjectReader();
      const segment = async (index: number): Promise<ImageResult> => {
        const image = images[index]!;
        const position = positions[index]!;
        const result = await runPatiently(deadline, caller, async (work) => {
          const file = await image.read();
          const doubts = await warnOfOther(
            references,
            await subjectOf(image, file),
          );
          if (query.store && doubts.length > 0) throw otherPatient(patient);
          const warnings = [...file.warnings ?? [], ...doubts];
          const places = await place?.(image, file, work);
          const form = { png: type === PNG };
          const made = await segmentImage(
            services,
            request,
            { ...image, read: () => Promise.resolve({ ...file, warnings }) },
            position,
            work,
            form,
          );
          return { ...made, ...(places && { places }) };
        }).catch((error) =>
          // Nobody reads how stopped work ended.
          stop.signal.aborted ? {} : { problem: describe(error) }
        );
        return { index, position, image, ...result };
      };
      const run: SeriesRun = {
        total,
        results: inOrder({ from, to: total, parallel }, segment),
        stopped: stop.signal,
        closing: services.closing,
        end,
      };
      c.req.raw.signal.addEventListener("abort", end);
      c.header("vary", "accept");
      c.header("cache-control", "no-store");
      if (type === NDJSON) {
        return c.body(streamOf(run, linesOf(run, { from, tag })), 200, {
          "content-type": NDJSON,
          // Proxies that buffer answers (nginx) would hold lines back.
          "x-accel-buffering": "no",
        }) as never;
      }
      if (type === PNG) return sendArchive(c, run, masksOf(run));
      if (isCoco(type)) {
        const { id, digest } = model.manifest;
        const document = await cocoOf(run, { label, model: { id, digest } });
        end();
        return c.json(document, 200, { "content-type": type }) as never;
      }
      const form = PLACED_FORMS[type];
      const gathered = await gatherMasks(run, form, type, describe);
      const { category = TISSUE, property = TISSUE, region } = query;
      const segmentOf = {
        label,
        category,
        property,
        region,
        model: model.manifest.digest,
      };
      const write = async (
        group: MaskGroup,
        number: number,
      ): Promise<WrittenGroup> => {
        const bytes = await runPatiently(
          deadline,
          caller,
          (work) => model.engineFor(work).writeMasks(group, segmentOf, form),
        );
        if (!query.store) return { bytes, stored: undefined };
        if (!gathered.present.has(number)) return { bytes, stored: null };
        const { instance } = await archiveOf(services, c)
          .store(bytes, stop.signal);
        return { bytes, stored: instance };
      };
      const [group, ...more] = gathered.masks.groups;
      if (more.length > 0) {
        return sendArchive(c, run, filesOf(gathered, write, describe));
      }
      const { bytes, stored } = await write(group!, 0);
      if (stored) c.header("x-stored-instance", stored);
      end();
      gathered.summary.send(c);
      if (form === "nifti") attach(c, "mask.nii.gz");
      return c.body(bytes, 200, { "content-type": type }) as never;
    } catch (error) {
      end();
      throw error;
    }
  });
}

function sendArchive(
  c: Context<Env>,
  run: SeriesRun,
  files: AsyncGenerator<ZipFile>,
) {
  attach(c, "masks.zip");
  const body = streamOf(run, writeZip(files));
  return c.body(body, 200, { "content-type": ZIP }) as never;
}

function attach(c: Context, name: string): void {
  c.header("content-disposition", `attachment; filename="${name}"`);
}
