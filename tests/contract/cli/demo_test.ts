import { equal, ok } from "node:assert/strict";
import { runCommand } from "../../support/command.ts";
import { inFolder } from "../../support/in_folder.ts";

Deno.test("the demo goes from a generated patient to a picture and a Dice", () =>
  inFolder(async (folder) => {
    const { code, out } = await runCommand("demo", ["--out", folder]);
    equal(code, 0);
    const dice = Number(/Dice of visit 2: ([\d.]+)/.exec(out)?.[1]);
    ok(dice > 0.5, `Dice ${dice}`);
    ok(Deno.statSync(`${folder}/visit-2_overlay.png`).size > 10_000);
  }));
