import { type Bytes, concat } from "../core/bytes.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import { type Identity, readIdentity } from "../dicom/data_set/identity.ts";
import { TAG } from "../dicom/data_set/tags.ts";
import { isUid } from "../dicom/data_set/uid.ts";
import type { Archive, ArchivedSeries, InstanceReference } from "./archive.ts";
import {
  itemsOf,
  type JsonDataset,
  numbersOf,
  parseDataset,
  parseDatasets,
  textOf,
} from "./dicom_json.ts";
import { createExchange, type ExchangeOptions } from "./exchange.ts";
import { failed } from "./faults.ts";
import { onlyPart, relatedBoundary } from "./related_part.ts";
import { inSliceOrder, type Numbered } from "./slice_order.ts";
import type { Network } from "../remote/network.ts";

/** Attributes of answers alone (PS3.6). */
const STUDY_DESCRIPTION = 0x00081030;
const SERIES_INSTANCES = 0x00201209;
const FAILURE_REASON = 0x00081197;
const DUPLICATE: (number | undefined)[] = [0x0111, 45070];
const FAILED = 0x00081198;
const STORED = 0x00081199;

/** Longest list that is read, bytes; the metadata of an image are some 10 KB. */
const MAX_JSON = 128 * 2 ** 20;
/** Most studies of a patient, and series of a study, that are listed. */
const MAX_LISTED = 100;

const JSON_TYPE = "application/dicom+json";

/**
 * The client of an archive's DICOMweb services (PS3.18): QIDO-RS (§10.6), WADO-RS (§10.4) and STOW-RS (§10.5). Only
 * `url` is asked: no address in an answer is followed.
 */
export function createArchive(
  options: ExchangeOptions,
  network: Partial<Network> = {},
): Archive {
  const { ask } = createExchange(options, network);

  /** The data sets that a search or a retrieval of metadata answers. */
  const list = (
    path: string[],
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<JsonDataset[]> =>
    ask({ path, query, accept: JSON_TYPE }, signal, async (response) => {
      // Nothing was found, as archives before 2019 say it.
      if (response.status === 204) return [];
      const text = await readText(await requireFound(response));
      const datasets = parseDatasets(text);
      if (datasets === null) {
        throw failed("its answer is no list in DICOM JSON");
      }
      return datasets;
    });

  return {
    async findSeries(patientId, signal) {
      const limit = `${MAX_LISTED + 1}`;
      const studies = await list(["studies"], {
        PatientID: patientId,
        includefield: tagName(STUDY_DESCRIPTION),
        limit,
      }, signal);
      // An archive may match without regard to case, or not at all.
      const own = studies.filter((study) =>
        textOf(study, TAG.patientId) === patientId
      );
      let complete = studies.length <= MAX_LISTED;
      const found: ArchivedSeries[] = [];
      for (const study of own.slice(0, MAX_LISTED)) {
        const uid = textOf(study, TAG.studyInstance);
        if (!isUid(uid)) {
          complete = false;
          continue;
        }
        const all = await list(["studies", uid, "series"], {
          includefield: tagName(TAG.seriesDescription),
          limit,
        }, signal);
        complete &&= all.length <= MAX_LISTED;
        for (const one of all.slice(0, MAX_LISTED)) {
          const series = textOf(one, TAG.seriesInstance);
          if (!isUid(series)) {
            complete = false;
            continue;
          }
          found.push({
            study: uid,
            series,
            modality: textOf(one, TAG.modality),
            description: textOf(one, TAG.seriesDescription),
            studyDescription: textOf(study, STUDY_DESCRIPTION),
            studyDate: textOf(study, TAG.studyDate),
            number: textOf(one, TAG.seriesNumber),
            instances: numbersOf(one, SERIES_INSTANCES)[0] ?? null,
          });
        }
      }
      return { series: found, complete };
    },

    async listInstances({ study, series }, signal) {
      const path = ["studies", study, "series", series, "metadata"];
      const datasets = await list(path, {}, signal);
      return inSliceOrder(datasets.map((dataset) => {
        requireAsked({ study, series }, {
          study: textOf(dataset, TAG.studyInstance),
          series: textOf(dataset, TAG.seriesInstance),
        });
        return instanceOf(dataset);
      }));
    },

    readInstance(asked, maxBytes, signal) {
      const { study, series, instance } = asked;
      const path = ["studies", study, "series", series, "instances", instance];
      const accept =
        'multipart/related; type="application/dicom"; transfer-syntax=*';
      return ask({ path, accept }, signal, async (response) => {
        const file = await readFile(await requireFound(response), maxBytes);
        requireAsked(asked, identityOf(file));
        return file;
      });
    },

    async store(file, signal) {
      const identity = readIdentity(file);
      if (identity === null || !Object.values(identity).every(isUid)) {
        throw invalidInput(
          "Cannot store the object in the image archive: it states no identifiers.",
        );
      }
      const boundary = crypto.randomUUID();
      const text = new TextEncoder();
      const body = concat([
        text.encode(`--${boundary}\r\ncontent-type: application/dicom\r\n\r\n`),
        file,
        text.encode(`\r\n--${boundary}--\r\n`),
      ]);
      const type =
        `multipart/related; type="application/dicom"; boundary=${boundary}`;
      const path = ["studies", identity.study];
      const request = { path, accept: JSON_TYPE, send: { body, type } };
      const isThere = await ask(request, signal, async (response) => {
        const report = parseDataset(await readText(response)) ?? {};
        if (isDuplicate(report)) return true;
        requireStored(response.status, report, identity);
        return false;
      });
      // Its identifier follows from what it holds, so that the object of that identifier is this one.
      if (isThere) {
        await this.readInstance(identity, 2 * file.length, signal).catch(() => {
          throw failed(
            "it refuses the object as one that it has, and does not show it",
          );
        });
      }
      return identity;
    },
  };
}

const tagName = (tag: number) =>
  tag.toString(16).toUpperCase().padStart(8, "0");

/** @throws EdgeError `not-found` for what the archive does not have; `archive-failed` for any other refusal. */
async function requireFound(response: Response): Promise<Response> {
  const { status } = response;
  if (status === 200) return response;
  await response.body?.cancel();
  if (status === 404 || status === 410) {
    const message = "The image archive has no such study, series or instance.";
    throw new EdgeError("not-found", message);
  }
  throw failed(`it answered ${status}`);
}

/** The bytes of a body as they arrive, `most` at most. */
async function* bounded(
  response: Response,
  most: number,
  tooMany: () => EdgeError,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > most) throw tooMany();
    yield chunk;
  }
}

async function readText(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  if (!/^application\/(dicom\+)?json\b/i.test(type) && response.ok) {
    await response.body?.cancel();
    throw failed(`it answered another type than ${JSON_TYPE}`);
  }
  const tooMany = () => failed(`its answer is longer than ${MAX_JSON} bytes`);
  const parts = await Array.fromAsync(bounded(response, MAX_JSON, tooMany));
  return new TextDecoder().decode(concat(parts));
}

/** Bytes that the boundaries and headers of a multipart answer may add to its file. */
const MAX_FRAME = 65_536;

/** The file of an answer of one object: the only part of a multipart body, or the whole body. */
async function readFile(response: Response, most: number): Promise<Bytes> {
  const type = response.headers.get("content-type") ?? "";
  const tooMany = () =>
    new EdgeError(
      "too-many-bytes",
      `The instance in the image archive is larger than ${most} bytes.`,
    );
  const boundary = relatedBoundary(type);
  if (boundary === null && !/^application\/dicom\s*(;|$)/i.test(type)) {
    await response.body?.cancel();
    throw failed("it answered another type than a DICOM file");
  }
  const body = bounded(response, most + MAX_FRAME, tooMany);
  const content = boundary === null ? body : onlyPart(body, boundary);
  const file = concat(await Array.fromAsync(content));
  if (file.length > most) throw tooMany();
  return file;
}

function identityOf(file: Bytes): Identity {
  let identity: Identity | null = null;
  try {
    identity = readIdentity(file);
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error;
  }
  if (identity !== null) return identity;
  throw failed("it answered a file that is no whole DICOM file");
}

/** @throws EdgeError `archive-failed` where an identifier is another than the one that was asked for. */
function requireAsked<T extends Partial<Identity>>(asked: T, came: T): void {
  const wrong = (["study", "series", "instance"] as const)
    .filter((name) => name in came && asked[name] !== came[name]);
  if (wrong.length === 0) return;
  throw failed(
    `it answered another ${
      wrong.join(" and ")
    } than the one that was asked for`,
  );
}

/** Whether the archive refuses an object because it has it: by DIMSE's reason (PS3.4 §B.2.3), or by Azure's. */
function isDuplicate(report: JsonDataset): boolean {
  const [refused, other] = itemsOf(report, FAILED);
  if (refused === undefined || other !== undefined) return false;
  return DUPLICATE.includes(numbersOf(refused, FAILURE_REASON)[0]);
}

/** @throws EdgeError `archive-failed` where the archive does not confirm that it stored the object (PS3.18 §10.5.3). */
function requireStored(
  status: number,
  report: JsonDataset,
  { instance }: InstanceReference,
): void {
  const isMeant = (item: JsonDataset) =>
    textOf(item, TAG.referencedInstance) === instance;
  const refused = itemsOf(report, FAILED).find(isMeant) ??
    itemsOf(report, FAILED)[0];
  if (refused !== undefined) {
    const [reason] = numbersOf(refused, FAILURE_REASON);
    const code = reason === undefined ? "" : `, reason ${hex(reason)}`;
    throw failed(`it refuses to store the object${code}`);
  }
  if (status !== 200 && status !== 202) {
    throw failed(`it refuses to store the object and answered ${status}`);
  }
  if (itemsOf(report, STORED).some(isMeant)) return;
  throw failed("it does not confirm that it stored the object");
}

/** A failure reason as PS3.18 table I.2-2 lists it. */
const hex = (reason: number) => reason.toString(16).toUpperCase();

function instanceOf(dataset: JsonDataset): Numbered {
  const instance = textOf(dataset, TAG.sopInstance);
  if (!isUid(instance)) throw failed("its list has an object without a UID");
  const [frames = 1] = numbersOf(dataset, TAG.frames);
  const position = numbersOf(dataset, TAG.imagePosition);
  const orientation = numbersOf(dataset, TAG.imageOrientation);
  const isPlaced = position.length === 3 && orientation.length === 6;
  return {
    instance,
    frames: Number.isInteger(frames) && frames > 0 ? frames : 1,
    plane: isPlaced ? { position, orientation } : null,
    frameOfReference: textOf(dataset, TAG.frameOfReference),
    number: numbersOf(dataset, TAG.instanceNumber)[0] ?? Infinity,
  };
}
