import { createApp, type ServiceFunction } from "../functions/app.ts";
import type { RequestLine } from "../functions/http/observe.ts";
import { compose, type Needs } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";
import { runMain } from "./main.ts";
import { serveUntilStopped } from "./stop.ts";

export interface EntryPoint {
  functions: ServiceFunction[];
  /** Everything when left out. */
  needs?: Needs;
  /** Says what is wrong with the settings for this entry point, if anything is. */
  refuse?(config: Config): string | undefined;
  /** Bearer token without which `/v1/` is closed. */
  token?(config: Config): string | undefined;
}

/** Serves functions on one port until the process is told to stop. */
export function start(
  { functions, needs, refuse, token }: EntryPoint,
): Promise<void> {
  return runMain(async () => {
    const started = performance.now();
    const config = readConfig(Deno.env.toObject());
    const fault = refuse?.(config);
    if (fault !== undefined) throw new Error(fault);
    const closing = new AbortController();
    const services = await compose(config, needs, closing.signal);
    const app = createApp(services, functions, {
      token: token?.(config),
      origins: config.CORS_ORIGINS,
      log: config.LOG === "requests" ? write : undefined,
    });
    const server = Deno.serve({
      port: config.PORT,
      hostname: config.HOST,
      onListen: ({ hostname, port }) => {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        console.log(
          `P²SAM Edge listens on http://${hostname}:${port} (ready in ${seconds} s)`,
        );
      },
    }, app.fetch);
    await serveUntilStopped(server, closing, services);
  });
}

function write(line: RequestLine): void {
  console.log(JSON.stringify(line));
}
