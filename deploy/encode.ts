import { FUNCTIONS } from "../functions/app.ts";
import { invalidInput } from "../lib/core/errors.ts";
import { start } from "./start.ts";

const { encode, models, health, metrics, docs } = FUNCTIONS;

/** An encode host: image → embedding, with no state but a cache in memory. */
await start(({ ENCODE_URL, ENCODE_TOKEN }) => {
  if (ENCODE_URL !== undefined) {
    throw invalidInput(
      "ENCODE_URL is for the edge: an encode host encodes itself.",
    );
  }
  return {
    functions: [encode, models, health, metrics, docs],
    needs: { encoder: true, decoder: false, state: false },
    hostSecret: ENCODE_TOKEN,
  };
});
