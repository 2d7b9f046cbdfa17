import { deepEqual, equal, match } from "node:assert/strict";
import { Hono } from "hono";
import { z } from "zod";
import {
  defineForm,
  file,
  jsonField,
  optional,
  text,
} from "../../../functions/body/form.ts";
import type { Env } from "../../../functions/router.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readVolumeHeader } from "../../../lib/image/volume.ts";
import { readFixture } from "../../support/fixtures.ts";

const Form = defineForm({
  image: file("The image"),
  mask: optional(file()),
  points: optional(jsonField("Points", z.array(z.number()))),
  label: text(z.string().default("target"), {
    type: "string",
    default: "target",
  }),
}, { either: [["mask", "points"]] });

/** What a form is read as, or the sentence that refuses it. */
async function read(
  fields: Record<string, string | File | File[]>,
): Promise<unknown> {
  const body = new FormData();
  for (const [name, values] of Object.entries(fields)) {
    for (const value of [values].flat()) body.append(name, value);
  }
  let found: unknown;
  const app = new Hono<Env>().post("/", async (c) => {
    found = await Form.read(c);
    return c.body(null, 204);
  });
  app.onError((error, c) => {
    if (!(error instanceof EdgeError)) throw error;
    found = error.message;
    return c.body(null, 422);
  });
  await app.request("/", { method: "POST", body });
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const png = (text: string) => new File([text], "a.png", { type: "image/png" });

const IN_TWO_PARTS =
  "A volume in two files (`.hdr` and `.img`, `.mhd` and `.raw`, `.nhdr` and `.raw`) is sent as two parts of this name.";

Deno.test("a form's declaration is its schema in the OpenAPI document", () => {
  deepEqual(Form.content["multipart/form-data"].schema, {
    type: "object",
    properties: {
      image: {
        type: "string",
        format: "binary",
        description: `The image. ${IN_TWO_PARTS}`,
      },
      mask: { type: "string", format: "binary", description: IN_TWO_PARTS },
      points: {
        type: "string",
        description: "JSON by the schema Points",
        contentMediaType: "application/json",
        contentSchema: { $ref: "#/components/schemas/Points" },
      },
      label: { type: "string", default: "target" },
    },
    required: ["image"],
  });
});

Deno.test("a form is read by its declaration", async () => {
  const image = { bytes: bytes("a"), mediaType: "image/png" };
  deepEqual(await read({ image: png("a"), points: "[1, 2]", label: "" }), {
    image,
    mask: undefined,
    points: [1, 2],
    label: "target",
  });
  const sent = { image: png("a"), mask: png("b"), label: "liver" };
  deepEqual(await read(sent), {
    image,
    mask: { ...image, bytes: bytes("b") },
    points: undefined,
    label: "liver",
  });
});

Deno.test("a form that breaks its declaration is refused by the field", async () => {
  const refused = async (fields: Record<string, string | File>, why: string) =>
    equal(await read(fields), why);
  const invalid = (what: string) => `The request is not valid: ${what}.`;
  const image = png("a");
  await refused({ points: "[]" }, invalid("body.image: is missing"));
  await refused(
    { image: "a", points: "[]" },
    invalid("body.image: must be a file, with a file name"),
  );
  await refused(
    { image },
    invalid("body: needs either mask or points, and has neither"),
  );
  await refused(
    { image, mask: image, points: "[]" },
    invalid("body: needs either mask or points, not both"),
  );
  await refused(
    { image, points: "[" },
    "Cannot read body.points: it is not JSON.",
  );
  await refused(
    { image, masks: image },
    invalid(
      "body: has an unknown or repeated field; it takes image, mask, points, label, each once, or a volume's two files in one field",
    ),
  );
});

Deno.test("a volume may come as two parts, its header and its voxels", async () => {
  const folder = new URL("../../parity/golden/volumes/", import.meta.url);
  const part = (name: string) => {
    const file = readFixture(name, folder) as Uint8Array<ArrayBuffer>;
    return new File([file], name);
  };
  const pair = [part("pair-nifti-1.hdr"), part("pair-nifti-1.img")];
  for (const image of [pair, pair.toReversed()]) {
    const { image: whole } = await read({ image, mask: pair }) as {
      image: { bytes: Uint8Array };
    };
    equal(readVolumeHeader(whole.bytes)!.slices, 4);
  }
  const refused = async (image: File[], reason: RegExp) =>
    match(await read({ image, mask: png("b") }) as string, reason);
  await refused([png("a"), png("b")], /image: came twice, and is not/);
  await refused([...pair, pair[0]], /unknown or repeated field/);
});
