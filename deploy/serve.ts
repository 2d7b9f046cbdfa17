import { createApp } from "../functions/app.ts";
import { compose } from "./compose.ts";
import { readConfig } from "./config.ts";
import { runMain } from "./main.ts";

/** Everything in one process on one port: `deno task serve`. */
await runMain(async () => {
  const started = performance.now();
  const config = readConfig(Deno.env.toObject());
  const services = await compose(config);
  const server = Deno.serve({
    port: config.PORT,
    hostname: config.HOST,
    onListen: ({ hostname, port }) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(
        `P²SAM Edge listens on http://${hostname}:${port} (ready in ${seconds} s)`,
      );
    },
  }, createApp(services).fetch);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => server.shutdown());
  }
  await server.finished;
  await services[Symbol.asyncDispose]();
});
