import { createApp, type ServiceFunction } from "../functions/app.ts";
import { compose, type Needs } from "./compose.ts";
import { type Config, readConfig } from "./config.ts";
import { runMain } from "./main.ts";

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
    const services = await compose(config, needs);
    const server = Deno.serve(
      {
        port: config.PORT,
        hostname: config.HOST,
        onListen: ({ hostname, port }) => {
          const seconds = ((performance.now() - started) / 1000).toFixed(1);
          console.log(
            `P²SAM Edge listens on http://${hostname}:${port} (ready in ${seconds} s)`,
          );
        },
      },
      createApp(services, functions, {
        token: token?.(config),
        origins: config.CORS_ORIGINS,
      }).fetch,
    );
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, () => server.shutdown());
    }
    await server.finished;
    await services[Symbol.asyncDispose]();
  });
}
