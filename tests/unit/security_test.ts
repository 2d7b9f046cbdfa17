import { deepEqual, ok } from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);
const page = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));
const named = [...page.matchAll(/`(tests\/[^`]+)`/g)].map(([, path]) => path);

Deno.test("every test that SECURITY.md names is there, and every threat names one", () => {
  ok(named.length > 20);
  const missing = named.filter((path) => {
    try {
      return !Deno.statSync(new URL(path, ROOT)).isFile;
    } catch {
      return true;
    }
  });
  deepEqual(missing, []);
  const rows = page.split("\n").filter((line) => /^\| (?!threat|-)/.test(line));
  ok(rows.length > 15);
  deepEqual(rows.filter((row) => !/`tests\/\S+_test\.ts`/.test(row)), []);
});
