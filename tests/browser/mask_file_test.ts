import { equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import {
  accessible,
  choose,
  drawnArea,
  hasChromium,
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
