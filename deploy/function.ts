import { composeFunctions } from "./compose_functions.ts";
import { start } from "./start.ts";

/** The functions that `FUNCTIONS` names, each a part of the service, over the database that all of them share. */
await start(({ FUNCTIONS }) => composeFunctions(FUNCTIONS));
