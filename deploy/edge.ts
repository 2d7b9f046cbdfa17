import { ALL_FUNCTIONS } from "../functions/app.ts";
import { start } from "./start.ts";

/** Everything but the encoder, which encode hosts run: the light half of the split. */
await start({
  functions: ALL_FUNCTIONS,
  refuse: ({ ENCODE_URL }) =>
    ENCODE_URL === undefined
      ? "ENCODE_URL is needed at the edge: the addresses of the encode hosts, separated by commas."
      : undefined,
});
