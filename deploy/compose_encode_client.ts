import {
  createEncodeClient,
  type EncodeClient,
} from "../lib/remote/encode_client.ts";
import { observeFetch, type Telemetry } from "../lib/telemetry/telemetry.ts";
import type { Config } from "./config.ts";

/** The client of the encode hosts that `ENCODE_URL` names; undefined where it names none. */
export function composeEncodeClient(
  config: Config,
  telemetry: Telemetry,
): EncodeClient | undefined {
  const { ENCODE_URL, ENCODE_TOKEN, ENCODE_TIMEOUT } = config;
  if (ENCODE_URL === undefined) return undefined;
  return createEncodeClient({
    urls: ENCODE_URL,
    ...(ENCODE_TOKEN !== undefined && { token: ENCODE_TOKEN }),
    tries: 3 + ENCODE_URL.length,
    timeout: ENCODE_TIMEOUT * 1000,
    deadline: config.DEADLINE * 1000,
    maxBytes: config.MAX_BYTES,
    backoff: { base: 200, most: 5000 },
    breaker: { failures: 5, cooldown: 2000 },
  }, { fetch: observeFetch(fetch, telemetry) });
}
