import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import {
  readArchive,
  writeArchive,
} from "../../../lib/format/profile_archive.ts";
import { createSigner } from "../../../lib/core/signing.ts";

const AT = "2026-11-25T09:44:35.362Z";
const signer = await createSigner(new Uint8Array(32).fill(3));
const stranger = await createSigner(new Uint8Array(32).fill(4));
const references = [
  {
    record: { reference: "a", label: "Leber ü" },
    profile: Uint8Array.of(1, 2),
  },
  { record: { reference: "b" }, profile: new Uint8Array(0) },
  { record: null, profile: new Uint8Array(3000).fill(7) },
];
const file = await writeArchive(references, AT, signer);
const trusted = [stranger.publicKey, signer.publicKey];

Deno.test("the public key is that of RFC 8032, test 1, and so is the signature", async () => {
  const secret = Uint8Array.fromHex(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  );
  const rfc = await createSigner(secret);
  equal(
    rfc.publicKey.toHex(),
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
  equal(
    (await rfc.sign(new Uint8Array(0))).toHex(),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
});

Deno.test("an archive is read back as it was written, whatever it holds", async () => {
  deepEqual(await readArchive(file, trusted), references);
  const any = fc.record({
    record: fc.jsonValue(),
    profile: fc.uint8Array({ maxLength: 300 })
      .map((bytes) => new Uint8Array(bytes)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 5 }), async (held) => {
      const written = await writeArchive(held, AT, signer);
      const plain = JSON.parse(
        JSON.stringify(held.map(({ record }) => record)),
      );
      deepEqual(
        await readArchive(written, trusted),
        held.map(({ profile }, i) => ({ record: plain[i], profile })),
      );
    }),
    { numRuns: 50 },
  );
});

Deno.test("a file that was cut, lengthened or altered anywhere is refused", async () => {
  const refused = (bytes: Uint8Array<ArrayBuffer>, why = /./) =>
    rejects(readArchive(bytes, trusted), {
      name: "EdgeError",
      code: /^(invalid-input|untrusted)$/,
      message: why,
    });
  await refused(new Uint8Array(0), /no exported profile/);
  await refused(new Uint8Array(100_000), /no exported profile/);
  await refused(file.slice(0, 20), /cut short/);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(file.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        await refused(file.slice(0, at));
        const altered = file.slice();
        altered[at] ^= flip;
        await refused(altered);
      },
    ),
    { numRuns: 300 },
  );
  await refused(new Uint8Array([...file, 0]), /signature is wrong/);
  const next = file.slice();
  next[8] = 2;
  await refused(next, /of version 2; this server reads 1/);
  const huge = file.slice();
  huge.fill(255, 12, 16);
  await refused(huge, /header claims 4294967295 bytes/);
});

Deno.test("a file without a trusted signature is refused", async () => {
  await rejects(readArchive(file, []), { code: "untrusted" });
  await rejects(readArchive(file, [stranger.publicKey]), {
    code: "untrusted",
    message: /among TRUSTED_KEYS/,
  });
});

Deno.test("a broken header is refused, even with a trusted signature", async () => {
  const empty = await writeArchive([], AT, signer);
  const start = empty.slice(0, 8 + 8 + 32);
  const one = { record: {}, bytes: 0, sha256: "" };
  for (
    const header of [
      "",
      "{",
      "null",
      "[]",
      '{"references":[]}',
      JSON.stringify({ exportedAt: AT, references: {} }),
      JSON.stringify({ exportedAt: AT, references: [null] }),
      JSON.stringify({ exportedAt: AT, references: [{ ...one, bytes: -1 }] }),
      JSON.stringify({ exportedAt: AT, references: [{ ...one, bytes: 0.5 }] }),
      JSON.stringify({ exportedAt: AT, references: [{ ...one, bytes: "1" }] }),
    ]
  ) {
    const json = new TextEncoder().encode(header);
    const prefix = start.slice();
    new DataView(prefix.buffer).setUint32(12, json.length, true);
    const signed = new Uint8Array([...prefix, ...json]);
    const whole = [...signed, ...await signer.sign(signed)];
    await rejects(readArchive(new Uint8Array(whole), trusted), {
      code: "invalid-input",
      message: /its header is broken/,
    });
  }
});
