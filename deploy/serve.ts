import { ALL_FUNCTIONS } from "../functions/app.ts";
import { start } from "./start.ts";

/** Everything in one process on one port: `deno task serve`. */
await start(() => ({ functions: ALL_FUNCTIONS }));
