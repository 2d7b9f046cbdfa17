import { z } from "zod";
import { parseKeys } from "../lib/access/api_keys.ts";
import { invalidInput } from "../lib/core/errors.ts";
import { folderUrl } from "../lib/model/locate.ts";
import type { OperatorKey } from "../lib/store/encryption/keyring.ts";
import { RUNTIMES } from "../lib/runtime/runtime.ts";

const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number)
    .refine((n) => n >= least && n <= most, `must be from ${least} to ${most}`);

/** Entries separated by commas. */
function listed(text: string): string[] {
  return text.split(",").map((entry) => entry.trim());
}

/** A text in a form of its own; what `read` throws says what the setting must be. */
const readBy = <T>(read: (text: string) => T) =>
  z.string().transform((text, context) => {
    try {
      return read(text);
    } catch (error) {
      const { message } = error as Error;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
  });

/** http(s) URLs separated by commas, each ending in a slash. */
function addresses(text: string): URL[] {
  return listed(text).map((entry) => {
    const url = URL.parse(entry);
    const plain = url !== null && /^https?:$/.test(url.protocol) &&
      `${url.username}${url.password}${url.search}${url.hash}` === "";
    if (!plain) {
      throw new Error(
        "must be http or https addresses, separated by commas, without user, query or fragment",
      );
    }
    url.pathname = url.pathname.replace(/\/*$/, "/");
    return url;
  });
}

/** One such URL. */
function address(text: string): URL {
  const [url, ...more] = addresses(text);
  if (url !== undefined && more.length === 0) return url;
  throw new Error("must be one address");
}

/** Origins as browsers send them, separated by commas, or `*`. */
function origins(text: string): string[] {
  const named = listed(text);
  if (named.every((one) => one === "*" || URL.parse(one)?.origin === one)) {
    return named;
  }
  throw new Error(
    "must be origins such as https://example.org, separated by commas, or *",
  );
}

/** An address whose answer cannot be changed on the way. */
function safeAddress(text: string): URL {
  const url = URL.parse(text);
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? "");
  const safe = url?.protocol === "https:" ||
    (url?.protocol === "http:" && local);
  if (url !== null && safe && url.username + url.password === "") return url;
  throw new Error(
    "must be an https address, or http on the loopback, without user",
  );
}

/** `id:base64`, separated by commas: 32 random bytes each. */
function operatorKeys(text: string): OperatorKey[] {
  const entries = listed(text);
  const keys = entries.flatMap((entry): OperatorKey[] => {
    const [, id = "", encoded = ""] = /^([\w.-]{1,64}):(\S+)$/.exec(entry) ??
      [];
    const secret = secretOf(encoded);
    return secret === null ? [] : [{ id, secret }];
  });
  const ids = new Set(keys.map(({ id }) => id));
  if (ids.size === entries.length) return keys;
  throw new Error(
    "must be id:key, separated by commas, the ids distinct and each key 32 bytes in base64 (openssl rand -base64 32)",
  );
}

/** A key of 32 bytes in base64; null for anything else. */
function secretOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.fromBase64(base64);
    return bytes.length === 32 ? bytes : null;
  } catch {
    return null;
  }
}

/** The key that signs exports. */
function signingKey(text: string): Uint8Array<ArrayBuffer> {
  const key = secretOf(text);
  if (key !== null) return key;
  throw new Error(
    "must be 32 random bytes in base64 (openssl rand -base64 32)",
  );
}

/** Keys of other signers, separated by commas, at most 256. */
function trustedKeys(text: string): Uint8Array<ArrayBuffer>[] {
  const entries = listed(text);
  const keys = entries.flatMap((entry) => secretOf(entry) ?? []);
  if (keys.length === entries.length && keys.length <= 256) return keys;
  throw new Error(
    "must be public keys of 32 bytes in base64, separated by commas",
  );
}

/** Days without a change after which patients are erased, of all tenants and of single ones: `365,clinic-a:30`. */
function retention(text: string) {
  const found = { days: Infinity, tenants: new Map<string, number>() };
  for (const entry of listed(text)) {
    const [, tenant, days] =
      /^(?:([\w.-]{1,64}):)?([1-9]\d{0,4})$/.exec(entry) ?? [];
    if (days === undefined) {
      throw new Error(
        "must be days, or tenant:days, separated by commas, each from 1 to 99999",
      );
    }
    if (tenant === undefined) found.days = Number(days);
    else found.tenants.set(tenant, Number(days));
  }
  return found;
}

const claim = z.string().max(256);
const cores = navigator.hardwareConcurrency;

/** Of two settings, at most one may be set. */
const notBoth = (a: string, b: string) => ({
  error: `cannot be set beside ${a}`,
  path: [b],
});

const Settings = z.object({
  PORT: whole(0, 65535).default(8000),
  HOST: z.string().default("127.0.0.1"),
  KV_PATH: z.string().default("data/edge.kv"),
  FUNCTIONS: z.string().transform(listed).optional(),
  MODEL: z.string().default("nano").transform(listed)
    .refine(
      (names) => !names.includes(""),
      "must be ids or folders, separated by commas",
    ),
  MODELS: z.string().default("data/models"),
  RUNTIME: z.enum(RUNTIMES, `must be ${RUNTIMES.join(", ")}`).default("wasm"),
  THREADS: whole(1, 64).default(Math.min(cores, 4)),
  WORKERS: whole(1, 16).default(1),
  QUEUE: whole(1, 10_000).default(32),
  TENANT_SHARE: whole(1, 100).optional(),
  RATE_LIMIT: whole(1, 1_000_000).default(600),
  DEADLINE: whole(1, 3600).default(60),
  ENCODE_BATCH: whole(1, 64).optional(),
  MAX_BYTES: whole(1024, 2 ** 30).default(32 * 2 ** 20),
  MAX_SERIES_BYTES: whole(1024, 2 ** 40).default(512 * 2 ** 20),
  UPLOAD_BYTES: whole(1024, 2 ** 40).default(2 ** 30),
  BODY_MEMORY: whole(1024, 2 ** 34).optional(),
  MAX_REFERENCES: whole(1, 10_000).default(64),
  MAX_PIXELS: whole(1024, 2 ** 28).default(25_000_000),
  EMBEDDING_HOURS: whole(1, 8760).default(24),
  ENCODE_URL: readBy(addresses).optional(),
  ENCODE_TOKEN: z.string().regex(
    /^[\w.~+/-]{16,512}=*$/,
    "must be 16 to 512 letters, digits or . _ ~ + / -",
  ).optional(),
  LABEL_STUDIO_URL: readBy(address).optional(),
  LABEL_STUDIO_TOKEN: z.string().regex(
    /^[\w.~+/-]{8,1024}=*$/,
    "must be 8 to 1024 letters, digits or . _ ~ + / -",
  ).optional(),
  ENCODE_TIMEOUT: whole(1, 3600).default(20),
  ENCODE_CACHE: whole(1, 65_536).default(256),
  DICOMWEB_URL: readBy(address).optional(),
  DICOMWEB_USER: z.string().regex(/^[^:\p{Cc}]+$/u, "must have no colon")
    .optional(),
  DICOMWEB_PASSWORD: z.string().optional(),
  DICOMWEB_TOKEN: z.string().regex(
    /^[\w.~+/-]+=*$/,
    "must be letters, digits or . _ ~ + / -",
  ).optional(),
  DICOMWEB_TIMEOUT: whole(1, 3600).default(20),
  WEB_CACHE: z.enum(["on", "off"], "must be on or off").default("off"),
  CORS_ORIGINS: readBy(origins).optional(),
  OPERATOR_KEYS: readBy(operatorKeys).default([]),
  SIGNING_KEY: readBy(signingKey).optional(),
  TRUSTED_KEYS: readBy(trustedKeys).default([]),
  RETENTION_DAYS: readBy(retention).default({
    days: Infinity,
    tenants: new Map(),
  }),
  LOG: z.enum(["requests", "errors"], "must be requests or errors")
    .default("requests"),
  OTEL_EXPORTER_OTLP_ENDPOINT: readBy(address).optional(),
  OTEL_DENO: z.undefined(
    "records request addresses, which hold patient ids; " +
      "set only OTEL_EXPORTER_OTLP_ENDPOINT",
  ).optional(),
  API_KEYS: readBy(parseKeys).optional(),
  API_KEYS_FILE: z.string().optional(),
  JWKS_URL: readBy(safeAddress).optional(),
  JWKS_FILE: z.string().optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  JWT_TENANT_CLAIM: claim.default("tenant"),
  JWT_SCOPE_CLAIM: claim.default("scope"),
  ALLOW_ANONYMOUS: z.enum(["true", "false"], "must be true or false")
    .default("false").transform((text) => text === "true"),
  /** Set by Deno Deploy. */
  DENO_DEPLOYMENT_ID: z.string().optional(),
})
  .refine(
    ({ API_KEYS, API_KEYS_FILE }) => !(API_KEYS && API_KEYS_FILE),
    notBoth("API_KEYS", "API_KEYS_FILE"),
  )
  .refine(
    ({ JWKS_URL, JWKS_FILE }) => !(JWKS_URL && JWKS_FILE),
    notBoth("JWKS_URL", "JWKS_FILE"),
  )
  .refine(
    ({ DICOMWEB_USER, DICOMWEB_TOKEN }) => !(DICOMWEB_USER && DICOMWEB_TOKEN),
    notBoth("DICOMWEB_USER", "DICOMWEB_TOKEN"),
  )
  .refine(
    ({ DICOMWEB_USER, DICOMWEB_PASSWORD }) =>
      (DICOMWEB_USER === undefined) === (DICOMWEB_PASSWORD === undefined),
    {
      error: "and DICOMWEB_PASSWORD must be set together",
      path: ["DICOMWEB_USER"],
    },
  )
  .refine(
    ({ MAX_BYTES, BODY_MEMORY = Infinity }) => BODY_MEMORY >= MAX_BYTES,
    { error: "must be at least MAX_BYTES", path: ["BODY_MEMORY"] },
  );

/** The service's settings; README.md says what each one means. */
export type Config = z.infer<typeof Settings>;

/**
 * Settings from environment variables; an empty one counts as unset.
 *
 * @throws EdgeError `invalid-input` that names the first bad variable.
 */
export function readConfig(
  environment: Record<string, string | undefined>,
): Config {
  const set = Object.entries(environment).filter(([, value]) => value !== "");
  const parsed = Settings.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue && `${String(issue.path[0])} ${issue.message}`;
  throw invalidInput(`${what ?? "A setting is not valid"}.`);
}

/** Whether the settings state who may call, tenant by tenant. */
function knowsTenants(config: Config): boolean {
  const { API_KEYS, API_KEYS_FILE, JWKS_URL, JWKS_FILE } = config;
  return [API_KEYS, API_KEYS_FILE, JWKS_URL, JWKS_FILE].some(Boolean);
}

/** How much one tenant may take of something that all share: all of it where there is only one tenant. */
export function tenantShare(most: number, config: Config): number {
  const percent = config.TENANT_SHARE ?? (knowsTenants(config) ? 50 : 100);
  return Math.max(1, Math.ceil(most * percent / 100));
}

/** The packages of this repository. */
export const EMBEDDED_MODELS = new URL("../models/", import.meta.url);

/** The folders in which a model's id is looked up: this repository's, then the registry. */
export function modelRoots({ MODELS }: Pick<Config, "MODELS">): URL[] {
  return [EMBEDDED_MODELS, folderUrl(MODELS)];
}
