import type { Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { hexDigest } from "../../lib/core/digest.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { matchesEtag } from "../contract/answers.ts";
import { createRouter, type Router } from "../router.ts";
import { findLibrary } from "./page_libraries.ts";
import { packScript } from "./page_script.ts";

const FOLDER = new URL("../page/", import.meta.url);
const TYPES = new Map([
  ["html", "text/html; charset=utf-8"],
  ["css", "text/css; charset=utf-8"],
  ["js", "text/javascript; charset=utf-8"],
  ["png", "image/png"],
  ["svg", "image/svg+xml"],
]);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the page may do: run its own files, talk to its own server, show pictures it was given. */
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", "blob:"],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  // The page may be served over plain HTTP on the loopback.
  strictTransportSecurity: false,
});

/** The web page at /, its files, the libraries it loads, and the pictures of its sample patient. */
export function pageFunction(): Router {
  const router = createRouter();
  router.use("/", headers);
  router.use("/page/*", headers);
  router.get("/", (c) => answerFile(c, "index.html"));
  router.get("/page/:file", (c) => answerFile(c, c.req.param("file")));
  router.get(
    "/page/sample/:file",
    (c) => answerFile(c, `sample/${c.req.param("file")}`),
  );
  router.get("/page/libraries/:path{.+}", (c) => {
    const path = c.req.param("path");
    const { url, exports } = findLibrary(path) ?? {};
    return answerUrl(c, path.split(".").at(-1) ?? "", url, exports);
  });
  return router;
}

/** A file's path inside the folder, with its extension. */
const PATH = /^(?:[a-z_]+|sample\/visit-\d(?:_annotation)?)\.([a-z]+)$/;

/** Answers a file of the page; a path of another form names none. */
function answerFile(c: Context, path: string): Promise<Response> {
  const [, extension] = PATH.exec(path) ?? [];
  return answerUrl(c, extension ?? "", extension && new URL(path, FOLDER));
}

/** @param added to the end of a script. */
async function answerUrl(
  c: Context,
  extension: string,
  url: URL | undefined | "",
  added = "",
): Promise<Response> {
  const type = TYPES.get(extension);
  const file = type === undefined || !url ? null : await read(url);
  if (type === undefined || file === null) {
    throw new EdgeError("no-route", "There is no such file.");
  }
  const bytes = extension === "js"
    ? encoder.encode(packScript(decoder.decode(file) + added))
    : file;
  const etag = `"${await hexDigest(bytes)}"`;
  c.header("etag", etag);
  c.header("cache-control", "no-cache");
  if (matchesEtag(c.req.header("if-none-match"), etag)) {
    return c.body(null, 304);
  }
  return c.body(bytes, 200, { "content-type": type });
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
