import type { Archive } from "../lib/archive/archive.ts";
import { createArchive } from "../lib/archive/archive_client.ts";
import type { Config } from "./config.ts";

/** The image archive that `DICOMWEB_URL` names; undefined where it names none. */
export function composeArchive(config: Config): Archive | undefined {
  const { DICOMWEB_URL: url, DICOMWEB_TIMEOUT } = config;
  if (url === undefined) return undefined;
  return createArchive({
    url,
    authorization: authorizationOf(config),
    timeout: DICOMWEB_TIMEOUT * 1000,
    tries: 3,
    backoff: { base: 200, most: 5000 },
  });
}

/** Basic credentials in UTF-8 (RFC 7617), or a bearer token (RFC 6750). */
function authorizationOf(
  { DICOMWEB_USER, DICOMWEB_PASSWORD, DICOMWEB_TOKEN }: Config,
): string | undefined {
  if (DICOMWEB_TOKEN !== undefined) return `Bearer ${DICOMWEB_TOKEN}`;
  if (DICOMWEB_USER === undefined) return undefined;
  const pair = new TextEncoder().encode(
    `${DICOMWEB_USER}:${DICOMWEB_PASSWORD}`,
  );
  return `Basic ${pair.toBase64()}`;
}
