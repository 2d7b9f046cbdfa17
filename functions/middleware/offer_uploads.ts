import type { MiddlewareHandler } from "hono";
import { concat } from "../../lib/core/bytes.ts";
import { EdgeError, invalidInput } from "../../lib/core/errors.ts";
import { callerOf, type Env } from "../router.ts";
import type { Services } from "../services.ts";

/**
 * Lets the readers of bodies take uploads in place of files. Those taken count as memory of the request, and are erased
 * once it has succeeded and its last line or byte was read: a request that was refused, if only in part, or whose answer
 * broke off may be sent again.
 */
export function offerUploads(
  { uploads, bodyQuota, maxBytes, closing }: Services,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const taken = new Set<string>();
    let isKept = false;
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
    const eraseTaken = async () => {
      // A server that stops ends its streams early.
      if (isKept || closing.aborted) return;
      const { tenant } = callerOf(c);
      for (const id of taken) await uploads.erase(tenant, id);
    };
    const keep = () => {
      isKept = true;
    };
    c.set("uploads", { read, stream, keep });
    try {
      await next();
      if (!c.res.ok || taken.size === 0) return;
      const { body, status, headers } = c.res;
      // A document is short; lines and files may break off.
      const isDocument = /^application\/json\b/.test(
        headers.get("content-type") ?? "",
      );
      if (body === null || isDocument) await eraseTaken();
      else {
        c.res = new Response(beforeEnd(body, eraseTaken), { status, headers });
      }
    } finally {
      for (const release of held) release();
    }
  };
}

/** A body that runs something when its last part was read, and before its end is told. */
function beforeEnd(
  body: ReadableStream<Uint8Array>,
  run: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      // What is not erased now expires.
      await run().catch(() => {});
      controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
