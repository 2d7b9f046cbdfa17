import { createApp, type ServiceFunction } from "../functions/app.ts";
import type { RequestLine } from "../functions/middleware/observe.ts";
import { compose, type Needs } from "./compose.ts";
import { composeAccess, requireClosed } from "./compose_access.ts";
import { type Config, readConfig } from "./config.ts";
import { runMain } from "./commands/run_command.ts";
import { startLine, startNotes } from "./start_line.ts";
import { serveUntilStopped } from "./stop.ts";

export interface EntryPoint {
  functions: ServiceFunction[];
  /** Everything when left out. */
  needs?: Needs;
  /** Says what is wrong with the settings for this entry point, if anything is. */
  refuse?(config: Config): string | undefined;
  /** What other hosts of the service bring to call `/v1/`. */
  hostSecret?(config: Config): string | undefined;
}

const write = (line: RequestLine) => console.log(JSON.stringify(line));

/** Serves functions until the process is told to stop. */
export function start(entry: EntryPoint): Promise<void> {
  return runMain(async () => {
    const started = performance.now();
    const config = readConfig(Deno.env.toObject());
    const fault = entry.refuse?.(config);
    if (fault !== undefined) throw new Error(fault);
    const access = await composeAccess(config, entry.hostSecret?.(config));
    if (access === undefined) requireClosed(config, config.HOST);
    const closing = new AbortController();
    const services = await compose(config, entry.needs, closing.signal);
    const app = createApp(services, entry.functions, {
      access,
      requestsPerMinute: config.RATE_LIMIT,
      ownNameOnly: access === undefined && !config.ALLOW_ANONYMOUS,
      origins: config.CORS_ORIGINS,
      log: config.LOG === "requests" ? write : undefined,
    });
    const onListen = ({ hostname, port }: Deno.NetAddr) => {
      if (access === undefined) requireClosed(config, hostname);
      const seconds = (performance.now() - started) / 1000;
      const notes = startNotes(config, access, services);
      console.log(startLine(`http://${hostname}:${port}`, seconds, notes));
    };
    const { PORT: port, HOST: hostname } = config;
    const server = Deno.serve({ port, hostname, onListen }, app.fetch);
    await serveUntilStopped(server, closing, services);
  });
}
