import type { Bytes } from "../../core/bytes.ts";
import { EdgeError } from "../../core/errors.ts";
import { retryConflicts } from "../kv/retry.ts";
import type { RecordStore } from "../records/record_store.ts";

/** How long an upload is kept, milliseconds. */
const LIFETIME_MS = 86_400_000;

/** Uploads that a tenant may have at once. */
const MAX_UPLOADS = 100;

/** Other writers of a tenant's list that may get ahead of one before it is given up. */
const ATTEMPTS = 20;

/** Bytes of one piece, at most: what a broken connection may lose, and what an append holds in memory. */
export const PIECE_BYTES = 2 ** 20;

/** An upload as far as it has come. */
export interface Upload {
  /** Bytes of the whole. */
  length: number;
  /** Bytes that have arrived. */
  offset: number;
  /** Pieces that have arrived. */
  pieces: number;
  /** What its sender says of it, unread. */
  metadata: string | null;
  /** When it is erased, milliseconds since 1970. */
  until: number;
}

/** A tenant's uploads by id. */
type Open = Record<string, Pick<Upload, "length" | "until">>;

/** Owns the list of a tenant's uploads: no patient can have this name. */
const LIST = "uploads:";

/** Owns one upload, so that it has a data key of its own and is erased as a patient is. */
const ownerOf = (id: string) => `upload:${id}`;

/** Files that arrive over several connections. */
export type UploadStore = ReturnType<typeof createUploadStore>;

/** @param maxBytes of a tenant's uploads together. */
export function createUploadStore(records: RecordStore, maxBytes: number) {
  const listAt = (tenant: string) => ["uploads", tenant, LIST];
  const headAt = (
    tenant: string,
    id: string,
  ) => ["upload", tenant, ownerOf(id), "head"];
  const pieceAt = (
    tenant: string,
    id: string,
    index: number,
  ) => ["upload", tenant, ownerOf(id), index];

  /** Changes a tenant's list; those whose time is over leave it and are erased. */
  const change = async (tenant: string, step: (open: Open) => Open) => {
    const key = listAt(tenant);
    await retryConflicts(ATTEMPTS, async () => {
      const before = await records.read<Open>(key);
      const now = records.now();
      const all = Object.entries(before?.record ?? {});
      const current = all.filter(([, { until }]) => until > now);
      const written = await records.putAll([{
        key,
        record: step(Object.fromEntries(current)),
        bytes: new Uint8Array(),
        ifVersion: before?.version ?? null,
      }]);
      if (!written) return undefined;
      for (const [id, { until }] of all) {
        if (until <= now) await records.eraseSoon(tenant, ownerOf(id));
      }
      return true;
    });
  };

  const read = async (tenant: string, id: string) => {
    const found = await records.read<Upload>(headAt(tenant, id));
    return found === null || found.record.until <= records.now() ? null : found;
  };

  return {
    /** Begins an upload. @throws EdgeError `limit-reached` for more than a tenant may have. */
    async create(
      tenant: string,
      id: string,
      length: number,
      metadata: string | null,
    ): Promise<Upload> {
      const until = records.now() + LIFETIME_MS;
      await change(tenant, (open) => {
        const others = Object.values(open);
        const held = others.reduce((sum, { length }) => sum + length, 0);
        if (held + length > maxBytes || others.length >= MAX_UPLOADS) {
          throw new EdgeError(
            "limit-reached",
            `Your uploads may take ${maxBytes} bytes, and be ${MAX_UPLOADS}: they are ${others.length} of ${held} bytes; ` +
              "use or delete one.",
          );
        }
        return { ...open, [id]: { length, until } };
      });
      const record = { length, offset: 0, pieces: 0, metadata, until };
      const entry = { record, bytes: new Uint8Array() };
      await records.put(headAt(tenant, id), entry, LIFETIME_MS);
      return record;
    },

    /** How far an upload has come; null for one that is unknown, used or expired. */
    async find(tenant: string, id: string): Promise<Upload | null> {
      return (await read(tenant, id))?.record ?? null;
    },

    /**
     * Appends a piece, of at most {@linkcode PIECE_BYTES}.
     *
     * @throws EdgeError `not-found`, and `conflict` where the upload is not at the offset, or no longer.
     */
    async append(
      tenant: string,
      id: string,
      offset: number,
      bytes: Bytes,
    ): Promise<Upload> {
      const before = await read(tenant, id);
      if (before === null) throw missing();
      const { record: upload, version } = before;
      if (upload.offset !== offset) throw elsewhere(upload.offset);
      const record = {
        ...upload,
        offset: offset + bytes.length,
        pieces: upload.pieces + 1,
      };
      if (record.offset > upload.length) {
        throw new EdgeError(
          "too-many-bytes",
          `The upload was announced with ${upload.length} bytes, and more came.`,
        );
      }
      const written = await records.putAll([
        {
          key: headAt(tenant, id),
          record,
          bytes: new Uint8Array(),
          ifVersion: version,
        },
        {
          key: pieceAt(tenant, id, upload.pieces),
          record: null,
          bytes,
          ifVersion: null,
        },
      ], Math.max(1, upload.until - records.now()));
      if (!written) throw elsewhere();
      return record;
    },

    /** A piece of a complete upload. @throws EdgeError `not-found` where it was used or erased meanwhile. */
    async piece(tenant: string, id: string, index: number): Promise<Bytes> {
      const found = await records.get(pieceAt(tenant, id, index));
      if (found === null) throw missing();
      return found.bytes;
    },

    /** Erases an upload; false when there was none. */
    async erase(tenant: string, id: string): Promise<boolean> {
      const wasThere = await read(tenant, id) !== null;
      await records.eraseSoon(tenant, ownerOf(id));
      await change(tenant, ({ [id]: _, ...others }) => others);
      return wasThere;
    },

    /** Erases what has expired. @throws the first failure, once every tenant had its turn. */
    async sweep(): Promise<void> {
      const failed: unknown[] = [];
      const lists = records.kv.list({ prefix: ["uploads"] });
      for await (const { key: [, name] } of lists) {
        const tenant = name as string;
        try {
          const list = await records.read<Open>(listAt(tenant));
          const ends = Object.values(list?.record ?? {});
          if (!ends.some(({ until }) => until <= records.now())) continue;
          await change(tenant, (open) => open);
        } catch (error) {
          failed.push(error);
        }
      }
      if (failed.length > 0) throw failed[0];
    },
  };
}

function missing(): EdgeError {
  return new EdgeError(
    "not-found",
    "There is no such upload: it is used, erased or expired, or never was.",
  );
}

function elsewhere(offset?: number): EdgeError {
  return new EdgeError(
    "conflict",
    offset === undefined
      ? "Another request appends to this upload; ask where it is."
      : `The upload is at byte ${offset}; continue there.`,
  );
}
