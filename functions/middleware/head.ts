import type { MiddlewareHandler } from "hono";

/**
 * States in the answer to HEAD how long the answer to GET would be (RFC 9110, section 8.6). The router runs the route
 * of GET and drops the content, of which the server would state the length of nothing.
 */
export function stateHeadLength(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { res } = c;
    if (c.req.method !== "HEAD" || res.body === null) return;
    const { byteLength } = await res.arrayBuffer();
    const headers = new Headers(res.headers);
    headers.set("content-length", String(byteLength));
    c.res = undefined;
    c.res = new Response(null, { status: res.status, headers });
  };
}
