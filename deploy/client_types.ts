import openapiTS, { astToString } from "openapi-typescript";
import { createApp } from "../functions/app.ts";
import type { Services } from "../functions/services.ts";
import { runMain } from "./main.ts";

const HEAD =
  "/** Generated from the OpenAPI document: `deno task client`. */\n\n";

/** `deno task client`: the types of the TypeScript client, to stdout. */
await runMain(async () => {
  // The document is of the routes alone; nothing is served.
  const models = { all: [] };
  const app = createApp({ models } as unknown as Services);
  const document = await (await app.request("/openapi.json")).json();
  console.log(HEAD + astToString(await openapiTS(document)).trim());
});
