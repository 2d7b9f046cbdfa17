import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { encodePng } from "../../../lib/codecs/png/encode.ts";
import type { Visit } from "../../../lib/sample/patient.ts";
import { requireOneLine, runCommand } from "../../support/command.ts";
import { inFolder } from "../../support/in_folder.ts";
import { copyDarker, copyTiny } from "../../support/model_package.ts";
import { files, visits } from "../../support/requests.ts";

Deno.test("evaluate scores the sets in a folder, by every method", () =>
  inFolder(async (folder) => {
    const write = async (path: string, name: string, visit: Visit) => {
      for (const kind of ["Images", "Annotations"] as const) {
        await Deno.mkdir(`${folder}/${path}/${kind}/one`, { recursive: true });
        await Deno.writeFile(
          `${folder}/${path}/${kind}/one/${name}.png`,
          encodePng(kind === "Images" ? visit.image : visit.mask),
        );
      }
    };
    for (const set of ["set", "other"]) {
      await write(set, "00", visits.first);
      await write(set, "01", visits.second);
    }
    const { code, out } = await runCommand("evaluate", [
      "--data",
      folder,
      "--json",
    ]);
    equal(code, 0);
    const { sets, meanOverSets } = JSON.parse(out);
    const [other, { set, subjects, videoMean }] = sets;
    deepEqual([other.set, set], ["other", "set"]);
    deepEqual(subjects[0].scores, videoMean);
    const { p2sam, copiedMask, onePrototype, box, centrePoint } = videoMean;
    ok(copiedMask.dice > 0 && copiedMask.dice < 1);
    ok(onePrototype.dice >= 0 && p2sam.dice > 0.5);
    ok(box.dice > 0.5 && centrePoint.dice > 0.5);
    ok(Math.abs(p2sam.iou - p2sam.dice / (2 - p2sam.dice)) < 1e-12);
    deepEqual([p2sam.images, box.images], [1, 2]);
    const both = meanOverSets.videoMean;
    deepEqual([both.p2sam.dice, both.p2sam.images], [p2sam.dice, 2]);

    const table = await runCommand("evaluate", [
      ...["--data", `${folder}/set`, "--ablate"],
    ]);
    match(table.out, /\| centre point \| n = 1 without retrieval \|/);
    match(table.out, /\*\*set\*\*, mean over subjects \| 1 \|/);
    ok(!table.out.includes("mean over sets"));
  }));

Deno.test("evaluate takes another model package, by its folder or by an option", () =>
  inFolder(async (folder) => {
    await copyTiny(`${folder}/model`, {});
    await copyDarker(`${folder}/darker`, "darker");
    for (const kind of ["Images", "Annotations"]) {
      await Deno.mkdir(`${folder}/set/${kind}/one`, { recursive: true });
      const file = kind === "Images" ? files.image : files.mask;
      await Deno.writeFile(`${folder}/set/${kind}/one/00.png`, file);
      await Deno.writeFile(`${folder}/set/${kind}/one/01.png`, file);
    }
    const data = ["--data", `${folder}/set`, "--json"];
    const scores = (MODEL: string, ...more: string[]) =>
      runCommand("evaluate", [...data, ...more], { MODEL });
    const named = await scores("tiny");
    equal(named.code, 0, named.error);
    deepEqual(await scores(`${folder}/model`), named);
    const darker = await scores(`${folder}/darker`);
    equal(darker.code, 0, darker.error);
    notEqual(darker.out, named.out);
    deepEqual(await scores("tiny", "--model", `${folder}/darker`), darker);
    await Deno.truncate(`${folder}/model/decoder.onnx`, 1000);
    requireOneLine(
      await scores(`${folder}/model`),
      /decoder\.onnx has sha256/,
    );
  }));

Deno.test("a mistake in an evaluate command is one line that says what to do", () =>
  inFolder(async (folder) => {
    const cases: [string[], RegExp][] = [
      [[], /option '--data <folder>' not specified\. See `deno task evaluate/],
      [["--data", folder], /holds Images\/ and Annotations\//],
      [
        ["--data", folder, "--plot", `${folder}/a.png`],
        /--plot needs .*; add --calibration/,
      ],
      [
        ["--data", folder, "--calibration", "--others", "many"],
        /--others .*'many' is invalid\. Wanted a whole number/,
      ],
      [
        ["--data", folder, "--recipe", "x"],
        /--recipe .*'x' is invalid\. Allowed choices are medical, natural, dense\. See/,
      ],
    ];
    for (const [args, wanted] of cases) {
      const outcome = await runCommand("evaluate", args);
      requireOneLine(outcome, wanted, args.join(" "));
    }
  }));
