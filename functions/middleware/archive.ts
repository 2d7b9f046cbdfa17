import type { MiddlewareHandler } from "hono";
import type { Archive } from "../../lib/archive/archive.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { invalid } from "../contract/problems.ts";
import { callerOf, type Env, workOf } from "../router.ts";
import type { Services } from "../services.ts";

/**
 * The image archive, for a caller who may open it.
 *
 * @throws EdgeError `not-configured` where there is none; `forbidden` for a caller without the scope `archive`.
 */
export function archiveOf(
  { archive }: Pick<Services, "archive">,
  c: Parameters<typeof callerOf>[0],
): Archive {
  if (!callerOf(c).scopes.has("archive")) {
    throw new EdgeError(
      "forbidden",
      'The image archive needs the scope "archive", which the key or token lacks.',
    );
  }
  if (archive !== undefined) return archive;
  throw new EdgeError(
    "not-configured",
    "This server opens no image archive; its operator names one by DICOMWEB_URL.",
  );
}

/**
 * Lets the readers of bodies take files out of the image archive. Their bytes count like those of a body: together they
 * are no larger than one may be, and take from the same memory until the request ends.
 */
export function readArchive(services: Services): MiddlewareHandler<Env> {
  const { maxBytes, bodyQuota } = services;
  return async (c, next) => {
    using held = new DisposableStack();
    let room = maxBytes - (Number(c.req.header("content-length")) || 0);
    c.set("readArchived", async ({ study, series, instance }, place) => {
      const archive = archiveOf(services, c);
      const { tenant, signal } = workOf(c);
      const archived = {
        study,
        series,
        instance: instance ??
          await onlyInstance(archive, { study, series }, place, signal),
      };
      // Its size is known once it is there.
      const release = bodyQuota.take(tenant, room);
      const bytes = await archive.readInstance(archived, room, signal)
        .finally(release);
      held.defer(bodyQuota.take(tenant, bytes.length));
      room -= bytes.length;
      return { bytes, archived };
    });
    await next();
  };
}

async function onlyInstance(
  archive: Archive,
  series: { study: string; series: string },
  place: string,
  signal: AbortSignal,
): Promise<string> {
  const [only, ...more] = await archive.listInstances(series, signal);
  if (only !== undefined && more.length === 0) return only.instance;
  const message = `is needed: the series has ${more.length + 1} objects`;
  throw invalid(place, [{ path: ["instance"], message }]);
}
