import { equal, ok } from "node:assert/strict";
import { audit } from "../support/dependencies/advisories.ts";
import {
  allows,
  isAllowed,
  licencesOf,
} from "../support/dependencies/licences.ts";

/** A registry that gives one answer to everything. */
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

Deno.test("licences that bind the product are refused, whatever they stand beside", () => {
  for (
    const good of [
      "MIT",
      "(MIT OR GPL-3.0)",
      "MIT AND ISC",
      "(MIT OR GPL-2.0) AND Apache-2.0",
    ]
  ) ok(allows(good), good);
  for (
    const bad of [
      "GPL-3.0",
      "MIT AND GPL-3.0",
      "AGPL-3.0-only",
      "SEE LICENSE IN x",
      "UNLICENSED",
      "",
      "(MIT",
      "CC-BY-NC-4.0",
    ]
  ) ok(!allows(bad), bad);
  ok(isAllowed({ name: "axe-core@4.0.0", licence: "MPL-2.0" }));
  ok(!isAllowed({ name: "other@4.0.0", licence: "MPL-2.0" }));
  ok(!isAllowed({ name: "silent@1.0.0", licence: null }));
});

Deno.test("every package of the lock is read, scoped ones and those with peers too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const put = async (name: string, content: unknown) => {
      await Deno.mkdir(`${folder}/r/${name}`, { recursive: true });
      await Deno.writeTextFile(
        `${folder}/r/${name}/package.json`,
        JSON.stringify(content),
      );
    };
    await put("@a/b/1.2.3", { license: { type: "MIT" } });
    await put("c/0.1.0", { licenses: [{ type: "MIT" }, { type: "GPL-3.0" }] });
    const lock = `${folder}/deno.lock`;
    await Deno.writeTextFile(
      lock,
      JSON.stringify({
        npm: { "@a/b@1.2.3_c@0.1.0": {}, "c@0.1.0": {}, "gone@1.0.0": {} },
      }),
    );
    const found = await licencesOf(new URL(`file://${lock}`), folder);
    equal(
      JSON.stringify(found),
      JSON.stringify([
        { name: "@a/b@1.2.3", licence: "MIT" },
        { name: "c@0.1.0", licence: "MIT OR GPL-3.0" },
        { name: "gone@1.0.0", licence: null },
      ]),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
