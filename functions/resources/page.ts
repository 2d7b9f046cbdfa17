import type { Context } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { hexDigest } from "../../lib/core/digest.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit, VISIT_COUNT } from "../../lib/sample/patient.ts";
import { matchesEtag } from "../contract/headers.ts";
import { EdgeError } from "../../lib/core/errors.ts";
import { createRouter, type Router } from "../router.ts";

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

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

/** The web page at /, its files as they lie in `page/`, and the pictures of its sample patient. */
export function pageFunction(): Router {
  const router = createRouter();
  // Drawing one takes tens of milliseconds of this thread.
  const drawn = new Map<string, Uint8Array<ArrayBuffer>>();
  router.use("/", headers);
  router.use("/page/*", headers);
  router.get("/", (c) => answerFile(c, "index.html"));
  router.get("/page/:file", (c) => answerFile(c, c.req.param("file")));
  router.get("/page/sample/:file", (c) => {
    const file = c.req.param("file");
    const [, number, annotation] =
      /^visit-(\d)(_annotation)?\.png$/.exec(file) ?? [];
    if (!(Number(number) >= 1 && Number(number) <= VISIT_COUNT)) {
      throw new EdgeError(
        "no-route",
        "There is no such visit of the sample.",
      );
    }
    let png = drawn.get(file);
    if (png === undefined) {
      const visit = drawVisit(Number(number));
      png = encodePng(annotation ? visit.mask : visit.image);
      drawn.set(file, png);
    }
    return c.body(png, 200, {
      "content-type": "image/png",
      "cache-control": "public, max-age=86400",
    });
  });
  return router;
}

async function answerFile(c: Context, name: string): Promise<Response> {
  const [, extension = ""] = /^[a-z_]+\.([a-z]+)$/.exec(name) ?? [];
  const type = TYPES[extension];
  const bytes = type === undefined ? null : await read(name);
  if (bytes === null) {
    throw new EdgeError("no-route", "There is no such file.");
  }
  const etag = `"${await hexDigest(bytes)}"`;
  c.header("etag", etag);
  c.header("cache-control", "no-cache");
  if (matchesEtag(c.req.header("if-none-match"), etag)) {
    return c.body(null, 304);
  }
  return c.body(bytes, 200, { "content-type": type });
}

async function read(name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return await Deno.readFile(new URL(`../page/${name}`, import.meta.url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
