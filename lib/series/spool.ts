import { EdgeError } from "../core/errors.ts";
import { OpenFile } from "./range_file.ts";

/**
 * A temporary file that is written once and then read by ranges. Its name is removed as soon as it is open, so that the
 * system frees it with the process, however that ends.
 */
export class Spool extends OpenFile {
  /** @throws EdgeError `store-unavailable` when no temporary file can be created. */
  static async create(): Promise<Spool> {
    try {
      const path = await Deno.makeTempFile();
      const file = await Deno.open(path, { read: true, write: true });
      await Deno.remove(path);
      return new Spool(file, 0);
    } catch (cause) {
      throw diskFull(cause);
    }
  }

  /** @throws EdgeError `store-unavailable` when the disk is full. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.file.write(bytes.subarray(at));
      }
    } catch (cause) {
      throw diskFull(cause);
    }
    this.size += bytes.length;
  }
}

function diskFull(cause: unknown): EdgeError {
  const why =
    "Cannot store the series: the server's disk takes no more; try again later.";
  return new EdgeError("store-unavailable", why, { cause });
}
