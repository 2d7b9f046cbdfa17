import { equal } from "node:assert/strict";
import { audit } from "../support/dependencies/advisories.ts";

/** A registry that gives the same answer to every request. */
function registry(answer: () => Response) {
  const onListen = () => {};
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen },
    async (request) => {
      await request.arrayBuffer();
      return answer();
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  return { url, [Symbol.asyncDispose]: () => server.shutdown() };
}

const ROOT = new URL("../../", import.meta.url);

Deno.test("an advisory against a package fails the audit; a registry that cannot say does not", async () => {
  const advisory = {
    id: 1,
    url: "https://example.org/1",
    title: "A hole",
    severity: "high",
    vulnerable_versions: "<999",
    cwe: [],
    cvss: { score: 9, vectorString: null },
  };
  const answers = {
    nothing: () => Response.json({}),
    vulnerabilities: () => Response.json({ hono: [advisory] }),
    "no answer": () => new Response("no", { status: 405 }),
  };
  for (const [expected, answer] of Object.entries(answers)) {
    await using one = registry(answer);
    equal(
      (await audit(ROOT, { NPM_CONFIG_REGISTRY: one.url })).found,
      expected,
    );
  }
  equal(
    (await audit(ROOT, { NPM_CONFIG_REGISTRY: "http://127.0.0.1:9/" })).found,
    "no answer",
  );
});
