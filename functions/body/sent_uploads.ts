import type { Context } from "hono";
import type { Bytes } from "../../lib/core/bytes.ts";

/** Files that were uploaded before, in place of files of the body. */
export interface SentUploads {
  /** A whole file in memory. @throws EdgeError for an upload that is unknown, incomplete or too large. */
  read(id: string): Promise<Bytes>;
  /** A file of any size, piece by piece. @throws EdgeError for an upload that is unknown or incomplete. */
  stream(id: string): AsyncGenerator<Bytes>;
  /** Leaves those taken in place: a part of the request failed, and may be sent again. */
  keep(): void;
}

/** The uploads that a request may take. */
export function uploadsOf(c: Context): SentUploads {
  const uploads: SentUploads | undefined = c.get("uploads");
  if (uploads === undefined) throw new Error("No middleware set the uploads.");
  return uploads;
}
