import { deepEqual, equal, ok } from "node:assert/strict";
import { decodeImage } from "../../../lib/image/decode.ts";
import { Receipt } from "../../../lib/receipt/receipt.ts";
import { requireOneLine, runCommand } from "../../support/command.ts";
import { toDicom } from "../../support/dicom_files.ts";
import { inFolder } from "../../support/in_folder.ts";
import { copyDarker } from "../../support/model_package.ts";
import { altered } from "../../support/receipt_files.ts";
import { files, visits } from "../../support/requests.ts";

Deno.test("segment explains itself and writes receipts, which are replayed or refused", () =>
  inFolder(async (folder) => {
    const scan = toDicom([visits.first.image, visits.second.image]);
    const write = (name: string, bytes: Uint8Array) =>
      Deno.writeFile(`${folder}/${name}`, bytes);
    await write("doe^jane.png", files.image);
    await write("mask.png", files.mask);
    await write("b.png", files.next);
    await write("scan.dcm", scan);
    const reference = [
      ...["--reference", `${folder}/doe^jane.png`],
      ...["--mask", `${folder}/mask.png`],
    ];
    const { code, error } = await runCommand("segment", [
      ...[...reference, "--image", `${folder}/b.png`],
      ...["--image", `${folder}/scan.dcm`, "--out", `${folder}/out`],
      ...["--explain", "--receipt"],
    ]);
    equal(code, 0, error);
    const read = (name: string) =>
      Deno.readTextFileSync(`${folder}/out/${name}_receipt.json`);
    const [b, frame] = ["b", "scan_1"].map((name) =>
      Receipt.parse(JSON.parse(read(name)))
    );
    ok(!read("b").includes("jane"), "no file's name");
    equal(b.input.frame, null);
    equal(frame.input.frame, 1);
    equal(frame.mask.sha256, b.mask.sha256, "the frame is the same picture");
    equal(frame.input.embedding, b.input.embedding);
    const drawn = await decodeImage(
      await Deno.readFile(`${folder}/out/scan_1_explain.png`),
      { maxPixels: 1e7 },
    );
    deepEqual(
      [drawn.width, drawn.channels, drawn.height > 5 * 280],
      [4 * 288 + 8, 3, true],
    );

    const replay = async (
      receipt: Receipt | string,
      image: string,
      env: Record<string, string> = {},
      more: string[] = [],
    ) => {
      const text = typeof receipt === "string"
        ? receipt
        : JSON.stringify(receipt);
      await Deno.writeTextFile(`${folder}/receipt.json`, text);
      return await runCommand("replay", [
        ...["--receipt", `${folder}/receipt.json`, ...reference],
        ...["--image", `${folder}/${image}`, ...more],
      ], env);
    };
    const refuses = async (given: Parameters<typeof replay>, why: RegExp) => {
      requireOneLine(await replay(...given), why);
    };
    const same = await replay(b, "b.png");
    deepEqual(same, {
      code: 0,
      out: `identical: ${b.mask.area} pixels`,
      error: "",
    });
    const noted = await replay(
      altered(frame, "runtime.threads", 2),
      "scan.dcm",
    );
    equal(
      noted.out,
      `identical: ${b.mask.area} pixels\nnote: runtime.threads is 1, was 2`,
    );

    await refuses([b, "doe^jane.png"], /the image is another/);
    await copyDarker(`${folder}/darker`, "darker");
    const MODEL = `${folder}/darker`;
    await refuses(
      [b, "b.png", { MODEL }],
      /the model "tiny" \([0-9a-f]{64}\) is not here, but "darker"/,
    );
    const passes = altered(b, "parameters.passes", 2);
    await refuses([passes, "b.png"], /parameters\.passes is 3, was 2/);
    const two = [1, 2].map(() => b.profile.references[0]);
    const several = altered(b, "profile.references", two);
    await refuses([several, "b.png"], /used 2 references/);
    await refuses([{ ...b, version: "2" }, "b.png"], /was changed after/);
    await refuses(["{", "b.png"], /it is not JSON/);
    await refuses(["{}", "b.png"], /at id: /);
    await refuses([b, "none.png"], /there is no such file/);
    await refuses(
      [b, "b.png", {}, ["--frame", "x"]],
      /--frame .*'x' is invalid.*See `deno task replay --help`/,
    );
  }));
