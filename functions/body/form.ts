import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { InputFile } from "../../lib/engine/engine.ts";
import { type Bytes, concat } from "../../lib/core/bytes.ts";
import { joinVolume } from "../../lib/image/volume_pair.ts";
import { binary } from "../contract/answers.ts";
import { invalid } from "../contract/problems.ts";
import type { Env } from "../router.ts";
import { readReferred, type ReferredFile } from "./archive_reference.ts";
import { parseInlineFiles } from "./inline_files.ts";
import { MAX_JSON_BYTES, parseJson } from "./json.ts";
import {
  bytesOfFile,
  isObject,
  readJsonFile,
  withoutNulls,
  wrong,
} from "./json_file.ts";
import { mediaTypeOf, requireMediaType } from "./media_type.ts";
import { bytesOf, readMultipart } from "./multipart.ts";

/** A file of a form, whole in memory: a form is bounded as a body. */
interface SentFile extends Partial<ReferredFile> {
  bytes: Bytes;
  mediaType?: string | undefined;
}

/** The value of a field, as it was sent. */
type FieldValue = SentFile | string;

/** How a field is described and read; T is the type of its value. */
export interface Field<T> {
  kind: "text" | "file" | "json";
  /** Its schema in the OpenAPI document. */
  document: object;
  isRequired: boolean;
  /** @throws EdgeError `validation` or `malformed-request` for a value that cannot be used. */
  read(value: FieldValue | undefined, name: string): T;
  /** Of text: all texts of a form are checked at once. */
  schema?: z.ZodType<T>;
}

/** Text that must match a schema, whose default applies where the text is left out. */
export function text<T>(schema: z.ZodType<T>, document: object): Field<T> {
  const isRequired = !schema.safeParse(undefined).success;
  // A form checks its texts before it reads a field.
  const read = (value: FieldValue | undefined) => schema.parse(value);
  return { kind: "text", document, isRequired, read, schema };
}

/** What the descriptions of image fields say of volumes in two files. */
const IN_TWO_PARTS =
  "A volume in two files (`.hdr` and `.img`, `.mhd` and `.raw`, `.nhdr` and `.raw`) is sent as two parts of this name.";

/** An image file of the form, which must have a file name; a volume may come in two parts, header and voxels. */
export function file(
  description?: string,
): Field<InputFile & SentFile> {
  return {
    kind: "file",
    document: {
      ...binary.schema,
      description: description === undefined
        ? IN_TWO_PARTS
        : `${description}. ${IN_TWO_PARTS}`,
    },
    isRequired: true,
    read(value, name) {
      if (value === undefined) throw wrong(name, "is missing");
      if (typeof value === "string") {
        throw wrong(name, "must be a file, with a file name");
      }
      const { mediaType, ...file } = value;
      return mediaType === undefined ? file : { ...file, mediaType };
    },
  };
}

/**
 * JSON that must match a schema, sent as text or as a file.
 *
 * @param component the schema's name in the OpenAPI document.
 */
export function jsonField<T>(
  component: string,
  schema: z.ZodType<T>,
  { note, example, maxBytes = Infinity }: {
    /** Continues the description. */
    note?: string;
    example?: string;
    maxBytes?: number;
  } = {},
): Field<T> {
  const description = `JSON by the schema ${component}`;
  return {
    kind: "json",
    document: {
      type: "string",
      description: note === undefined ? description : `${description}${note}`,
      contentMediaType: "application/json",
      contentSchema: { $ref: `#/components/schemas/${component}` },
      ...(example !== undefined && { example }),
    },
    isRequired: true,
    read(value, name) {
      if (value === undefined) throw wrong(name, "is missing");
      const { length } = typeof value === "string" ? value : value.bytes;
      if (length > maxBytes) {
        throw wrong(name, `is longer than ${maxBytes} bytes`);
      }
      const text = typeof value === "string"
        ? value
        : new TextDecoder().decode(value.bytes);
      return parseJson(text, schema, `body.${name}`);
    },
  };
}

/** A field that may be left out. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  const { kind, document, read } = field;
  return {
    kind,
    document,
    isRequired: false,
    read: (value, name) => value === undefined ? undefined : read(value, name),
  };
}

/** The value of every field. */
type Values<F> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/**
 * Declares a body once, for the OpenAPI document and for its reader: a multipart body, or JSON with the same fields.
 *
 * @param either sets of fields, of each of which a body has exactly one.
 * @param atMostOne sets of fields, of each of which a body has one or none.
 */
export function defineForm<F extends Record<string, Field<unknown>>>(
  fields: F,
  { either = [], atMostOne = [] }: {
    either?: (keyof F & string)[][];
    atMostOne?: (keyof F & string)[][];
  } = {},
) {
  const texts = z.object(
    Object.fromEntries(
      Object.entries(fields).flatMap(([name, { schema }]) =>
        schema === undefined ? [] : [[name, schema]]
      ),
    ),
  );
  return {
    /** Its schema in the OpenAPI document. */
    content: {
      "multipart/form-data": { schema: describe(fields) },
      "application/json": { schema: describeJson(fields) },
    },

    /** Reads a request's body. @throws EdgeError for one that breaks the declaration. */
    async read(c: Context<Env>): Promise<Values<F>> {
      const sent = await readFields(c, fields);
      const parsed = texts.safeParse(sent);
      if (!parsed.success) throw invalid("body", parsed.error.issues);
      const values: Record<string, unknown> = { ...parsed.data };
      const read = (isMeant: (field: Field<unknown>) => boolean) => {
        for (const [name, field] of Object.entries(fields)) {
          if (isMeant(field)) values[name] = field.read(sent[name], name);
        }
      };
      read(({ kind, isRequired }) => kind === "file" && isRequired);
      for (const names of either) requireOne(sent, names);
      for (const names of atMostOne) {
        if (names.some((name) => sent[name] !== undefined)) {
          requireOne(sent, names);
        }
      }
      read(({ kind }) => kind === "json");
      read(({ kind, isRequired }) => kind === "file" && !isRequired);
      return values as Values<F>;
    },
  };
}

function describe(fields: Record<string, Field<unknown>>) {
  const entries = Object.entries(fields);
  const required = entries.flatMap(([name, { isRequired }]) =>
    isRequired ? [name] : []
  );
  return {
    type: "object" as const,
    properties: Object.fromEntries(
      // The types of OpenAPI 3.0 know no content schemas.
      entries.map(([name, { document }]) => [name, document as never]),
    ),
    ...(required.length > 0 && { required }),
  };
}

/** Fields that are files are objects in JSON, and fields that are JSON are values. */
function describeJson(fields: Record<string, Field<unknown>>) {
  const { properties, required = [], ...rest } = describe(fields);
  const inline = Object.entries(fields).map(([name, { kind, document }]) => {
    const { contentSchema, description } = document as Record<string, unknown>;
    const schema = kind === "text"
      ? properties[name]
      : kind === "json"
      ? contentSchema
      : { $ref: "#/components/schemas/InlineFile", description };
    return [name, schema as never];
  });
  if (Object.hasOwn(fields, "image")) inline.push(["dicomweb", REFERENCE]);
  // `dicomweb` may stand for it.
  const needed = required.filter((name) => name !== "image");
  return {
    ...rest,
    properties: Object.fromEntries(inline),
    ...(needed.length > 0 && { required: needed }),
  };
}

/** An image in JSON that lies in the archive, in short. */
const REFERENCE = {
  $ref: "#/components/schemas/ArchiveReference",
  description: 'Short for `"image": {"dicomweb": …}`',
} as never;

/** Refuses a form that has several of these fields, or none. */
function requireOne(sent: Record<string, FieldValue>, names: string[]): void {
  const has = names.filter((name) => sent[name] !== undefined);
  if (has.length === 1) return;
  const [none, many] = names.length === 2
    ? ["neither", "both"]
    : ["none", "several"];
  const message = `needs either ${names.slice(0, -1).join(", ")} or ` +
    `${names.at(-1)}, ${has.length === 0 ? `and has ${none}` : `not ${many}`}`;
  throw invalid("body", [{ path: [], message }]);
}

/**
 * The fields of a multipart body; only those listed, and each once, but for the two parts of a volume. An empty field
 * counts as left out: browsers send the fields of a form that were not filled in.
 */
async function readFields(
  c: Context<Env>,
  declared: Record<string, Field<unknown>>,
): Promise<Record<string, FieldValue>> {
  if (mediaTypeOf(c) === "application/json") {
    return await readJsonFields(c, declared);
  }
  requireMediaType(c, "multipart/form-data");
  const names = Object.keys(declared);
  const images = names.filter((name) => declared[name]!.kind === "file");
  const seen: string[] = [];
  const fields: Record<string, FieldValue> = {};
  const expect = (name: string | undefined): string => {
    const times = seen.filter((other) => other === name).length;
    const most = images.includes(name ?? "") ? 2 : 1;
    if (name !== undefined && names.includes(name) && times < most) {
      seen.push(name);
      return name;
    }
    const message = "has an unknown or repeated field; it takes " +
      `${names.join(", ")}, each once` +
      (images.length > 0 ? ", or a volume's two files in one field" : "");
    throw invalid("body", [{ path: [], message }]);
  };
  await readMultipart(c, bytesOf(c), {
    async file(field, stream, mediaType, name) {
      const expected = expect(field);
      const bytes = concat(await Array.fromAsync(stream));
      if (bytes.length === 0 && name === null) return;
      const before = fields[expected];
      fields[expected] = before === undefined
        ? { bytes, mediaType }
        : inOne(before, bytes, expected);
    },
    field(name, value) {
      const expected = expect(name);
      if (value === "") return;
      if (fields[expected] !== undefined) throw repeated(expected);
      fields[expected] = value;
    },
    // One part more than there are names is refused by its name, not by the number of parts.
    maxParts: names.length + images.length + 1,
    maxFieldBytes: MAX_JSON_BYTES,
  });
  return fields;
}

/** The fields of a JSON body; null counts as left out. */
async function readJsonFields(
  c: Context<Env>,
  declared: Record<string, Field<unknown>>,
): Promise<Record<string, FieldValue>> {
  const body = await parseInlineFiles(bytesOf(c));
  if (!isObject(body)) {
    throw invalid("body", [{ path: [], message: "must be an object" }]);
  }
  const fields: Record<string, FieldValue> = {};
  for (
    const [name, value] of Object.entries(
      unfold(withoutNulls(body), declared),
    )
  ) {
    const field = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (field === undefined) {
      const message = `has an unknown field; it takes ${
        Object.keys(declared).join(", ")
      }`;
      throw invalid("body", [{ path: [], message }]);
    }
    fields[name] = await inJson(c, field, value, name);
  }
  return fields;
}

/** A body whose `dicomweb` stands for its image, as one whose `image` is that reference. */
function unfold(
  body: Record<string, unknown>,
  declared: Record<string, Field<unknown>>,
): Record<string, unknown> {
  if (!("dicomweb" in body) || !Object.hasOwn(declared, "image")) return body;
  const { dicomweb, ...others } = body;
  if (!("image" in others)) return { ...others, image: { dicomweb } };
  throw wrong("dicomweb", "stands for `image`, which the body has too");
}

/** A field's value in JSON, as a multipart body would give it. */
async function inJson(
  c: Context<Env>,
  { kind }: Field<unknown>,
  value: unknown,
  name: string,
): Promise<FieldValue> {
  if (kind === "json") return JSON.stringify(value);
  if (kind === "text") {
    if (["string", "number", "boolean"].includes(typeof value)) {
      return String(value);
    }
    throw wrong(name, "must be a text or a number");
  }
  const [first, second, ...more] = Array.isArray(value) ? value : [value];
  if (isObject(first) && second === undefined && "counts" in first) {
    // Run lengths, where a mask may be some.
    return JSON.stringify(first);
  }
  const { dicomweb, ...others } = isObject(first) ? withoutNulls(first) : {};
  if (dicomweb !== undefined) {
    if (second === undefined && Object.keys(others).length === 0) {
      return await readReferred(c, dicomweb, `body.${name}`);
    }
    throw wrong(name, 'must be an object with only {"dicomweb": reference}');
  }
  const read = async (sent: unknown): Promise<SentFile> => {
    const file = readJsonFile(sent, name);
    return { bytes: await bytesOfFile(c, file), mediaType: file.mediaType };
  };
  const file = await read(first);
  if (second === undefined) return file;
  if (more.length > 0) throw repeated(name);
  return inOne(file, (await read(second)).bytes, name);
}

/** The two parts of a volume as one file. @throws EdgeError `validation` where they are something else. */
function inOne(first: FieldValue, second: Bytes, name: string): SentFile {
  const whole = typeof first === "string"
    ? undefined
    : joinVolume(first.bytes, second);
  if (whole === undefined) throw repeated(name);
  return { bytes: whole, mediaType: undefined };
}

function repeated(name: string) {
  return wrong(name, "came twice, and is not a volume's header and its voxels");
}
