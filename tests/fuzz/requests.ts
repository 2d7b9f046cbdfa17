import fc from "fast-check";
import { files } from "../functions/harness.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { zipSeeds } from "./seeds.ts";
import type { Seed } from "./seeds.ts";

/** What is used of an OpenAPI document. */
export interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

export interface Operation {
  operationId: string;
  parameters?: {
    name: string;
    in: "path" | "query" | "header";
    required?: boolean;
    schema: Schema;
  }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, unknown> }>;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  pattern?: string;
  format?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** A request of a route, and the answers that the document allows. */
export interface MadeRequest {
  operationId: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | FormData | string;
  responses: Operation["responses"];
}

/** What exists already, so that requests get further than "not found". */
export interface Known {
  patients: string[];
  references: string[];
  embeddings: string[];
}

/** Texts that break readers of paths, queries, headers and forms. */
const HOSTILE = [
  ...["", " ", "..", ".", "%00", "%2e%2e%2f", "a/b", "%ff", "\u0000", "\ud800"],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "null",
    "NaN",
    "-1",
    "1e9",
    "0x10",
  ],
  ...[
    "999999",
    "9999999",
    "1.5",
    "true",
    "[object Object]",
    "<script>",
    "' or 1",
  ],
  ...["é".repeat(64), "x".repeat(129), "x".repeat(3000), "\u202e", "a\r\nb: c"],
];

/** Requests by the schemas of a document: valid ones, ones that just fail, and hostile ones. */
export class RequestMaker {
  readonly #operations: (Operation & { method: string; path: string })[];
  readonly #zips = zipSeeds();

  constructor(
    readonly document: Document,
    readonly images: Seed[],
    readonly known: Known,
  ) {
    this.#operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({
        ...operation,
        method,
        path,
      }))
    );
  }

  /** The operations' ids. */
  get operations(): string[] {
    return this.#operations.map(({ operationId }) => operationId);
  }

  make(random: Random): MadeRequest {
    let operation = random.pick(this.#operations);
    // Most of what can go wrong does so behind a body; and who erases much finds little.
    while (operation.requestBody === undefined && random.chance(0.7)) {
      operation = random.pick(this.#operations);
    }
    const { operationId, method, responses } = operation;
    let { path } = operation;
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    for (
      const { name, in: place, required, schema } of operation.parameters ?? []
    ) {
      if (!required && random.chance(0.6)) continue;
      const value = this.#text(name, schema, random);
      if (place === "path") path = path.replace(`{${name}}`, encode(value));
      else if (place === "query") query.append(name, value);
      else headers[name] = printable(value);
    }
    if (random.chance(0.05)) {
      query.append(
        random.pick(["label", "frame", "extra"]),
        random.pick(HOSTILE).toWellFormed(),
      );
    }
    if (random.chance(0.3)) headers.accept = random.pick(ACCEPTS);
    const made: MadeRequest = {
      operationId,
      method: random.chance(0.03) ? random.pick(METHODS) : method.toUpperCase(),
      path: path + (query.size > 0 ? `?${query}` : ""),
      headers,
      responses,
    };
    if (made.method !== "GET" && made.method !== "HEAD") {
      this.#addBody(made, operation, random);
    }
    return made;
  }

  #addBody(
    made: MadeRequest,
    { requestBody }: Operation,
    random: Random,
  ): void {
    const types = Object.entries(requestBody?.content ?? {});
    if (types.length === 0) return;
    const [type, { schema }] = random.pick(types);
    if (type === "multipart/form-data") {
      made.body = this.#form(schema, random);
      return;
    }
    made.headers["content-type"] = random.chance(0.9)
      ? type
      : random.pick(TYPES);
    made.body = type === "application/json"
      ? this.#json(schema, random)
      : this.#file(type, random);
  }

  #json(schema: Schema, random: Random): string {
    const value = this.#value(schema, random);
    if (
      typeof value === "object" && value !== null && "embedding" in value &&
      random.chance(0.8)
    ) {
      value.embedding = random.pick(this.known.embeddings);
    }
    const text = JSON.stringify(value);
    if (random.chance(0.6)) return text;
    const bytes = mutate(
      new TextEncoder().encode(text),
      new Uint8Array(1),
      random,
    );
    return new TextDecoder().decode(bytes);
  }

  #form(schema: Schema, random: Random): FormData {
    const form = new FormData();
    const without = random.chance(0.9)
      ? ALTERNATIVES.map((names) => random.pick(names))
      : [];
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      if (without.includes(name)) continue;
      const other = ALTERNATIVES.find((names) => names.includes(name));
      const chosen = other !== undefined && without.length > 0;
      const wanted = schema.required?.includes(name) || chosen ||
        random.chance(0.3);
      if (wanted === random.chance(0.05)) continue;
      const { schema: one, times } = inner.type === "array"
        ? { schema: inner.items!, times: random.between(0, 4) }
        : { schema: inner, times: random.chance(0.97) ? 1 : 2 };
      for (let i = 0; i < times; i++) {
        form.append(name, this.#part(name, one, random));
      }
    }
    if (random.chance(0.03)) {
      form.append(random.pick(HOSTILE).toWellFormed(), "x");
    }
    return form;
  }

  #part(name: string, schema: Schema, random: Random): string | File {
    if ((schema.format === "binary") !== random.chance(0.03)) {
      const type = random.pick([
        "",
        "",
        "image/png",
        "application/dicom",
        "text/plain",
      ]);
      const bytes = name === "mask" && random.chance(0.5)
        ? files.mask
        : this.#file("", random);
      return new File(
        [bytes],
        random.pick(["a.png", "", "../a", "é".repeat(300)]),
        { type },
      );
    }
    if (name === "prompts" || name === "rle") {
      const schemaOf = name === "rle" ? "Rle" : "Prompts";
      return this.#json(this.document.components.schemas[schemaOf], random);
    }
    return this.#text(name, schema, random).toWellFormed();
  }

  #file(type: string, random: Random): Uint8Array<ArrayBuffer> {
    if (random.chance(0.3)) return random.pick([files.image, files.next]);
    const from = type === "application/zip"
      ? this.#zips
      : random.chance(0.5)
      ? this.images
      : this.images.filter(({ name }) => name.includes(EXTENSIONS[type] ?? ""));
    const { bytes } = random.pick(from);
    if (random.chance(0.3)) return bytes.slice();
    return mutate(bytes, random.pick(from).bytes, random);
  }

  #text(name: string, schema: Schema, random: Random): string {
    if (name === "patient" && random.chance(0.7)) {
      return random.pick(this.known.patients);
    }
    if (name === "reference" && random.chance(0.5)) {
      return random.pick(this.known.references);
    }
    if ((name === "id" || name === "embedding") && random.chance(0.6)) {
      return random.pick(this.known.embeddings);
    }
    if (name === "model" && random.chance(0.9)) return "nano";
    if (name === "label" && random.chance(0.6)) return "target";
    if (random.chance(0.15)) return random.pick(HOSTILE);
    if (name === "frame") return String(random.below(3));
    if (name === "segment") return String(random.between(1, 2));
    if (name === "position") return String(random.below(5) / 4);
    if (CONCEPTS.includes(name)) return "10200004:SCT:Liver";
    const value = this.#value(schema, random);
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  #value(schema: Schema, random: Random): unknown {
    const seed = random.below(2 ** 31);
    return fc.sample(arbitraryOf(schema, this.document), {
      seed,
      numRuns: 1,
    })[0];
  }
}

/** Values that keep to a schema. */
function arbitraryOf(
  schema: Schema,
  document: Document,
): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    return arbitraryOf(
      document.components.schemas[schema.$ref.split("/").pop()!],
      document,
    );
  }
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "string":
      return schema.pattern !== undefined
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.string({ unit: "grapheme", maxLength: schema.maxLength ?? 80 });
    case "integer":
      return fc.integer({
        min: schema.minimum ?? 0,
        max: schema.maximum ?? 500,
      });
    case "number":
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 383 }),
        fc.double({
          min: schema.minimum ?? 0,
          max: schema.maximum ?? 1e6,
          noNaN: true,
        }),
      );
    case "boolean":
      return fc.boolean();
    case "array": {
      const inner = arbitraryOf(schema.items!, document);
      const { minItems: minLength = 0, maxItems: maxLength = 8 } = schema;
      return fc.array(inner, { minLength, maxLength });
    }
    case "object": {
      const properties = Object.entries(schema.properties ?? {});
      const model = Object.fromEntries(
        properties.map(([name, inner]) => [name, arbitraryOf(inner, document)]),
      );
      return fc.record(model, { requiredKeys: schema.required ?? [] });
    }
    default:
      return fc.jsonValue();
  }
}

/** As in a path, or raw where it has no other form. */
function encode(value: string): string {
  const text = value.toWellFormed();
  return /^[.%]|\//.test(text) ? text : encodeURIComponent(text);
}

/** What a header can hold. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, "?").trim();
}

/** Fields of which a form takes one. */
const ALTERNATIVES = [["image", "embedding"], ["mask", "prompts", "rle"]];
const CONCEPTS = ["category", "property", "region"];
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
const ACCEPTS = [
  ...[
    "application/json",
    "image/png",
    "application/dicom",
    "application/x-nifti",
  ],
  ...[
    "*/*",
    "image/*",
    "text/html",
    "application/x-safetensors",
    ";;;",
    "a/b;q=x",
    "",
  ],
];
const TYPES = [
  ...[
    "",
    "image/png",
    "text/plain",
    "application/json; charset=x",
    "multipart/form-data",
  ],
  ...["multipart/form-data; boundary=", "application/zip", "a", "/", ";"],
];
const EXTENSIONS: Record<string, string> = {
  "image/png": ".png",
  "image/jpeg": ".jp",
  "image/webp": ".webp",
  "image/tiff": ".tiff",
  "application/dicom": ".dcm",
  "application/x-nifti": ".nii",
};
