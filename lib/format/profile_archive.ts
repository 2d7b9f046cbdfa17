import { z } from "zod";
import { type Bytes, concat } from "../core/bytes.ts";
import { hexDigest } from "../core/digest.ts";
import { EdgeError, invalidInput } from "../core/errors.ts";
import {
  isSigned,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  type Signer,
} from "../core/signing.ts";

export const ARCHIVE_MEDIA_TYPE = "application/vnd.p2sam.profile";

/** The first bytes of every archive, whatever its version. */
const MAGIC = new TextEncoder().encode("P2SAM\r\n\x1a");
const VERSION = 1;
/** Magic, version, and length of the header. */
const PREFIX_BYTES = MAGIC.length + 8;
const MAX_HEADER = 2 ** 20;

/** A reference in an archive: its record, which the caller checks, and the file of its profile. */
export interface Archived {
  record: unknown;
  profile: Bytes;
}

const Header = z.object({
  exportedAt: z.string(),
  references: z.array(z.object({
    record: z.unknown(),
    bytes: z.int().nonnegative(),
    sha256: z.string(),
  })),
});

/**
 * Writes a profile as one file: magic, version and header length (two u32, little endian), the signer's public key
 * (32 bytes), a JSON header, the references' safetensors files one after another, and an Ed25519 signature over all
 * of it (64 bytes). It holds no patient id: the import states whose profile it is.
 *
 * @param exportedAt ISO 8601, UTC.
 *
 * @example
 * ```ts
 * import { deepEqual, rejects } from "node:assert/strict";
 * import { createSigner } from "../core/signing.ts";
 *
 * const signer = await createSigner(crypto.getRandomValues(new Uint8Array(32)));
 * const references = [
 *   { record: { label: "liver" }, profile: Uint8Array.of(1, 2, 3) },
 * ];
 * const file = await writeArchive(references, new Date().toISOString(), signer);
 * deepEqual(await readArchive(file, [signer.publicKey]), references);
 * await rejects(readArchive(file, []), { code: "untrusted" });
 * ```
 */
export async function writeArchive(
  references: Archived[],
  exportedAt: string,
  signer: Signer,
): Promise<Bytes> {
  const header: z.infer<typeof Header> = {
    exportedAt,
    references: await Promise.all(
      references.map(async ({ record, profile }) => ({
        record,
        bytes: profile.length,
        sha256: await hexDigest(profile),
      })),
    ),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(MAGIC);
  const view = new DataView(prefix.buffer);
  view.setUint32(MAGIC.length, VERSION, true);
  view.setUint32(MAGIC.length + 4, json.length, true);
  const profiles = references.map(({ profile }) => profile);
  const signed = concat([prefix, signer.publicKey, json, ...profiles]);
  return concat([signed, await signer.sign(signed)]);
}

/**
 * Reads what `writeArchive` wrote. Nothing but lengths is read before the signature is verified.
 *
 * @param trusted public keys whose signatures count.
 * @throws {EdgeError} `invalid-input` for a file that is no archive, is cut short, contradicts itself or has another
 * version; `untrusted` without a valid signature by a trusted key.
 */
export async function readArchive(
  bytes: Bytes,
  trusted: Bytes[],
): Promise<Archived[]> {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw wrong("it is no exported profile");
  }
  const start = PREFIX_BYTES + PUBLIC_KEY_BYTES;
  const end = bytes.length - SIGNATURE_BYTES;
  if (end < start) throw wrong("it is cut short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(MAGIC.length, true);
  if (version !== VERSION) {
    throw wrong(`it is of version ${version}; this server reads ${VERSION}`);
  }
  const length = view.getUint32(MAGIC.length + 4, true);
  if (length > MAX_HEADER) throw wrong(`its header claims ${length} bytes`);
  if (start + length > end) throw wrong("it is cut short");

  const publicKey = bytes.slice(PREFIX_BYTES, start);
  const isTrusted = trusted.some((key) =>
    key.every((byte, i) => byte === publicKey[i])
  );
  if (!isTrusted) {
    throw new EdgeError(
      "untrusted",
      `The file was signed by ${publicKey.toBase64()}, which is not among TRUSTED_KEYS.`,
    );
  }
  const signature = bytes.slice(end);
  if (!await isSigned(publicKey, bytes.slice(0, end), signature)) {
    throw new EdgeError(
      "untrusted",
      "The file's signature is wrong: it was cut or altered since it was exported.",
    );
  }

  // A trusted signer may still be mistaken.
  const json = bytes.subarray(start, start + length);
  const { references } = readHeader(json);
  const archived: Archived[] = [];
  let at = start + length;
  for (const { record, bytes: count, sha256 } of references) {
    const profile = bytes.slice(at, at += count);
    if (await hexDigest(profile) !== sha256) throw wrong("a digest is wrong");
    archived.push({ record, profile });
  }
  if (at !== end) throw wrong("its lengths are wrong");
  return archived;
}

function readHeader(json: Uint8Array): z.infer<typeof Header> {
  try {
    return Header.parse(JSON.parse(new TextDecoder().decode(json)));
  } catch {
    throw wrong("its header is broken");
  }
}

function wrong(why: string): EdgeError {
  return invalidInput(`Cannot import the file: ${why}.`);
}
