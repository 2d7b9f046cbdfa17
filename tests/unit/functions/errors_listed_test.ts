import { deepEqual, match } from "node:assert/strict";
import { PROBLEMS } from "../../../functions/contract/problems.ts";

const README = Deno.readTextFileSync(
  new URL("../../../functions/README.md", import.meta.url),
);

Deno.test("README.md lists the code of every problem in the row of its status", () => {
  const rows = README.slice(README.indexOf("## Errors")).split("\n")
    .filter((line) => /^\| \d{3}/.test(line));
  const statuses: Record<string, string[]> = {};
  for (const row of rows) {
    const [, of, listed] = row.split("|");
    const codes = Array.from(listed.matchAll(/`([\w-]+)`/g), ([, one]) => one);
    for (const code of codes) statuses[code] = of.trim().split(", ");
  }
  for (const [code, [status]] of Object.entries(PROBLEMS)) {
    // No caller is left to read the answer.
    if (code === "given-up") continue;
    match(String(statuses[code]), new RegExp(`\\b${status}\\b`), code);
  }
  const unknown = Object.keys(statuses).filter((code) => !(code in PROBLEMS));
  deepEqual(unknown, []);
});
