import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Bytes, concat } from "../../../lib/core/bytes.ts";
import { invalidInput } from "../../../lib/core/errors.ts";
import { parseJson } from "../../body/json.ts";
import { requireMediaType } from "../../body/media_type.ts";
import { bytesOf, readMultipart } from "../../body/multipart.ts";
import { invalid } from "../../contract/problems.ts";

/** A file of a form, and what its sender called it. */
export interface NamedFile {
  name: string | null;
  bytes: Bytes;
}

/** What the programs of this protocol send: one file or none, and parameters. */
interface Sent {
  files: Record<string, NamedFile>;
  params: Params;
}

/** A segment of a label map: Slicer's names, or those of OHIF. */
const LabelInfo = z.looseObject({
  name: z.string().optional(),
  idx: z.int().optional(),
  SegmentLabel: z.string().optional(),
  labelID: z.int().optional(),
});

/** The parameters that mean something here; programs send many more. */
const Params = z.looseObject({
  result_extension: z.string().optional(),
  result_dtype: z.string().optional(),
  result_compress: z.boolean().optional(),
  restore_label_idx: z.boolean().optional(),
  label_info: z.array(LabelInfo).optional(),
});
export type Params = z.infer<typeof Params>;

/** Most bytes of the parameters. */
const MAX_PARAMS = 1_000_000;
/** A form has `params`, `client_id` and one file; one part more is refused by its name. */
const MAX_PARTS = 4;

/** Reads a form of the protocol. @param names of the fields that are files. */
export async function readForm(c: Context, names: string[]): Promise<Sent> {
  requireMediaType(c, "multipart/form-data");
  const files: Sent["files"] = {};
  let params: Params = {};
  const refuse = (message: string) => invalid("body", [{ path: [], message }]);
  await readMultipart(c, bytesOf(c), {
    async file(field, stream, _type, name) {
      const bytes = concat(await Array.fromAsync(stream));
      if (field === undefined || !names.includes(field)) {
        throw refuse(
          `has a file "${field}"; its files are ${names.join(", ")}`,
        );
      }
      if (files[field] !== undefined) {
        throw refuse(
          `has several files in ${field}; send one: a NIfTI or NRRD volume, or a picture`,
        );
      }
      files[field] = { name, bytes };
    },
    field(name, value) {
      if (name === "params" && value !== "") {
        params = parseJson(value, Params, "body.params");
      }
    },
    maxParts: MAX_PARTS,
    maxFieldBytes: MAX_PARAMS,
  });
  return { files, params };
}

/** The one file of a form. */
export async function readOneFile(
  c: Context,
  field: string,
): Promise<NamedFile & { params: Params }> {
  const { files, params } = await readForm(c, [field]);
  const file = files[field];
  if (file === undefined || file.bytes.length === 0) {
    throw invalidInput(`The form has no file in the field ${field}.`);
  }
  return { ...file, params };
}

/**
 * JSON and a file as one multipart answer, in the form that the programs of this protocol read (RFC 7578): the JSON
 * first, as `params`.
 */
export function multipartAnswer(
  params: unknown,
  { name, bytes }: { name: string; bytes: Bytes },
): { body: Bytes; type: string } {
  const boundary = crypto.randomUUID().replaceAll("-", "");
  const text = (content: string) => new TextEncoder().encode(content);
  const head = (disposition: string, type: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
  const body = concat([
    text(
      head('name="params"', "application/json") + JSON.stringify(params) +
        "\r\n",
    ),
    text(
      head(
        `name="image"; filename="${name}"`,
        "application/octet-stream",
      ),
    ),
    bytes,
    text(`\r\n--${boundary}--\r\n`),
  ]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
