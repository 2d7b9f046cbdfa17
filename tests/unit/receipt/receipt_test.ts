import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import fc from "fast-check";
import canonicalize from "canonicalize";
import {
  differentEnvironment,
  differentModel,
  differentParameters,
  differentProfile,
  differentReading,
} from "../../../lib/receipt/differences.ts";
import { provenanceOf } from "../../../lib/receipt/provenance.ts";
import {
  Receipt,
  requireUnchanged,
  writeReceipt,
} from "../../../lib/receipt/receipt.ts";
import { READING_RULES } from "../../../lib/image/reading_rules.ts";
import {
  altered,
  canonical,
  resealed,
  sha256,
} from "../../support/receipt_files.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const environment = {
  runtime: {
    name: "wasm" as const,
    onnxruntime: "1.30.0",
    threads: 2,
    encoder: "local" as const,
    deno: "2.9.6",
    v8: "15.0",
    platform: "x86_64-unknown-linux-gnu",
  },
  version: "0.1.0",
};
const answering = {
  model: { id: "nano", digest: "93".repeat(32) },
  source: { bytes: bytes("image"), frame: 3 },
  embedding: { bytes: bytes("embedding"), image: { width: 4, height: 5 } },
  label: "Läsion 2",
  profiles: [
    { reference: "b", bytes: bytes("profile b") },
    { reference: "a", bytes: bytes("profile a") },
  ],
  recipe: "medical" as const,
  position: 0.1 + 0.2,
};
const mask = { size: [5, 4] as [number, number], counts: "0d0", area: 20 };
const provenance = await provenanceOf(answering, environment);
const receipt = await writeReceipt(provenance, mask);

Deno.test("a receipt holds the digests of what it was made of", () => {
  deepEqual(Receipt.parse(JSON.parse(JSON.stringify(receipt))), receipt);
  const { input, profile, model } = receipt;
  deepEqual(model, answering.model);
  deepEqual(input, {
    kind: "image",
    sha256: sha256("image"),
    frame: 3,
    reading: READING_RULES,
    width: 4,
    height: 5,
    embedding: sha256("embedding"),
  });
  equal(profile.digest, sha256("profile bprofile a"));
  deepEqual(profile.references, [
    { reference: "b", sha256: sha256("profile b") },
    { reference: "a", sha256: sha256("profile a") },
  ]);
  equal(receipt.mask.sha256, sha256('{"counts":"0d0","size":[5,4]}'));
  deepEqual(resealed(receipt), receipt, "an independent canonical form agrees");
});

Deno.test("the input of a client's embedding, and of a frame of a file, is described", async () => {
  const of = async (source: Parameters<typeof provenanceOf>[0]["source"]) =>
    (await provenanceOf({ ...answering, source }, environment)).input;
  const embedding = await of(null);
  deepEqual([embedding.kind, embedding.sha256, embedding.frame], [
    "embedding",
    embedding.embedding,
    null,
  ]);
  const frame = await of({ sha256: "7a".repeat(32), frame: 12 });
  deepEqual([frame.kind, frame.sha256, frame.frame], [
    "image",
    "7a".repeat(32),
    12,
  ]);
});

Deno.test("the id is of the contents, in whatever order they are written", async () => {
  const shuffled = Object.fromEntries(
    Object.entries(receipt).reverse(),
  ) as Receipt;
  await requireUnchanged(shuffled);
});

Deno.test("a change anywhere is found, and its place reported", async () => {
  const leaves = (value: unknown, path: string): string[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) =>
        leaves(inner, path === "" ? key : `${path}.${key}`)
      )
      : [path];
  const paths = leaves(receipt, "").filter((path) => path !== "id");
  equal(paths.length, 36);
  const other = (value: unknown) =>
    typeof value === "number"
      ? value + 1
      : typeof value === "boolean"
      ? !value
      : `${value}`.replace(/.$/, (last) => last === "0" ? "1" : "0");
  for (const path of paths) {
    // deno-lint-ignore no-explicit-any -- a place anywhere in the document
    const before = path.split(".").reduce((at: any, key) => at[key], receipt);
    const changed = altered(receipt, path, other(before));
    notEqual(changed.id, receipt.id, path);
    await rejects(
      requireUnchanged({ ...changed, id: receipt.id }),
      /The receipt was changed after it was written/,
      path,
    );
    await requireUnchanged(changed);
    const found = [
      ...differentModel(changed, [answering.model]),
      ...differentProfile(
        changed,
        receipt.profile.references.map(({ sha256 }) => sha256),
      ),
      ...differentParameters(changed),
      ...differentEnvironment(changed, environment),
    ].map((difference) => difference.path);
    const told = /^(runtime|version)/.test(path) ||
      /^parameters\.(?!position)/.test(path) ||
      path === "model.digest" || /^profile.*sha256$/.test(path);
    const wanted = path.replace(/\.\d$|\.sha256$/, "");
    deepEqual(found, told ? [wanted] : [], path);
  }
});

Deno.test("an image that was read by older rules is said to be", () => {
  deepEqual(differentReading(receipt), []);
  const { reading: _, ...input } = receipt.input;
  for (const old of [input, { ...input, reading: "0a".repeat(32) }]) {
    const [found] = differentReading({ ...receipt, input: old });
    equal(found.path, "input.reading");
    match(found.message, /read by older rules/);
  }
  const embedding = { ...input, kind: "embedding" as const };
  deepEqual(differentReading({ ...receipt, input: embedding }), []);
});

Deno.test("what is absent is reported as missing", () => {
  const [gone] = differentProfile(receipt, [null, sha256("profile a")]);
  equal(gone.path, "profile.references.0");
  equal("actual" in gone, false);
  const [unknown] = differentParameters(
    altered(receipt, "parameters.recipe", "constructor"),
  );
  equal(unknown.path, "parameters.recipe");
});

Deno.test("canonical JSON is that of RFC 8785", () => {
  // Its section 3.2.3 and appendix B.
  equal(
    canonicalize(JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    )),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  equal(
    canonicalize({ "\u{1F600}": 1, "\ufb33": 2, a: -0 }),
    '{"a":0,"\u{1F600}":1,"\ufb33":2}',
  );
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    equal(canonicalize(value), canonical(value));
  }));
});
