import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { readConfig } from "../../../deploy/config.ts";
import { mintKey } from "../../../lib/access/api_keys.ts";
import { EdgeError } from "../../../lib/core/errors.ts";

const { entry: KEY } = mintKey("k", "t", ["read"]);

/** The line that an entry point prints after `error: ` for these settings. */
function refusal(environment: Record<string, string>): string {
  let message = "";
  throws(() => readConfig(environment), (error) => {
    message = (error as Error).message;
    return error instanceof EdgeError && error.code === "invalid-input";
  }, JSON.stringify(environment));
  return message;
}

Deno.test("a bad setting is named in one line that says what is wanted", () => {
  const addresses =
    "must be http or https addresses, separated by commas, without user, query or fragment.";
  const cases: [Record<string, string>, string][] = [
    [{ PORT: "http" }, "PORT must be a whole number."],
    [{ PORT: "99999" }, "PORT must be from 0 to 65535."],
    [{ THREADS: "0" }, "THREADS must be from 1 to 64."],
    [{ RUNTIME: "cuda" }, "RUNTIME must be wasm, webgpu, native."],
    [{ MODEL: "a,,b" }, "MODEL must be ids or folders, separated by commas."],
    [{ ENCODE_URL: "http://u:p@a" }, `ENCODE_URL ${addresses}`],
    [{ DICOMWEB_URL: "ftp://a" }, `DICOMWEB_URL ${addresses}`],
    ...["DICOMWEB_URL", "LABEL_STUDIO_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"]
      .map((name): [Record<string, string>, string] => [
        { [name]: "http://a,http://b" },
        `${name} must be one address.`,
      ]),
    [
      { DICOMWEB_USER: "u" },
      "DICOMWEB_USER and DICOMWEB_PASSWORD must be set together.",
    ],
    [
      { DICOMWEB_USER: "u:v", DICOMWEB_PASSWORD: "p" },
      "DICOMWEB_USER must have no colon.",
    ],
    [
      { DICOMWEB_USER: "u", DICOMWEB_PASSWORD: "p", DICOMWEB_TOKEN: "t" },
      "DICOMWEB_TOKEN cannot be set beside DICOMWEB_USER.",
    ],
    [{ ENCODE_URL: "http://a,b" }, `ENCODE_URL ${addresses}`],
    [
      { ENCODE_TOKEN: "short" },
      "ENCODE_TOKEN must be 16 to 512 letters, digits or . _ ~ + / -.",
    ],
    [
      { MAX_BYTES: "2048", BODY_MEMORY: "1024" },
      "BODY_MEMORY must be at least MAX_BYTES.",
    ],
    [
      { API_KEYS_FILE: "keys", API_KEYS: KEY },
      "API_KEYS_FILE cannot be set beside API_KEYS.",
    ],
    [
      { JWKS_URL: "https://a/", JWKS_FILE: "jwks" },
      "JWKS_FILE cannot be set beside JWKS_URL.",
    ],
    [
      { JWKS_URL: "http://a.example/" },
      "JWKS_URL must be an https address, or http on the loopback, without user.",
    ],
    [{ ALLOW_ANONYMOUS: "yes" }, "ALLOW_ANONYMOUS must be true or false."],
  ];
  for (const [environment, wanted] of cases) {
    equal(refusal(environment), wanted);
  }
});

Deno.test("a bad API key is named by its place, not by its text", () => {
  const message = refusal({ API_KEYS: `${KEY},s3cret` });
  match(message, /^API_KEYS has a bad key, number 2: wanted id:tenant[^\n]*$/);
  ok(!message.includes("s3cret"));
});

Deno.test("an empty setting counts as unset", () => {
  deepEqual(readConfig({ PORT: "", ENCODE_URL: "" }), readConfig({}));
});
