import { equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { Mask } from "../../functions/page/mask.js";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { describeMask } from "../../lib/format/mask/document.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import {
  annotationCases,
  readAnnotationFile,
} from "../support/annotation_cases.ts";
import { toNifti } from "../support/dicom_files.ts";
import {
  accessible,
  choose,
  download,
  drawnArea,
  enrolByBox,
  finished,
  hasChromium,
  held,
  Visitor,
  visitPng,
} from "./browser.ts";

const { mask } = drawVisit(1);
/** The lesion as label 2, and a square beside it as label 1. */
const labels = mask.data.map((value, i) => {
  const [x, y] = [i % mask.width, Math.floor(i / mask.width)];
  return value > 0 ? 2 : x < 60 && y < 60 ? 1 : 0;
});
const area = mask.data.filter((value) => value > 0).length;

const file = (name: string, data: Uint8Array, width = mask.width) => ({
  name,
  mimeType: "image/png",
  buffer: Buffer.from(
    encodePng({ width, height: data.length / width, channels: 1, data }),
  ),
});

Deno.test({
  name: "the page takes the outline from a mask file, and asks which structure",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await choose(page, visitPng(1));
    await page.waitForSelector("#mask-row:not([hidden])");

    await page.setInputFiles("#mask-file", file("labels.png", labels));
    await page.waitForSelector("#mask-choice:not([hidden])");
    equal(await drawnArea(page), 0);
    const offered = await page.locator("#mask-segment option")
      .allTextContents();
    equal(offered.join(), "Choose…,1,2");
    await accessible(page, "choice of a structure");
    await page.selectOption("#mask-segment", "1");
    await page.waitForSelector("#mask-reading:not([hidden])");
    equal(await drawnArea(page), 3600);
    await page.selectOption("#mask-segment", "2");
    await page.waitForFunction(
      (text) =>
        // deno-lint-ignore no-explicit-any -- it runs in the page
        (globalThis as any).document.querySelector("#mask-reading")?.textContent
          ?.includes(text),
      "label 2",
    );
    equal(await drawnArea(page), area);

    await page.click("#accept");
    await page.waitForSelector("#add:not([hidden])");
    const pixels = area.toLocaleString("en");
    match(
      (await page.textContent("#add-report"))!,
      new RegExp(
        `A good reference.*label 2 of the map: ${pixels} pixels, 1.2 %`,
      ),
    );
    equal(visitor.complaints.join(), "");
  },
});

Deno.test({
  name:
    "a mask of another size is refused in words, and a changed one is enrolled as drawn",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await choose(page, visitPng(1));
    await page.waitForSelector("#mask-row:not([hidden])");
    await page.setInputFiles(
      "#mask-file",
      file("small.png", labels.map((value) => value === 2 ? 255 : 0), 192),
    );
    await page.waitForSelector("#mask-problem:not([hidden])");
    match((await page.textContent("#mask-problem"))!, /192×768.*384×384/);
    await page.setInputFiles(
      "#mask-file",
      file("lesion.png", labels.map((value) => value === 2 ? 255 : 0)),
    );
    await page.waitForSelector("#mask-reading:not([hidden])");
    equal(await drawnArea(page), area);
    await page.click("#undo");
    equal(await drawnArea(page), 0);
    await page.click("#redo");
    await page.click("#accept");
    await page.waitForSelector("#add:not([hidden])");
    match((await page.textContent("#add-report"))!, /read as one structure/);
    equal(visitor.complaints.join(), "");
  },
});

/** Drops files of equal content on the place for masks. */
async function drop(
  page: Page,
  name: string,
  bytes: Uint8Array,
  ...others: string[]
) {
  await page.evaluate(({ names, bytes }) => {
    const scope = globalThis as unknown as Record<string, CallableFunction> & {
      document: { getElementById(id: string): EventTarget };
    };
    const transfer = Reflect.construct(scope.DataTransfer, []);
    for (const name of names) {
      transfer.items.add(new File([new Uint8Array(bytes)], name));
    }
    const event = Reflect.construct(scope.DragEvent, ["drop", {
      dataTransfer: transfer,
      bubbles: true,
      cancelable: true,
    }]);
    scope.document.getElementById("mask-drop").dispatchEvent(event);
  }, { names: [name, ...others], bytes: [...bytes] });
}

const json = (name: string, document: unknown) => ({
  name,
  mimeType: "application/json",
  buffer: Buffer.from(JSON.stringify(document)),
});

/** Waits until the mask that is edited is a wanted one. */
async function reads(page: Page, wanted: { counts: string }) {
  await page.waitForFunction(
    (counts) =>
      import("/page/session.js" as string).then(({ session }) =>
        session.editor?.mask.toRle().counts === counts
      ),
    wanted.counts,
  );
}

Deno.test({
  name: "a mask file opens for any image, to correct or to enrol it",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const second = describeMask(drawVisit(2).mask);
    const rle = { size: second.size, counts: second.counts };
    const problem = async () => {
      await page.waitForSelector("#mask-problem:not([hidden])");
      return (await page.textContent("#mask-problem"))!;
    };
    await enrolByBox(page);
    await choose(page, visitPng(2), visitPng(3));
    await finished(page);
    await page.click("#tiles li:nth-child(2) button");
    await page.getByRole("heading", { name: "visit-2" }).waitFor();

    await t.step("a result takes the mask of a label map", async () => {
      await page.setInputFiles("#mask-file", file("labels.png", labels));
      await page.waitForSelector("#mask-choice:not([hidden])");
      equal(await page.textContent("#outline-title"), "Correct the outline");
      await page.selectOption("#mask-segment", "2");
      await page.waitForSelector("#mask-reading:not([hidden])");
      equal(await drawnArea(page), area);
      await accessible(page, "a mask file for a result");
      await page.click("#accept");
      await page.waitForSelector("#result:not([hidden])");
      equal((await held(page))[1].area, area);
      equal(await page.textContent("#result-badge"), "Corrected by hand");
    });

    await t.step("and is enrolled with the file as it was", async () => {
      equal(await page.isVisible("#open-mask"), true);
      await page.setInputFiles("#mask-file", file("labels.png", labels));
      await page.waitForSelector("#mask-choice:not([hidden])");
      await page.selectOption("#mask-segment", "2");
      await page.waitForSelector("#mask-reading:not([hidden])");
      await page.click("#accept");
      await page.click("#accept-result");
      await page.getByText("Reference", { exact: true })
        .waitFor({ timeout: 120_000 });
      match((await page.textContent("#result-note"))!, /label 2 of the map/);
    });

    await t.step("run lengths are read as the page writes them", async () => {
      await page.click("#tiles li:nth-child(3) button");
      await page.getByRole("heading", { name: "visit-3" }).waitFor();
      const saved = await download(page, "#save-rle");
      const own = JSON.parse(new TextDecoder().decode(saved.bytes));
      await page.setInputFiles("#mask-file", json("other.json", rle));
      await reads(page, rle);
      await page.setInputFiles("#mask-file", json("own.json", own));
      await reads(page, own);
      const runs = Mask.fromRle(rle);
      const plain = { size: rle.size, counts: runLengths(runs) };
      await page.setInputFiles("#mask-file", json("plain.json", plain));
      await reads(page, rle);
      await page.click("#undo");
      await reads(page, own);
    });

    await t.step("a COCO data set asks which category", async () => {
      const first = describeMask(mask);
      const coco = {
        images: [{ id: 7, file_name: "scans/visit-3.png" }, {
          id: 8,
          file_name: "visit-9.png",
        }],
        categories: [{ id: 1, name: "lesion" }, { id: 2, name: "organ" }],
        annotations: [
          { image_id: 7, category_id: 1, segmentation: rle },
          {
            image_id: 7,
            category_id: 2,
            segmentation: { size: first.size, counts: first.counts },
          },
          { image_id: 8, category_id: 2, segmentation: rle },
          { image_id: 7, category_id: 2, segmentation: rle },
        ],
      };
      await page.setInputFiles("#mask-file", json("coco.json", coco));
      await page.waitForSelector("#mask-choice:not([hidden])");
      const offered = await page.locator("#mask-segment option")
        .allTextContents();
      equal(offered.join(), "Choose…,lesion,organ 2,organ 3");
      await page.selectOption("#mask-segment", "organ 2");
      await reads(page, first);
      await page.selectOption("#mask-segment", "lesion");
      await reads(page, rle);
    });

    await t.step("what is no mask of the image is refused", async () => {
      const refused = async (document: unknown, words: RegExp) => {
        await page.setInputFiles("#mask-file", json("bad.json", document));
        match(await problem(), words);
        await reads(page, rle);
      };
      const size = [10, 20];
      await refused({ size, counts: [200] }, /20×10 pixels.*384×384/);
      await refused({ size: rle.size, counts: [5, 5] }, /add up to 147456/);
      await refused({ size: rle.size, counts: [-1, 147457] }, /add up/);
      await refused({ masks: [] }, /no mask of this image/);
      const images = [{ id: 1, file_name: "a.png" }, {
        id: 2,
        file_name: "b.png",
      }];
      const annotations = [{ image_id: 1, segmentation: rle }];
      await refused({ images, annotations }, /no mask of this image/);
      await page.setInputFiles("#mask-file", {
        name: "bad.json",
        mimeType: "application/json",
        buffer: Buffer.from("{ not json"),
      });
      match(await problem(), /no JSON/);
    });

    await t.step("a dropped mask is taken for the image", async () => {
      await page.click("#reject");
      await page.waitForSelector("#result:not([hidden])");
      await page.evaluate(
        "document.body.classList.add('dragging')",
      );
      equal(await page.isVisible("#mask-drop"), true);
      const bytes = new TextEncoder().encode(JSON.stringify(rle));
      await drop(page, "dropped.json", bytes);
      await reads(page, rle);
      equal(await page.isVisible("#mask-drop"), false);
      await drop(page, "a.json", bytes, "b.json");
      match(await problem(), /one mask.*2 files/);
      await reads(page, rle);
      equal((await held(page)).length, 3, "it is no further image");
      await page.close();
    });

    await t.step("SEG, RTSTRUCT and NIfTI", async () => {
      const of = (file: string, image: string, segment?: string) => {
        const { mask, width = 0 } = annotationCases.find((one) =>
          one.file === file && one.image === image && one.segment === segment &&
          one.mask !== undefined
        )!;
        const data = Buffer.from(mask!, "base64").map((one) => 255 * one);
        return describeMask({ width, height: data.length / width, data });
      };
      const dicom = (name: string) => ({
        name,
        mimeType: "application/dicom",
        buffer: Buffer.from(readAnnotationFile(name)),
      });
      const slice = await visitor.open();
      await choose(slice, dicom("axial-2.dcm"));
      await slice.waitForSelector("#mask-row:not([hidden])");
      const chosen = async (name: string, segment: string) => {
        await slice.setInputFiles("#mask-file", dicom(name));
        await slice.waitForSelector("#mask-choice:not([hidden])");
        await slice.selectOption("#mask-segment", segment);
        await reads(slice, of(name, "axial-2.dcm", segment));
      };
      await slice.setInputFiles("#mask-file", dicom("one.dcm"));
      await reads(slice, of("one.dcm", "axial-2.dcm"));
      await chosen("two.dcm", "2");
      await chosen("structures.dcm", "3");
      await chosen("structures.dcm", "7");
      await slice.close();

      const { image } = drawVisit(1);
      const nifti = (name: string, data: Uint8Array) => ({
        name,
        mimeType: "application/octet-stream",
        buffer: Buffer.from(toNifti([{ ...image, channels: 1, data }])),
      });
      const volume = await visitor.open();
      await choose(volume, nifti("scan.nii", image.data));
      await volume.waitForSelector("#mask-row:not([hidden])");
      await volume.setInputFiles("#mask-file", nifti("mask.nii", mask.data));
      await reads(volume, describeMask(mask));
      await volume.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      equal(visitor.complaints.join(), "");
    });
  },
});

/** Lengths of runs down one column after the other, the first one outside. */
function runLengths({ width, height, data }: Mask): number[] {
  const runs = [0];
  let value = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (data[y * width + x] === value) runs[runs.length - 1]++;
      else {
        value = 255 - value;
        runs.push(1);
      }
    }
  }
  return runs;
}
