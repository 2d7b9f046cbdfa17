import fc from "fast-check";
import { files } from "../support/requests.ts";
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";
import { zipSeeds } from "./seeds.ts";
import type { Seed } from "./seeds.ts";

/** The used part of an OpenAPI document. */
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
  anyOf?: Schema[];
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

/** What the service holds, so that requests get further than "not found". */
export interface Known {
  patients: string[];
  references: string[];
  embeddings: string[];
  /** A receipt of the first patient, as JSON. */
  receipt: string;
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

/** Makes requests from the schemas of a document: valid ones, slightly wrong ones, and hostile ones. */
export class RequestMaker {
  readonly #operations: (Operation & { method: string; path: string })[];
  readonly #zips = zipSeeds();
  /** Whether the request being made should be accepted. */
  #valid = false;

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
    // Most faults lie in the handling of bodies, and many erasures would leave little to work on.
    while (operation.requestBody === undefined && random.chance(0.7)) {
      operation = random.pick(this.#operations);
    }
    this.#valid = random.chance(0.4);
    const method = this.#breaks(0.05, random)
      ? random.pick(METHODS)
      : operation.method.toUpperCase();
    // Another method of a path may be another operation.
    const { operationId, responses } =
      this.#operations.find((one) =>
        one.path === operation.path && one.method.toUpperCase() === method
      ) ?? { ...operation, responses: {} };
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
    if (this.#breaks(0.05, random)) {
      query.append(
        random.pick(["label", "frame", "extra"]),
        random.pick(HOSTILE).toWellFormed(),
      );
    }
    if (this.#breaks(0.4, random)) headers.accept = random.pick(ACCEPTS);
    const made: MadeRequest = {
      operationId,
      method,
      path: path + (query.size > 0 ? `?${query}` : ""),
      headers,
      responses,
    };
    if (made.method !== "GET" && made.method !== "HEAD") {
      this.#addBody(made, operation, random);
    }
    return made;
  }

  /** Whether to break a part of the request; never of a valid one. */
  #breaks(share: number, random: Random): boolean {
    return !this.#valid && random.chance(share);
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
    made.headers["content-type"] = this.#breaks(0.15, random)
      ? random.pick(TYPES)
      : type;
    made.body = type === "application/json"
      ? this.#json(schema, random)
      : this.#file(type, random);
  }

  #json(schema: Schema, random: Random): string {
    const value = this.#value(schema, random) as Record<string, unknown>;
    if (value.embedding !== undefined && !this.#breaks(0.3, random)) {
      value.embedding = random.pick(this.known.embeddings);
    }
    if (this.#valid) makeFit(value);
    const text = JSON.stringify(value);
    if (!this.#breaks(0.6, random)) return text;
    const bytes = mutate(
      new TextEncoder().encode(text),
      new Uint8Array(1),
      random,
    );
    return new TextDecoder().decode(bytes);
  }

  #form(schema: Schema, random: Random): FormData {
    const form = new FormData();
    const properties = Object.entries(schema.properties ?? {});
    const kept = ALTERNATIVES.flatMap((names) => {
      const known = names.filter((name) => name in (schema.properties ?? {}));
      return known.length > 0 ? [random.pick(known)] : [];
    });
    for (const [name, inner] of properties) {
      const either = ALTERNATIVES.some((names) => names.includes(name));
      const wanted = either
        ? kept.includes(name)
        : schema.required?.includes(name) || !this.#valid && random.chance(0.3);
      if (wanted === this.#breaks(0.08, random)) continue;
      const { schema: one, times } = inner.type === "array"
        ? { schema: inner.items!, times: random.between(0, 4) }
        : { schema: inner, times: this.#breaks(0.05, random) ? 2 : 1 };
      for (let i = 0; i < times; i++) {
        form.append(name, this.#part(name, one, random));
      }
    }
    if (this.#breaks(0.05, random)) {
      form.append(random.pick(HOSTILE).toWellFormed(), "x");
    }
    return form;
  }

  #part(name: string, schema: Schema, random: Random): string | File {
    if ((schema.format === "binary") !== this.#breaks(0.05, random)) {
      const type = this.#valid ? "" : random.pick([
        "",
        "image/png",
        "application/dicom",
        "text/plain",
      ]);
      const bytes = name === "mask" && !this.#breaks(0.5, random)
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
    if (name === "receipt") {
      const text = random.chance(0.5)
        ? this.known.receipt
        : this.#json(this.document.components.schemas.Receipt, random);
      return this.#breaks(0.5, random)
        ? new TextDecoder().decode(
          mutate(new TextEncoder().encode(text), new Uint8Array(1), random),
        )
        : text;
    }
    return this.#text(name, schema, random).toWellFormed();
  }

  #file(type: string, random: Random): Uint8Array<ArrayBuffer> {
    if (!this.#breaks(0.8, random) && !/zip|dicom|nifti/.test(type)) {
      return random.pick([files.image, files.next]);
    }
    const from = type === "application/zip"
      ? this.#zips
      : random.chance(0.5)
      ? this.images
      : this.images.filter(({ name }) => name.includes(EXTENSIONS[type] ?? ""));
    const { bytes } = random.pick(from);
    if (!this.#breaks(0.7, random)) return bytes.slice();
    return mutate(bytes, random.pick(from).bytes, random);
  }

  #text(name: string, schema: Schema, random: Random): string {
    const known: Record<string, string[]> = {
      patient: this.known.patients,
      reference: this.known.references,
      id: this.known.embeddings,
      embedding: this.known.embeddings,
      model: ["nano"],
      label: ["target"],
      recipe: ["medical"],
    };
    if (name in known && !this.#breaks(0.4, random)) {
      return random.pick(known[name]);
    }
    if (this.#breaks(0.2, random)) return random.pick(HOSTILE);
    if (name === "frame" && this.#valid) return "0";
    if (name === "side") return String(random.between(16, 600));
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

/** Moves points and a box into the sample's image, and removes a mask of another size. */
function makeFit(value: Record<string, unknown>): void {
  delete value.mask;
  if ("recipe" in value) value.recipe = "medical";
  if ("label" in value) value.label = "target";
  const points = (value.points ?? []) as Record<"x" | "y" | "label", number>[];
  for (const point of points) {
    point.x %= 384;
    point.y %= 384;
  }
  const { box } = value as { box?: number[] };
  if (box === undefined && points.some(({ label }) => label === 1)) return;
  const [a, b, c, d] = (box ?? [100, 100, 200, 200]).map((n) => n % 384);
  value.box = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

/** Values that satisfy a schema. */
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
  if (schema.anyOf !== undefined) {
    return fc.oneof(...schema.anyOf.map((one) => arbitraryOf(one, document)));
  }
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

/** Encodes a value for a path; values that break paths stay raw. */
function encode(value: string): string {
  const text = value.toWellFormed();
  return /^[.%]|\//.test(text) ? text : encodeURIComponent(text);
}

/** The value with only characters that a header can hold. */
function printable(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, "?").trim();
}

/** Sets of fields of which a form takes one. */
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
  "image/avif": ".avif",
  "image/heic": ".heic",
  "image/heif": ".heic",
  "image/jxl": ".jxl",
  "application/dicom": ".dcm",
  "application/x-nifti": ".nii",
};
