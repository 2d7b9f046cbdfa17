import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { EdgeError, invalidInput } from "../../lib/core/errors.ts";
import { textDigest } from "../../lib/core/digest.ts";
import { recipeOf } from "../../lib/engine/catalogue.ts";
import type { Work } from "../../lib/engine/work.ts";
import { encodeRle } from "../../lib/format/mask/rle.ts";
import {
  type LabelConfig,
  readLabelConfig,
} from "../../lib/label_studio/label_config.ts";
import {
  masksOf,
  type Region,
  regionsOf,
  regionsOn,
} from "../../lib/label_studio/regions.ts";
import { RECIPES } from "../../lib/pipeline/recipe.ts";
import { inOrder } from "../../lib/series/in_order.ts";
import type { Reference } from "../../lib/store/profiles/reference.ts";
import { parseJson } from "../body/json.ts";
import { requireMediaType } from "../body/media_type.ts";
import { Label, PatientParams } from "../contract/parameters.ts";
import { invalid } from "../contract/problems.ts";
import { describeProblem } from "../middleware/answer_problem.ts";
import { chooseReferences } from "../patients/choose_references.ts";
import { enrolImage } from "../patients/enrol_image.ts";
import { findProfile } from "../patients/find_profile.ts";
import { keepEmbedding } from "../patients/keep_embedding.ts";
import { MARK, namePart } from "../patients/reference_names.ts";
import { requireReferenceQuota } from "../patients/reference_quota.ts";
import { callerOf, createRouter, type Env, type Router } from "../router.ts";
import type { Services } from "../services.ts";
import { runPatiently } from "./series/segment_image.ts";

const BASE = "/label-studio/:patient";

const Task = z.looseObject({
  id: z.union([z.int(), z.string().max(64)]).optional(),
  data: z.record(z.string(), z.unknown()),
});

/** The XML of a project's labelling interface. */
const Interface = z.string().max(200_000);

const Predict = z.looseObject({
  tasks: z.array(Task),
  label_config: Interface,
});

const share = z.number().min(-1000).max(1000);
const Regions = z.array(z.looseObject({
  type: z.string(),
  from_name: z.string().default(""),
  to_name: z.string().default(""),
  original_width: z.int().min(1).default(1),
  original_height: z.int().min(1).default(1),
  image_rotation: z.number().default(0),
  item_index: z.int().min(0).optional(),
  value: z.looseObject({
    rle: z.array(z.int().min(0).max(255)).optional(),
    brushlabels: z.array(z.string()).optional(),
    points: z.array(z.tuple([share, share])).optional(),
    polygonlabels: z.array(z.string()).optional(),
  }).default({}),
})).max(1000);

/** What happened in a project. */
const Webhook = z.looseObject({
  action: z.string(),
  annotation: z.looseObject({
    result: z.unknown(),
    was_cancelled: z.boolean().optional(),
  }).optional(),
  task: Task.optional(),
  project: z.looseObject({ label_config: Interface.optional() }).optional(),
});

/** The actions that enrol. */
const ACCEPTED = new Set(["ANNOTATION_CREATED", "ANNOTATION_UPDATED"]);

/**
 * The labelstudio function: a machine-learning backend of Label Studio (HumanSignal/label-studio-ml-backend,
 * `label_studio_ml/api.py`) over a patient's references. An accepted annotation is enrolled; other tasks are predicted
 * by it. The protocol is Label Studio's, so that the OpenAPI document has no part of it.
 */
export function labelStudioFunction(services: Services): Router {
  const { models, profiles, readTaskImage } = services;

  const patientOf = (c: Context<Env>) => {
    const parsed = PatientParams.safeParse(c.req.param());
    if (!parsed.success) throw invalid("path", parsed.error.issues);
    return parsed.data.patient;
  };
  const readJson = async <T>(c: Context<Env>, schema: z.ZodType<T>) => {
    requireMediaType(c, "application/json");
    return parseJson(await c.req.text(), schema, "body");
  };
  const referencesOf = (c: Context<Env>) =>
    profiles.list(callerOf(c).tenant, patientOf(c));
  /** Label Studio predicts a task once for each version, so that a changed reference is a new one. */
  const versionOf = async (references: Reference[]) => {
    const { id, digest } = models.default.manifest;
    const version = `${id}-${digest.slice(0, 12)}`;
    if (references.length === 0) return version;
    const made = references.map((one) => [one.reference, one.createdAt]);
    const state = await textDigest(JSON.stringify(made));
    return `${version}-${state.slice(0, 8)}`;
  };
  const imageOf = async (
    data: z.infer<typeof Task>["data"],
    field: string,
    { signal }: Work,
  ) => {
    const source = data[field];
    if (typeof source !== "string") {
      throw invalidInput(`The task has no image in its field "${field}".`);
    }
    return { bytes: await readTaskImage(source, signal) };
  };

  const predictTask = async (
    work: Work,
    patient: string,
    data: z.infer<typeof Task>["data"],
    config: LabelConfig,
  ) => {
    const { tenant } = work;
    const model = models.default;
    const image = await imageOf(data, config.field, work);
    const made = await model.embedder.embed(work, image);
    await keepEmbedding(services, model.embedder, { tenant, patient }, made);
    const result: Region[] = [];
    let score = 0;
    for (const label of config.labels) {
      const whose = { tenant, patient, label: plain(label) };
      const { enrolled } = await findProfile(services, model, whose);
      const chosen = chooseReferences(enrolled, "pooled");
      const { mask, presence } = await model.engineFor(work).segment(
        made.bytes,
        chosen.enrolled.map(({ profile }) => profile),
        {
          recipe: RECIPES[recipeOf(model, undefined)],
          combine: chosen.combine,
          every: false,
          trace: false,
        },
      );
      const confidence = presence.confidence ?? 0;
      result.push(...regionsOf(mask, label, config, confidence));
      score += confidence / config.labels.length;
    }
    return { result, score };
  };

  /** A prediction of each task; of one that cannot be predicted an empty one, since an error would leave all without. */
  const predictTasks = async (
    c: Context<Env>,
    { tasks, label_config }: z.infer<typeof Predict>,
  ) => {
    const patient = patientOf(c);
    const caller = { ...callerOf(c), signal: c.req.raw.signal };
    const config = readLabelConfig(label_config);
    const references = await referencesOf(c);
    const model_version = await versionOf(references);
    const known = new Set(references.map(({ label }) => label));
    const labels = config.labels.filter((label) => known.has(plain(label)));
    const predict = async (i: number) => {
      const empty = { result: [], score: 0, model_version };
      if (labels.length === 0) return empty;
      const { data } = tasks[i]!;
      try {
        const made = await runPatiently(
          services.deadline,
          caller,
          (work) => predictTask(work, patient, data, { ...config, labels }),
        );
        return { ...made, model_version };
      } catch (error) {
        if (!caller.signal.aborted) {
          const { type, instance } = describeProblem(error, c);
          const line = { level: "error", request: instance, task: i, type };
          console.error(JSON.stringify(line));
        }
        // Under this version it is asked for again.
        return { ...empty, model_version: `${model_version}-failed` };
      }
    };
    const { parallel } = services;
    const results = await Array.fromAsync(
      inOrder({ from: 0, to: tasks.length, parallel }, predict),
    );
    return { results, model_version };
  };

  const enrolAnnotation = async (
    c: Context<Env>,
    work: Work,
    { annotation, task, project }: z.infer<typeof Webhook>,
  ) => {
    const { tenant } = callerOf(c);
    const patient = patientOf(c);
    if (task?.id === undefined || annotation === undefined) {
      throw invalidInput(
        "The webhook has no task or annotation: switch its payload on.",
      );
    }
    const parsed = Regions.safeParse(annotation.result ?? []);
    if (!parsed.success) {
      throw invalid("body.annotation.result", parsed.error.issues);
    }
    const config = project?.label_config
      ? readLabelConfig(project.label_config)
      : undefined;
    const regions = regionsOn(parsed.data, config?.to) as Region[];
    const prefix = `task-${await namePart(String(task.id), 32)}${MARK}`;
    const before = (await profiles.list(tenant, patient))
      .filter(({ reference }) => reference.startsWith(prefix));
    const enrolled: string[] = [];
    if (regions.length > 0) {
      const field = config?.field ?? onlyField(task.data);
      const image = await imageOf(task.data, field, work);
      const model = models.default;
      const { image: size } = await model.embedder.embed(work, image);
      const masks = masksOf(regions, size);
      const named = await Promise.all(
        [...masks].map(async ([label, mask]) => ({
          label: checked(label),
          mask,
          reference: prefix + await namePart(plain(label), 48),
        })),
      );
      const names = named.map(({ reference }) => reference);
      await requireReferenceQuota(services, tenant, patient, names);
      for (const { label, mask, reference } of named) {
        await enrolImage(services, model, work, {
          patient,
          reference,
          label,
          position: null,
          image,
          annotation: { rle: encodeRle(mask) },
          budget: services.selfTestBudget / named.length,
        });
        enrolled.push(reference);
      }
    }
    for (const { reference } of before) {
      if (enrolled.includes(reference)) continue;
      await profiles.delete(tenant, patient, reference);
    }
    return enrolled;
  };

  const both = (path: string) => [`${BASE}${path}`, `${BASE}${path}/`];
  const router = createRouter();
  router.on(
    "GET",
    [...both(""), ...both("/health")],
    (c) => c.json({ status: "UP", model_class: "P2SAMEdge" }),
  );
  router.on("POST", both("/setup"), async (c) => {
    const { schema } = await readJson(
      c,
      z.looseObject({ schema: Interface.optional() }),
    );
    // A project that cannot be predicted is told so when it is connected.
    if (schema) readLabelConfig(schema);
    return c.json({ model_version: await versionOf(await referencesOf(c)) });
  });
  router.on(
    ["GET", "POST"],
    both("/versions"),
    async (c) => c.json({ versions: [await versionOf(await referencesOf(c))] }),
  );
  router.on("POST", both("/predict"), async (c) => {
    return c.json(await predictTasks(c, await readJson(c, Predict)));
  });
  router.on("POST", both("/webhook"), async (c) => {
    const event = await readJson(c, Webhook);
    if (!ACCEPTED.has(event.action) || event.annotation?.was_cancelled) {
      return c.json({ ignored: event.action, references: [] }, 201);
    }
    // Label Studio hangs up after a second, and sends no event twice: the work is not its request's.
    const { tenant } = callerOf(c);
    const whose = { tenant, signal: new AbortController().signal };
    const references = await runPatiently(
      services.deadline,
      whose,
      (work) => enrolAnnotation(c, work, event),
    );
    return c.json({ references }, 201);
  });
  return router;
}

/** A label in the form in which it is stored. */
const plain = (label: string): string => label.normalize("NFC").trim();

function checked(label: string): string {
  const parsed = Label.safeParse(label);
  if (parsed.success) return parsed.data;
  throw invalid("body.annotation.result", parsed.error.issues);
}

/** The field of a task that holds its image, where no interface says it: the only one that holds text. */
function onlyField(data: Record<string, unknown>) {
  const [only, ...others] = Object.keys(data)
    .filter((field) => typeof data[field] === "string");
  if (only !== undefined && others.length === 0) return only;
  throw new EdgeError(
    "invalid-input",
    "The task has several fields, and the webhook says nothing of the interface: which one is the image cannot be told.",
  );
}
