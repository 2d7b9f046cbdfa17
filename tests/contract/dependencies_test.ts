import { equal, ok } from "node:assert/strict";
import {
  allows,
  isAllowed,
  licencesOf,
} from "../support/dependencies/licences.ts";

Deno.test("licences that bind the product are refused, whatever they are combined with", () => {
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
  ok(isAllowed({ name: "libheif-js@1.0.0", licence: "LGPL-3.0" }));
  ok(!isAllowed({ name: "libheif-js@1.0.0", licence: "GPL-3.0" }));
  ok(!isAllowed({ name: "other@4.0.0", licence: "MPL-2.0" }));
  ok(!isAllowed({ name: "other@4.0.0", licence: "LGPL-3.0" }));
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
