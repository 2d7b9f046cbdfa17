import { deepEqual, equal, match, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { toNifti } from "../support/dicom_files.ts";
import { toSlices } from "../support/dicom_slices.ts";
import {
  checkByNibabel,
  checkByReaders,
  checkCoco,
  checkContours,
  dicomPython,
} from "../support/independent_dicom.ts";
import {
  accessible,
  choose,
  type Chosen,
  download,
  drag,
  drawnArea,
  enrolByBox,
  finished,
  hasChromium,
  held,
  tool,
  Visitor,
} from "./browser.ts";
import { unzip } from "../support/unzip.ts";

const LIMITS = { maxPixels: 1_000_000 };
const images = (...visits: number[]) => visits.map((n) => drawVisit(n).image);
const blank = { ...images(1)[0], data: images(1)[0].data.map(() => 90) };
/** A structure in the first two of three slices. */
const slices = toSlices([...images(1, 2), blank], { spacing: "0.7\\0.7" });
const volume = toNifti(images(3, 2));
const file = (name: string, buffer: Uint8Array): Chosen => ({
  name,
  mimeType: "application/octet-stream",
  buffer,
});

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

Deno.test({
  name: "everything that is shown can be taken home",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await enrolByBox(page, file("ct-1.dcm", slices[0]));
    await choose(
      page,
      file("ct-2.dcm", slices[1]),
      file("ct-3.dcm", slices[2]),
      file("mr.nii", volume),
    );
    await finished(page);

    // What is corrected is shown, and is what is taken home.
    await page.click("#tiles li:nth-child(2) button");
    await page.getByRole("heading", { name: "ct-2" }).waitFor();
    await page.click("#correct");
    await page.waitForSelector("#outline:not([hidden])");
    const before = await drawnArea(page);
    await tool(page, "brush");
    await drag(page, [150, 300], [200, 300]);
    ok(await drawnArea(page) > before);
    await page.click("#accept");
    await page.waitForSelector("#result:not([hidden])");

    const items = await held(page);
    const names = ["ct-1", "ct-2", "ct-3", "mr_1", "mr_2"];
    deepEqual(items.map(({ name }) => name), names);
    const masks = items.map(({ rle }) => decodeRle(rle));
    const pngs = masks.map(encodePng);
    const archive = await download(page, "#save-all");
    const files = await unzip(archive.bytes as Uint8Array<ArrayBuffer>);

    await t.step("as one archive of all that there is", async () => {
      equal(archive.name, `${await page.textContent("#who-id")}.zip`);
      deepEqual(
        [...files.keys()].sort(),
        [
          "areas.csv",
          "coco.json",
          ...names.map((name) => `masks/${name}_target_mask.png`),
          ...names.map((name) => `overlays/${name}_overlay.png`),
          ...["ct-3", "mr_1", "mr_2"].map((name) =>
            `receipts/${name}_target_receipt.json`
          ),
          "volumes/ct_target_rtstruct.dcm",
          "volumes/ct_target_seg.dcm",
          "volumes/mr_target_mask.nii.gz",
        ].sort(),
      );
      await accessible(page, "what can be taken home");
    });

    await t.step("masks and overlays are those that are shown", async () => {
      for (const [i, name] of names.entries()) {
        const mask = files.get(`masks/${name}_target_mask.png`)!;
        deepEqual(await decodeMask(mask, LIMITS), masks[i]);
        const overlay = files.get(`overlays/${name}_overlay.png`)!;
        const { width, height, channels, data } = await decodeImage(
          overlay,
          LIMITS,
        );
        deepEqual([width, height, channels], [384, 384, 3]);
        // The outline is yellow; the pictures are grey.
        const isYellow = data.some((red, k) =>
          k % 3 === 0 && red - data[k + 2] > 120
        );
        equal(isYellow, items[i].area > 0, name);
      }
      const receipt = JSON.parse(
        text(files.get("receipts/mr_2_target_receipt.json")),
      );
      equal(receipt.mask.area, items[4].area);
    });

    await t.step("COCO is read by pycocotools, and equals", async () => {
      const coco = JSON.parse(text(files.get("coco.json")));
      deepEqual(coco.categories, [{ id: 1, name: "target" }]);
      deepEqual(
        coco.images.map((image: Record<string, unknown>) => [
          image.file_name,
          image.frame,
          image.present,
          image.absent,
        ]),
        [
          ["ct-1.dcm", undefined, ["target"], []],
          ["ct-2.dcm", undefined, ["target"], []],
          ["ct-3.dcm", undefined, [], ["target"]],
          ["mr.nii", 0, ["target"], []],
          ["mr.nii", 1, ["target"], []],
        ],
      );
      deepEqual(
        coco.annotations.map((one: Record<string, unknown>) => one.kind),
        ["reference", "corrected", "found", "found"],
      );
      const [first] = coco.annotations;
      ok(Math.abs(first.area_mm2 - first.area * 0.49) < 1e-6);
      if (dicomPython) {
        const present = coco.images.map((image: { present: string[] }) => ({
          ...image,
          present: image.present.length > 0,
        }));
        await checkCoco({ ...coco, images: present }, pngs);
      }
      const alone = await download(page, "#save-coco");
      deepEqual(JSON.parse(text(alone.bytes)).annotations, coco.annotations);
    });

    await t.step("a volume is one file, read by others", async () => {
      const seg = files.get("volumes/ct_target_seg.dcm")!;
      const nifti = files.get("volumes/mr_target_mask.nii.gz")!;
      for (const [i, mask] of masks.entries()) {
        const image = i < 3
          ? { bytes: slices[i] }
          : { bytes: volume, frame: i - 3 };
        const volumeFile = i < 3 ? seg : nifti;
        deepEqual(await decodeMask(volumeFile, LIMITS, { image }), mask);
      }
      if (dicomPython) {
        const pairs = slices.map((image, i) => ({ image, png: pngs[i] }));
        await checkByReaders(seg, pairs);
        await checkContours(
          files.get("volumes/ct_target_rtstruct.dcm")!,
          pairs,
        );
        await checkByNibabel(nifti, volume, [
          { index: 0, png: pngs[3] },
          { index: 1, png: pngs[4] },
        ]);
      }
    });

    await t.step("and comes alone, by its button", async () => {
      const forms = () => page.locator("#stack-forms button").allInnerTexts();
      deepEqual(await forms(), ["DICOM SEG", "RTSTRUCT"]);
      const saved = await download(page, "#stack-forms [data-form=seg]");
      equal(saved.name, "ct_seg.dcm");
      deepEqual(saved.bytes, files.get("volumes/ct_target_seg.dcm"));
      await page.click("#tiles li:nth-child(4) button");
      await page.getByRole("heading", { name: "mr_1" }).waitFor();
      deepEqual(await forms(), ["NIfTI"]);
    });

    await t.step("the table is the one that is downloaded alone", async () => {
      const table = text((await download(page, "#save-table")).bytes);
      equal(text(files.get("areas.csv")), table);
      match(table, /^ct-3,target,false,,,,[\d.]+,0,segmented,/m);
    });

    await t.step(
      "a volume with a slice taken out is no whole one",
      async () => {
        await page.click("#tiles li:nth-child(4) button");
        await page.getByRole("heading", { name: "mr_1" }).waitFor();
        await page.click("#remove");
        const { bytes } = await download(page, "#save-all");
        const whole = await unzip(bytes as Uint8Array<ArrayBuffer>);
        equal(
          text(whole.get("left_out.txt")),
          "mr_2, target: 1 of 2 slices has no result, and would look as if “target” were not there.\n",
        );
        await page.click("#undo-deed");
        await page.getByRole("heading", { name: "mr_1" }).waitFor();
      },
    );

    await t.step("what cannot be written is named", async () => {
      await page.route(
        "**/masks/export/volume*",
        (route) =>
          route.fulfill({
            status: 422,
            json: { title: "Not written", detail: "It has no place." },
          }),
      );
      const { bytes } = await download(page, "#save-all");
      const left = await unzip(bytes as Uint8Array<ArrayBuffer>);
      equal(
        text(left.get("left_out.txt")).split("\n")[0],
        "ct, target, seg: Not written. It has no place.",
      );
      match(await page.innerText("#notice-text"), /^Left out of the archive/);
    });

    deepEqual(visitor.complaints, []);
  },
});
