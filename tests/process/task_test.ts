import { equal, match } from "node:assert/strict";
import { TINY } from "../support/model_package.ts";

const ROOT = new URL("../../", import.meta.url);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A task, started as a person starts it. */
const task = (args: string[], env: Record<string, string> = {}) =>
  new Deno.Command(Deno.execPath(), {
    args: ["task", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });

Deno.test("a server that a task started stops at the task's signal", async () => {
  const child = task(["serve"], {
    ...TINY,
    KV_PATH: ":memory:",
    PORT: "0",
    LOG: "errors",
  }).spawn();
  const reader = child.stdout.getReader();
  let printed = "";
  while (!printed.includes("listens on")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`it stopped: ${printed}`);
    printed += decode(value);
  }
  const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)!;
  equal((await fetch(`${url}/healthz`)).status, 200);
  child.kill("SIGTERM");
  await reader.cancel();
  await child.stderr.cancel();
  equal((await child.status).code, 0);
  equal(await fetch(url).then(() => "answers", () => "gone"), "gone");
});

Deno.test("a task by its old name is refused in a line that names the new one, whatever its arguments", async () => {
  const renamed = {
    "key": "api-key",
    "keys": "operator-keys",
    "trail": "audit:trail",
    "audit": "audit:dependencies",
  };
  for (const [old, name] of Object.entries(renamed)) {
    const asked = ["--quiet", old, "ward-3", "--tenant", "a"];
    const { code, stdout, stderr } = await task(asked).output();
    equal(code, 1);
    equal(decode(stdout), "");
    match(decode(stderr), /^error: [^\n]*\n$/);
    match(decode(stderr), new RegExp(`is now \`deno task ${name}\``));
  }
});
