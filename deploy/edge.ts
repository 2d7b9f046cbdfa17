import { ALL_FUNCTIONS } from "../functions/app.ts";
import { invalidInput } from "../lib/core/errors.ts";
import { start } from "./start.ts";

/** Everything but the encoder, which encode hosts run: the light half of the split. */
await start(({ ENCODE_URL }) => {
  if (ENCODE_URL !== undefined) return { functions: ALL_FUNCTIONS };
  throw invalidInput(
    "ENCODE_URL is needed at the edge: the addresses of the encode hosts, separated by commas.",
  );
});
