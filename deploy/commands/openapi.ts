import { createApp } from "../../functions/app.ts";
import type { Services } from "../../functions/services.ts";
import { createTelemetry } from "../../lib/telemetry/telemetry.ts";
import { runMain } from "../run_main.ts";

/** `deno task openapi`: the OpenAPI document to stdout, for generators of clients. */
await runMain(async () => {
  // The document is of the routes alone; nothing is served.
  const nothing = { models: { all: [] }, telemetry: createTelemetry() };
  const services = nothing as unknown as Services;
  const response = await createApp(services).request("/openapi.json");
  console.log(JSON.stringify(await response.json(), null, 2));
});
