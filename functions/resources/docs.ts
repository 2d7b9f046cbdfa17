import { html } from "hono/html";
import { EdgeError, type ErrorCode } from "../../lib/core/errors.ts";
import { PROBLEMS } from "../contract/problems.ts";
import { createRouter, type Router } from "../router.ts";

const ASSETS = new Map([
  ["swagger-ui.css", "text/css; charset=utf-8"],
  ["swagger-ui-bundle.js", "text/javascript; charset=utf-8"],
]);

/** The OpenAPI page at /docs, its files served from the package, and a page for every problem type. */
export function docsFunction(): Router {
  const router = createRouter();
  router.get("/", (c) => c.redirect("/docs"));
  router.get("/docs", (c) => {
    // Otherwise another page could frame this one, and have its buttons pressed.
    c.header("content-security-policy", "frame-ancestors 'none'");
    return c.html(html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>P²SAM Edge: API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="page"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script>
      // Swagger UI fills optional fields of forms with samples and sends them: leave them empty.
      const emptyForms = (document) => {
        for (const item of Object.values(document.paths)) {
          for (const { requestBody } of Object.values(item)) {
            const form = requestBody?.content["multipart/form-data"]?.schema;
            for (const [name, field] of Object.entries(form?.properties ?? {})) {
              if (form.required?.includes(name) || field.default) continue;
              field.example = "";
              delete field.contentMediaType;
            }
          }
        }
        return document;
      };
      fetch("/openapi.json")
        .then((response) => response.json())
        .then((document) =>
          SwaggerUIBundle({ spec: emptyForms(document), dom_id: "#page" })
        );
    </script>
  </body>
</html>`);
  });
  router.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    const type = ASSETS.get(file);
    if (type === undefined) {
      throw new EdgeError("no-route", "There is no such file.");
    }
    const url = new URL(import.meta.resolve(`swagger-ui-dist/${file}`));
    return c.body(await Deno.readFile(url), 200, {
      "content-type": type,
      "cache-control": "public, max-age=86400",
    });
  });
  router.get("/problems/:code", (c) => {
    const code = c.req.param("code");
    if (!Object.hasOwn(PROBLEMS, code)) {
      throw new EdgeError("no-route", "There is no such problem type.");
    }
    const [status, title] = PROBLEMS[code as ErrorCode];
    return c.json({ type: `/problems/${code}`, status, title });
  });
  return router;
}
