import { deepEqual, equal, match } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { decodeMask } from "../../../lib/image/decode_mask.ts";
import { readSize } from "../../../lib/image/decode.ts";
import { requireOneLine, runCommand } from "../../support/command.ts";
import { toDicom } from "../../support/dicom_files.ts";
import { toSlices } from "../../support/dicom_slices.ts";
import { inFolder } from "../../support/in_folder.ts";
import { files, visits } from "../../support/requests.ts";
import { niftiOf, zipOf } from "../../support/series_bodies.ts";

Deno.test("segment writes a mask and an overlay for every image", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.png`, files.image);
    await Deno.writeFile(`${folder}/a_mask.png`, files.mask);
    await Deno.writeFile(`${folder}/b.png`, files.next);
    const { code, out, error } = await runCommand("segment", [
      ...["--reference", `${folder}/a.png`, "--mask", `${folder}/a_mask.png`],
      ...["--image", `${folder}/a.png`, "--image", `${folder}/b.png`],
      ...["--out", `${folder}/out`],
    ]);
    equal(code, 0, error);
    match(out, /a_mask\.png: \d+ pixels, parts \d, negatives 1, distance/);
    const names = Array.from(
      Deno.readDirSync(`${folder}/out`),
      ({ name }) => name,
    );
    deepEqual(names.sort(), [
      "a_mask.png",
      "a_overlay.png",
      "b_mask.png",
      "b_overlay.png",
    ]);
    const mask = await decodeMask(
      await Deno.readFile(`${folder}/out/b_mask.png`),
      { maxPixels: 1e6 },
    );
    equal(mask.width, visits.second.mask.width);
  }));

Deno.test("segment takes folders, archives and volumes, and goes on after a bad file", () =>
  inFolder(async (folder) => {
    const write = (name: string, bytes: Uint8Array) =>
      Deno.writeFile(`${folder}/${name}`, bytes);
    const { first: { image, mask }, second } = visits;
    const grey = ({ data }: { data: Uint8Array }) => data;
    equal(image.channels, 1);
    const { width, height } = image;
    await Deno.mkdir(`${folder}/in/deep`, { recursive: true });
    await write("in/i-10.png", files.next);
    await write("in/i-9.png", files.image);
    await write("in/deep/i.png", files.image);
    await write("in/read.me", new TextEncoder().encode("about the images"));
    await write("in/.hidden", files.image);
    await write("s.zip", zipOf([{ name: "z/1.png", bytes: files.next }]));
    const slices = [image, second.image].map(grey);
    await write("v.nii.gz", gzipSync(niftiOf(slices, width, height)));
    const masks = [second.mask, mask].map(grey);
    await write("m.nii", niftiOf(masks.toReversed(), width, height));

    const { code, out, error } = await runCommand("segment", [
      ...["--reference", `${folder}/v.nii.gz`, "--mask", `${folder}/m.nii`],
      ...["--frame", "0", "--image", `${folder}/in`],
      ...["--image", `${folder}/s.zip`, "--image", `${folder}/v.nii.gz`],
      ...["--montage", `${folder}/all.png`, "--out", `${folder}/out`],
    ]);
    equal(code, 1);
    match(error, /Cannot use .*read\.me: .*got text; send an image/);
    match(error, /^error: 1 of 7 images could not be used\.$/m);
    const masked = Array.from(
      out.matchAll(/out\/(\S+)_mask\.png/g),
      ([, name]) => name,
    );
    deepEqual(masked, ["deep_i", "i-9", "i-10", "z_1", "v_0", "v_1"]);
    const read = (name: string) => Deno.readFileSync(`${folder}/out/${name}`);
    deepEqual(read("v_1_mask.png"), read("i-10_mask.png"));
    deepEqual(read("v_0_mask.png"), read("i-9_mask.png"));
    const volume = read("v_mask.nii.gz");
    for (const frame of [0, 1]) {
      deepEqual(
        await decodeMask(volume, { maxPixels: 1e6 }, {
          image: { bytes: volume, frame },
        }),
        await decodeMask(read(`v_${frame}_mask.png`), { maxPixels: 1e6 }),
      );
    }
    const montage = await Deno.readFile(`${folder}/all.png`);
    const { width: wide, height: high } = readSize(montage, "image/png");
    deepEqual([wide, high], [3 * 260 - 4, 3 * 260 - 4]);
  }));

Deno.test("segment answers the frames of a DICOM image as one segmentation", () =>
  inFolder(async (folder) => {
    const scan = toDicom([visits.first.image, visits.second.image]);
    await Deno.writeFile(`${folder}/scan.dcm`, scan);
    await Deno.writeFile(`${folder}/mask.png`, files.mask);
    const { code, out, error } = await runCommand("segment", [
      ...["--reference", `${folder}/scan.dcm`, "--mask", `${folder}/mask.png`],
      ...["--image", `${folder}/scan.dcm`, "--out", `${folder}/out`],
      ...["--label", "kidney", "--property", "64033007:SCT:Kidney"],
    ]);
    equal(code, 0, error);
    match(out, /^Segmentation: .*scan_seg\.dcm$/m);
    const read = (name: string) => Deno.readFileSync(`${folder}/out/${name}`);
    for (const frame of [0, 1]) {
      deepEqual(
        await decodeMask(read("scan_seg.dcm"), { maxPixels: 1e6 }, {
          image: { bytes: scan, frame },
        }),
        await decodeMask(read(`scan_${frame}_mask.png`), { maxPixels: 1e6 }),
      );
    }
  }));

Deno.test("segment answers a series as a structure set of radiotherapy", () =>
  inFolder(async (folder) => {
    const slices = toSlices([visits.first.image, visits.second.image]);
    await Deno.mkdir(`${folder}/ct`);
    for (const [i, bytes] of slices.entries()) {
      await Deno.writeFile(`${folder}/ct/${i}.dcm`, bytes);
    }
    await Deno.writeFile(`${folder}/mask.png`, files.mask);
    const { code, out, error } = await runCommand("segment", [
      ...["--reference", `${folder}/ct/0.dcm`, "--mask", `${folder}/mask.png`],
      ...["--image", `${folder}/ct`, "--out", `${folder}/out`],
      ...["--label", "kidney", "--format", "rtstruct"],
    ]);
    equal(code, 0, error);
    match(out, /^Segmentation: .*\/0_rtstruct\.dcm$/m);
    const read = (name: string) => Deno.readFileSync(`${folder}/out/${name}`);
    for (const [i, bytes] of slices.entries()) {
      deepEqual(
        await decodeMask(read("0_rtstruct.dcm"), { maxPixels: 1e6 }, {
          image: { bytes },
          segment: "kidney",
        }),
        await decodeMask(read(`${i}_mask.png`), { maxPixels: 1e6 }),
      );
    }
  }));

Deno.test("a mistake in a segment command is one line that says what to do", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.png`, files.image);
    await Deno.writeFile(`${folder}/cut.png`, files.image.slice(0, 2000));
    const images = (reference: string, mask: string, image: string) => [
      ...["--reference", `${folder}/${reference}`],
      ...["--mask", `${folder}/${mask}`, "--image", `${folder}/${image}`],
      ...["--out", `${folder}/out`],
    ];
    const whole = images("a.png", "a.png", "a.png");
    const missing = /Cannot read .*none\.png: there is no such file/;
    const cases: [string[], RegExp][] = [
      [
        [],
        /option '--reference <file>' not specified\. See `deno task segment/,
      ],
      [[...whole, "--nope"], /Unknown option '--nope'\. See/],
      [images("none.png", "a.png", "a.png"), missing],
      [images("a.png", "none.png", "a.png"), missing],
      [images("a.png", "a.png", "none.png"), missing],
      [
        [...whole, "--property", "Liver"],
        /--property .*'Liver' is invalid\. Wanted value:scheme:meaning/,
      ],
      [
        [...whole, "--frame", "x"],
        /--frame .*'x' is invalid\. Wanted a whole number from 0 to 999999\. See/,
      ],
      [
        [...whole, "--recipe", "x"],
        /--recipe .*'x' is invalid\. Allowed choices are medical, natural, dense\. See/,
      ],
      [
        [...whole, "--format", "rt"],
        /--format .*'rt' is invalid\. Allowed choices are seg, rtstruct\. See/,
      ],
      [images("cut.png", "a.png", "a.png"), /Cannot use .*cut\.png: .*PNG/],
      [
        [...whole, "--image", "elsewhere/a.jpg"],
        /same name.*overwrite each other\.$/,
      ],
    ];
    for (const [args, wanted] of cases) {
      const outcome = await runCommand("segment", args);
      requireOneLine(outcome, wanted, args.join(" "));
    }
  }));
