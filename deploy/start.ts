import { createApp, type ServiceFunction } from "../functions/app.ts";
import type { RequestLine } from "../functions/middleware/observe.ts";
import { compose, type Needs } from "./compose.ts";
import { composeAccess, requireClosed } from "./compose_access.ts";
import { type Config, readConfig } from "./config.ts";
import { runMain } from "./run_main.ts";
import { startLine, startNotes } from "./start_line.ts";
import { serveUntilStopped } from "./stop.ts";

/** What a process serves. */
export interface EntryPoint {
  functions: ServiceFunction[];
  /** Everything when left out. */
  needs?: Needs;
  /** The token with which other hosts of the service call `/v1/`. */
  hostSecret?: string | undefined;
}

/** Serves what its settings choose, until the process is told to stop. Settings that do not fit make `choose` throw. */
export function start(choose: (config: Config) => EntryPoint): Promise<void> {
  return runMain(async () => {
    const started = performance.now();
    const config = readConfig(Deno.env.toObject());
    const { functions, needs, hostSecret } = choose(config);
    const access = await composeAccess(config, hostSecret);
    if (access === undefined) requireClosed(config, config.HOST);
    const closing = new AbortController();
    const services = await compose(config, needs, closing.signal);
    const app = createApp(services, functions, {
      access,
      requestsPerMinute: config.RATE_LIMIT,
      ownNameOnly: access === undefined && !config.ALLOW_ANONYMOUS,
      origins: config.CORS_ORIGINS,
      log: config.LOG === "requests" ? logLine : undefined,
    });
    const onListen = ({ hostname, port }: Deno.NetAddr) => {
      if (access === undefined) requireClosed(config, hostname);
      const seconds = (performance.now() - started) / 1000;
      const notes = startNotes(config, access, services);
      console.log(startLine(`http://${hostname}:${port}`, seconds, notes));
    };
    const address = { port: config.PORT, hostname: config.HOST };
    const server = Deno.serve({ ...address, onListen }, app.fetch);
    await serveUntilStopped(server, closing, services);
  });
}

function logLine(line: RequestLine): void {
  console.log(JSON.stringify(line));
}
