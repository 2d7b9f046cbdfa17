import type { MiddlewareHandler } from "hono";
import { concat } from "../../lib/core/bytes.ts";
import { EdgeError, invalidInput } from "../../lib/core/errors.ts";
import { callerOf, type Env } from "../router.ts";
import type { Services } from "../services.ts";

/**
 * Lets the readers of bodies take uploads in place of files. Those taken count as memory of the request, and are erased
 * once it has succeeded: a request that was refused may be sent again.
 */
export function offerUploads(
  { uploads, bodyQuota, maxBytes }: Services,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const taken = new Set<string>();
    const held: (() => void)[] = [];
    const open = async (id: string) => {
      const { tenant } = callerOf(c);
      const upload = await uploads.find(tenant, id);
      if (upload === null) {
        throw new EdgeError(
          "not-found",
          "There is no upload of this id: it is used, erased or expired, or never was.",
        );
      }
      const { offset, length } = upload;
      if (offset < length) {
        throw invalidInput(
          `The upload is not complete: ${offset} of ${length} bytes have arrived.`,
        );
      }
      taken.add(id);
      return { tenant, ...upload };
    };
    async function* stream(id: string) {
      const { tenant, pieces } = await open(id);
      for (let i = 0; i < pieces; i++) yield await uploads.piece(tenant, id, i);
    }
    const read = async (id: string) => {
      const { tenant, length } = await open(id);
      if (length > maxBytes) {
        const why = `The upload is larger than ${maxBytes} bytes.`;
        throw new EdgeError("too-many-bytes", why);
      }
      held.push(bodyQuota.take(tenant, length));
      return concat(await Array.fromAsync(stream(id)));
    };
    c.set("uploads", { read, stream });
    try {
      await next();
      if (!c.res.ok) return;
      const { tenant } = callerOf(c);
      for (const id of taken) await uploads.erase(tenant, id);
    } finally {
      for (const release of held) release();
    }
  };
}
