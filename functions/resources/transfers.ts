import { createRoute, z } from "@hono/zod-openapi";
import { EdgeError, invalidInput } from "../../lib/core/errors.ts";
import {
  ARCHIVE_MEDIA_TYPE,
  type Archived,
  readArchive,
  writeArchive,
} from "../../lib/format/profile_archive.ts";
import { readProfile } from "../../lib/format/profile_file.ts";
import { requireSigner } from "../../lib/core/signing.ts";
import type { Enrolled } from "../../lib/store/profiles/reference.ts";
import type { ProfileStore } from "../../lib/store/profiles/profile_store.ts";
import { requireMediaType } from "../body/media_type.ts";
import { binary, json } from "../contract/answers.ts";
import {
  Label,
  PatientParams,
  ReferenceParams,
} from "../contract/parameters.ts";
import { invalid, problems } from "../contract/problems.ts";
import { callerOf, createRouter, type Router } from "../router.ts";
import { requireReferenceQuota } from "../patients/reference_quota.ts";
import type { Services } from "../services.ts";
import { describeReference, ReferenceDocument } from "./references/schema.ts";

/** References of one archive: as many as one commit of KV can check. */
const MAX_REFERENCES = 48;

/** Which of a patient's references are exported. */
const TransferQuery = z.strictObject({
  label: Label.optional().openapi({
    type: "string",
    description: "Name of the structure; all where left out",
  }),
});

/** A reference's record in an archive; fields that this version does not know are kept. */
export const ArchivedReference = z.looseObject({
  reference: ReferenceParams.shape.reference,
  label: Label,
  position: z.number().min(0).max(1).nullable(),
  model: z.string().regex(/^[0-9a-f]{64}$/),
  image: z.strictObject({
    width: z.int().positive(),
    height: z.int().positive(),
  }),
  patches: z.int().positive(),
  createdAt: z.iso.datetime(),
});

/** The references of an imported file. */
const ImportedDocument = z.object({
  patient: z.string(),
  references: z.array(ReferenceDocument),
}).openapi("Imported");

const exportRoute = createRoute({
  method: "get",
  path: "/v1/patients/{patient}/export",
  operationId: "exportPatient",
  tags: ["patients"],
  summary:
    "A patient's references as one signed file, without the patient's id",
  request: { params: PatientParams, query: TransferQuery },
  responses: {
    200: {
      description: "The file, for the import of another installation",
      content: { [ARCHIVE_MEDIA_TYPE]: binary },
    },
    ...problems(404, 422),
  },
});

const importRoute = createRoute({
  method: "post",
  path: "/v1/patients/{patient}/import",
  operationId: "importPatient",
  tags: ["patients"],
  summary: "Import exported references: all or none",
  request: {
    params: PatientParams,
    body: { required: true, content: { [ARCHIVE_MEDIA_TYPE]: binary } },
  },
  responses: {
    200: json(ImportedDocument, "The references that were imported"),
    ...problems(403, 409, 413, 415, 422),
  },
});

/** The transfer function: profiles from one installation to another. */
export function transferFunction(services: Services): Router {
  const { profiles, trust, now } = services;
  return createRouter()
    .openapi(exportRoute, async (c) => {
      const signer = requireSigner(trust);
      const { patient } = c.req.valid("param");
      const { label } = c.req.valid("query");
      const { tenant } = callerOf(c);
      const archived = await collect(profiles, tenant, patient, label);
      if (archived.length === 0) {
        const what = label === undefined ? "" : ` labelled "${label}"`;
        throw new EdgeError(
          "not-found",
          `There is no reference${what} of patient "${patient}".`,
        );
      }
      const at = new Date(now()).toISOString();
      return c.body(await writeArchive(archived, at, signer), 200, {
        "content-type": ARCHIVE_MEDIA_TYPE,
        "content-disposition": 'attachment; filename="profile.p2sam"',
        "cache-control": "no-store",
      }) as never;
    })
    .openapi(importRoute, async (c) => {
      const { patient } = c.req.valid("param");
      const { tenant } = callerOf(c);
      requireMediaType(c, ARCHIVE_MEDIA_TYPE);
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      const archived = await readArchive(bytes, trust.trusted);
      if (archived.length > MAX_REFERENCES) {
        throw invalidInput(
          `The file holds ${archived.length} references; at most ${MAX_REFERENCES} are imported at once.`,
        );
      }
      const enrolled = archived.map((one, i) =>
        restore(services, patient, one, i)
      );
      const names = enrolled.map(({ reference }) => reference.reference);
      if (names.length === 0 || new Set(names).size < names.length) {
        throw invalidInput(
          "The file holds no reference, or the same reference twice.",
        );
      }
      await requireReferenceQuota(services, tenant, patient, names);
      await profiles.putAll(tenant, enrolled);
      const references = enrolled.map(({ reference }) =>
        describeReference(reference)
      );
      return c.json({ patient, references }, 200);
    });
}

/** The references of a patient, without the patient's id; those of one label where it is given. */
async function collect(
  profiles: ProfileStore,
  tenant: string,
  patient: string,
  label: string | undefined,
): Promise<Archived[]> {
  const archived: Archived[] = [];
  for (const { reference } of await profiles.list(tenant, patient)) {
    const found = await profiles.get(tenant, patient, reference);
    // It may have been erased since it was listed.
    if (found === null) continue;
    if (label !== undefined && found.reference.label !== label) continue;
    const { patient: _, subject: __, ...record } = found.reference;
    archived.push({ record, profile: found.profile });
  }
  return archived;
}

/**
 * A reference of an archive as one of the patient.
 *
 * @param i its place in the archive, from 0.
 * @throws EdgeError `validation`, `invalid-input`; `model-mismatch` where its model is not served.
 */
function restore(
  { models }: Services,
  patient: string,
  { record, profile }: Archived,
  i: number,
): Enrolled {
  const parsed = ArchivedReference.safeParse(record);
  if (!parsed.success) throw invalid(`references.${i}`, parsed.error.issues);
  // The annotation itself does not travel, and whom its image is of is no other installation's to say.
  const { annotationKept: _, subject: __, ...rest } = parsed.data;
  const reference = { ...rest, patient };
  const { model, patches, channels } = readProfile(profile);
  const isServed = models.all.some(({ manifest }) =>
    manifest.digest === reference.model
  );
  if (!isServed || model !== reference.model) {
    throw new EdgeError(
      "model-mismatch",
      `The reference "${reference.reference}" was made by a model that is not served here: ` +
        `its digest is ${reference.model}.`,
    );
  }
  if (patches.length !== reference.patches * channels) {
    throw invalidInput(
      `The reference "${reference.reference}" does not fit its profile.`,
    );
  }
  return { reference, profile };
}
