import { deepEqual, equal, ok } from "node:assert/strict";
import product from "../../../deno.json" with { type: "json" };
import tests from "../../deno.json" with { type: "json" };

interface Task {
  description: string;
  command: string;
}
const tasks: Record<string, Task> = product.tasks;

Deno.test("every task says what it does", () => {
  for (const [name, { description, command }] of Object.entries(tasks)) {
    ok(description.length > 10, name);
    ok(command.length > 0, name);
  }
});

Deno.test("permissions are written once for entry points that use the network, and once for those that use files", () => {
  const stated = Object.entries(tasks)
    .filter(([, { command }]) => command.includes("--allow-ffi"));
  // A replay writes nothing.
  deepEqual(stated.map(([name]) => name), ["replay", "run:net", "run:local"]);
});

Deno.test("every task that serves gives freed memory back to the system, as the containers do", () => {
  const setting = "MALLOC_MMAP_THRESHOLD_=32768";
  for (const name of ["serve", "encode", "edge", "function"]) {
    ok(tasks[name].command.startsWith("deno task --quiet run:net "), name);
  }
  ok(tasks["run:net"].command.startsWith(`${setting} deno run `));
  for (const name of ["edge", "encode", "encode-cuda"]) {
    const file = new URL(
      `../../../deploy/Dockerfile.${name}`,
      import.meta.url,
    );
    ok(Deno.readTextFileSync(file).includes(` ${setting}`), name);
  }
});

Deno.test("a task that was renamed names the new one, which exists", () => {
  const renamed = Object.entries(tasks)
    .filter(([, { description }]) => description.startsWith("Renamed"));
  deepEqual(renamed.map(([name]) => name), ["audit", "trail", "key", "keys"]);
  for (const [old, { command }] of renamed) {
    ok(command.includes(`\`deno task ${old}\` is now`), old);
    ok(command.endsWith(" >&2 && false"), old);
    const named = command.matchAll(/`deno task ([\w:-]+)`/g);
    for (const [, name] of [...named].slice(1)) ok(name in tasks, name);
  }
});

Deno.test("tests import what the product does, in the same versions, and run under the same options", () => {
  const own: Record<string, string> = tests.imports;
  for (const [name, version] of Object.entries(product.imports)) {
    equal(own[name], version, name);
  }
  deepEqual(tests.unstable, product.unstable);
  deepEqual(tests.compilerOptions, product.compilerOptions);
  deepEqual(tests.allowScripts, product.allowScripts);
});

Deno.test("what the tests alone use is not in the product's lock", () => {
  const lock = Deno.readTextFileSync(
    new URL("../../../deno.lock", import.meta.url),
  );
  const tools = Object.keys(tests.imports)
    .filter((name) => !(name in product.imports));
  ok(tools.includes("playwright-core") && tools.includes("typescript"));
  for (const name of tools) ok(!lock.includes(`"npm:${name}@`), name);
  const { npm } = JSON.parse(lock);
  // What a first start downloads.
  ok(Object.keys(npm).length <= 84, `${Object.keys(npm).length} packages`);
});
