import { deepEqual, ok } from "node:assert/strict";
import { statSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);
const document = Deno.readTextFileSync(new URL("SECURITY.md", ROOT));

Deno.test("every test that SECURITY.md names exists", () => {
  const named = Array.from(
    document.matchAll(/`(?<path>tests\/[^`]+)`/g),
    ({ groups }) => groups?.path ?? "",
  );
  ok(named.length > 20);
  const missing = named.filter((path) =>
    !statSync(new URL(path, ROOT), { throwIfNoEntry: false })?.isFile()
  );
  deepEqual(missing, []);
});

Deno.test("every threat in SECURITY.md names a test", () => {
  const rows = document.split("\n").filter((line) =>
    /^\| (?!threat|-)/.test(line)
  );
  ok(rows.length > 15);
  deepEqual(rows.filter((row) => !/`tests\/\S+_test\.ts`/.test(row)), []);
});
