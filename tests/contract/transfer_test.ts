import { deepEqual, equal, ok } from "node:assert/strict";
import {
  ARCHIVE_MEDIA_TYPE,
  type Archived,
  readArchive,
  writeArchive,
} from "../../lib/format/profile_archive.ts";
import { writeProfile } from "../../lib/format/profile_file.ts";
import { createSigner } from "../../lib/core/signing.ts";
import { operatorKey, stated } from "../support/operator_key.ts";
import { toSlices } from "../support/dicom_slices.ts";
import { enrol, files, segment, visits } from "../support/requests.ts";
import { openService } from "../support/service.ts";

const SECRET = new Uint8Array(32).fill(3);
const signer = await createSigner(SECRET);
const key = SECRET.toBase64();
const post = (body: Uint8Array<ArrayBuffer>, type = ARCHIVE_MEDIA_TYPE) => ({
  method: "POST",
  body,
  headers: { "content-type": type },
});

Deno.test("a patient moves to another installation, which gives the same answers", async () => {
  await using first = await openService(":memory:", {
    SIGNING_KEY: key,
    OPERATOR_KEYS: stated(operatorKey("k1")),
  });
  await using second = await openService(":memory:", {
    TRUSTED_KEYS: signer.publicKey.toBase64(),
  });
  const [from, to] = [first.app, second.app];
  // The image states whom it is of; that does not travel.
  const [slice] = toSlices([visits.first.image]);
  const image = { image: slice!, mask: files.mask };
  equal(
    (await enrol(from, "p", "a", { ...image, position: "0.25" })).status,
    201,
  );
  equal(
    (await enrol(from, "p", "b", { ...image, label: "liver" })).status,
    201,
  );

  const sent = await from.request("/v1/patients/p/export");
  equal(sent.status, 200);
  equal(sent.headers.get("content-type"), ARCHIVE_MEDIA_TYPE);
  equal(
    sent.headers.get("content-disposition"),
    'attachment; filename="profile.p2sam"',
  );
  const file = await sent.bytes();
  const text = new TextDecoder("latin1").decode(file);
  ok(!text.includes('"patient"') && !text.includes('"subject"'));
  const [kept] = await first.services.profiles.list("default", "p");
  ok(kept!.subject);

  const took = await to.request("/v1/patients/moved/import", post(file));
  equal(took.status, 200, await took.clone().text());
  const plain = async (app: typeof from, patient: string) => {
    const body = await (await app.request(`/v1/patients/${patient}`)).json();
    return body.references.map((
      { annotationKept, ...one }: { annotationKept?: true; patient: string },
    ) => {
      // The annotation stays where it was drawn.
      equal(annotationKept, app === from ? true : undefined);
      return { ...one, patient: "" };
    });
  };
  deepEqual(await plain(to, "moved"), await plain(from, "p"));
  const masks = await Promise.all(
    [segment(from, "p"), segment(to, "moved")].map(async (answer) => {
      const { mask, distance, reference } = await (await answer).json();
      return { mask, distance, reference };
    }),
  );
  deepEqual(masks[1], masks[0]);

  const liver = await from.request("/v1/patients/p/export?label=liver");
  const archived = await readArchive(await liver.bytes(), [signer.publicKey]);
  equal(archived.length, 1);
  equal((await from.request("/v1/patients/p/export?label=lung")).status, 404);
  equal((await from.request("/v1/patients/q/export")).status, 404);
  equal((await to.request("/v1/patients/moved/export")).status, 404);
});

Deno.test("hostile and foreign files are refused, and nothing is stored", async () => {
  await using service = await openService(":memory:", { SIGNING_KEY: key });
  const { app } = service;
  equal((await enrol(app, "p", "a")).status, 201);
  const file = await (await app.request("/v1/patients/p/export")).bytes();
  const [good] = await readArchive(file, [signer.publicKey]);
  const record = good.record as Record<string, unknown>;
  const AT = new Date(0).toISOString();
  const signed = (...references: Archived[]) =>
    writeArchive(references, AT, signer);
  const stranger = await createSigner(new Uint8Array(32).fill(4));
  const withRecord = (part: Record<string, unknown>) => ({
    ...good,
    record: { ...record, ...part },
  });
  const foreign = writeProfile({
    model: "ab".repeat(32),
    channels: 4,
    parts: [{ count: 1, prototypes: new Float32Array(4) }],
    negatives: [],
    patches: new Float32Array(8),
    surroundings: null,
    calibrationRange: null,
  });
  const cases: [string, Uint8Array<ArrayBuffer>, number][] = [
    ["empty", new Uint8Array(0), 422],
    ["no archive", files.image, 422],
    ["cut in the head", file.slice(0, 100), 422],
    ["cut in the middle", file.slice(0, file.length >> 1), 403],
    ["cut by a byte", file.slice(0, -1), 403],
    ["a stranger's", await writeArchive([good], AT, stranger), 403],
    ["no reference", await signed(), 422],
    ["one twice", await signed(good, good), 422],
    [
      "too many",
      await signed(
        ...Array.from(
          { length: 49 },
          (_, i) => withRecord({ reference: `r${i}` }),
        ),
      ),
      422,
    ],
    ["no record", await signed({ ...good, record: null }), 422],
    [
      "a name with a slash",
      await signed(withRecord({ reference: "a/b" })),
      422,
    ],
    ["a position outside", await signed(withRecord({ position: 2 })), 422],
    ["other patches", await signed(withRecord({ patches: 1 })), 422],
    [
      "another model",
      await signed(withRecord({ model: "ab".repeat(32) })),
      409,
    ],
    [
      "another model's profile",
      await signed({ ...good, profile: foreign }),
      409,
    ],
    ["no profile", await signed({ ...good, profile: files.image }), 422],
    [
      "a good one before a bad one",
      await signed(
        withRecord({ reference: "good" }),
        withRecord({ reference: "bad", label: "" }),
      ),
      422,
    ],
  ];
  for (const [what, bytes, status] of cases) {
    const answer = await app.request("/v1/patients/new/import", post(bytes));
    equal(answer.status, status, `${what}: ${await answer.clone().text()}`);
    const { type, detail } = await answer.json();
    ok(type.startsWith("/problems/") && detail.length > 10, what);
    equal((await app.request("/v1/patients/new")).status, 404, what);
  }
  const typed = await app.request(
    "/v1/patients/new/import",
    post(file, "application/zip"),
  );
  equal(typed.status, 415);
  const most = await signed(
    ...Array.from({ length: 48 }, (_, i) => withRecord({ reference: `r${i}` })),
  );
  const full = await app.request("/v1/patients/new/import", post(most));
  equal(full.status, 200, await full.clone().text());
  equal((await full.json()).references.length, 48);
  const again = await app.request("/v1/patients/new/import", post(most));
  equal(again.status, 200);
});
