import { Buffer } from "node:buffer";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { readAnnotationFile } from "../support/annotation_cases.ts";
import { toNifti } from "../support/dicom_files.ts";
import {
  accessible,
  type Box,
  choose,
  decoded,
  download,
  drag,
  finished,
  hasChromium,
  openFirst,
  png,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** A dark structure of the first visit, to the left of the lesion. */
const SECOND: Box = [[85, 108], [169, 238]];

interface Found {
  name: string;
  found: Record<string, { area: number; counts: string; reference: string }>;
}

/** What is known of every structure in every image. */
const findings = (page: Page): Promise<Found[]> =>
  page.evaluate(`(async () => {
    const { session } = await import("/page/session.js");
    return session.items.map(({ name, findings }) => ({
      name,
      found: Object.fromEntries([...findings].map(([label, one]) => [label, {
        area: one.area,
        counts: one.rle?.counts,
        reference: one.reference,
      }])),
    }));
  })()`);

/** Labels of the drawings that are not used yet. */
const drafts = (page: Page): Promise<string[]> =>
  page.evaluate(`(async () => {
    const { session } = await import("/page/session.js");
    return session.items.flatMap(({ drafts }) =>
      drafts.map(({ label }) => label)
    );
  })()`);

const labels = (page: Page) =>
  page.locator("#structures .name").allTextContents();

Deno.test({
  name: "the page follows several structures",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();

    await t.step(
      "a second structure is outlined, and looked for in all",
      async () => {
        await openFirst(page, visitPng(1));
        await page.fill("#label", "lesion");
        await page.keyboard.press("Escape");
        await tool(page, "box");
        await drag(page, [212, 114], [271, 163]);
        await decoded(page, 0);
        await page.click("#accept");
        await page.waitForSelector("#add:not([hidden])");
        await choose(page, visitPng(2), visitPng(3));
        await finished(page);
        deepEqual(await labels(page), ["lesion"]);
        // What was drawn before it had its name is no drawing any more.
        deepEqual(await drafts(page), []);

        await page.click("#tiles li:nth-child(1) button");
        await page.fill("#new-structure", "lesion");
        await page.click("#structures form button");
        match(
          await page.textContent("#new-structure-problem") ?? "",
          /already/,
        );
        await page.fill("#new-structure", "organ");
        await page.click("#structures form button");
        await page.waitForSelector("#outline:not([hidden])");
        equal(await page.textContent("#outline-title"), "Outline “organ”");
        equal(await page.isVisible("#label-row"), false);
        await tool(page, "box");
        await drag(page, ...SECOND);
        await decoded(page, 0);
        await page.click("#accept");
        await page.waitForSelector("#tiles [data-state=done] >> nth=2", {
          timeout: 120_000,
        });
        await finished(page);
        deepEqual(await labels(page), ["lesion", "organ"]);
        const all = await findings(page);
        for (const { name, found } of all) {
          deepEqual(Object.keys(found), ["lesion", "organ"], name);
          ok(found.lesion!.counts !== found.organ!.counts, name);
        }
        match(all[0]!.found.lesion!.reference, /^ref-1-/);
        match(all[0]!.found.organ!.reference, /^ref-2-/);
        await accessible(page, "two structures");
      },
    );

    await t.step("a structure is chosen, and an image shows one", async () => {
      await page.click("#tiles li:nth-child(2) button");
      const [, second] = await findings(page);
      const shown = () => page.textContent("#facts strong");
      const area = (label: string) =>
        `${second!.found[label]!.area.toLocaleString("en")} px`;
      await page.click("#structures li:nth-child(1) button");
      await page.waitForSelector(
        "#structures li:nth-child(1) [aria-pressed=true]",
      );
      equal(await shown(), area("lesion"));
      await page.click("#structures li:nth-child(2) button");
      await page.waitForSelector(
        "#structures li:nth-child(2) [aria-pressed=true]",
      );
      match(await page.textContent("#result-eyebrow") ?? "", /organ$/);
      /** Pixels of the tile in the colour of the first structure. */
      const yellow = (): Promise<number> =>
        page.evaluate(`(() => {
          const canvas = document.querySelectorAll("#tiles canvas")[1];
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i] > 220 && data[i + 1] > 180 && data[i + 2] < 120) count++;
          }
          return count;
        })()`);
      ok(await yellow() > 0);
      await page.uncheck("#show-all");
      await page.waitForTimeout(500);
      equal(await yellow(), 0);
      await page.check("#show-all");
      await page.waitForTimeout(500);
      ok(await yellow() > 0);
    });

    await t.step("what failed is told of any structure", async () => {
      const asked = "**/segmentations?label=organ";
      await page.route(asked, (route) =>
        route.fulfill({
          status: 422,
          json: { title: "Refused", detail: "It was refused." },
        }));
      await page.click("#structures li:nth-child(1) button");
      await choose(page, visitPng(4));
      await finished(page);
      await page.unroute(asked);
      equal(await page.textContent("#filmstrip-retry"), "Retry all 1");
      const rows = async () => {
        const { bytes } = await download(page, "#save-table");
        return new TextDecoder().decode(bytes).split("\r\n")
          .filter((row) => row.startsWith("visit-4"))
          .map((row) => row.split(","))
          .map((cells) => [cells[1], cells[8]]);
      };
      const expected = [["lesion", "segmented"], ["organ", "failed"]];
      deepEqual(await rows(), expected);
      await page.click("#structures li:nth-child(2) button");
      await page.waitForSelector(
        "#structures li:nth-child(2) [aria-pressed=true]",
      );
      deepEqual(await rows(), expected);
      await page.click("#filmstrip-retry");
      await finished(page);
      deepEqual(await rows(), [["lesion", "segmented"], [
        "organ",
        "segmented",
      ]]);
    });

    await t.step("the list and its choice are there again", async () => {
      const before = await findings(page);
      await page.waitForTimeout(500);
      await page.reload();
      await page.waitForSelector(
        "#structures li:nth-child(2) [aria-pressed=true]",
      );
      deepEqual(await labels(page), ["lesion", "organ"]);
      deepEqual(await findings(page), before);
    });

    await t.step("a further one is begun, left, and discarded", async () => {
      await page.click("#tiles li:nth-child(2) button");
      await page.fill("#new-structure", "spine");
      await page.click("#structures form button");
      await page.waitForSelector("#outline:not([hidden])");
      await tool(page, "brush");
      await drag(page, [180, 268], [204, 268]);
      await page.click("#tiles li:nth-child(3) button");
      await page.waitForSelector("#structures li:nth-child(3)");
      match(
        await page.textContent("#structures li:nth-child(3) .note") ?? "",
        /being drawn/,
      );
      await page.click("#tiles li:nth-child(2) button");
      await page.waitForSelector("#outline:not([hidden])");
      equal(await page.textContent("#outline-title"), "Outline “spine”");
      await page.click("#reject");
      await page.waitForSelector("#structures li:nth-child(2)");
      deepEqual(await labels(page), ["lesion", "organ"]);
      // Undo brings the drawing back.
      await page.keyboard.press("Control+z");
      await page.waitForSelector("#outline:not([hidden])");
      equal(await page.textContent("#outline-title"), "Outline “spine”");
      await page.click("#reject");
      await page.waitForSelector("#structures li:nth-child(2)");
    });

    let patient = "";
    await t.step("another browser opens with the labels listed", async () => {
      patient = await page.inputValue("#patient");
      const other = await visitor.open();
      await other.goto(`${visitor.server.url}/#/patients/${patient}`);
      await other.waitForSelector("#structures li");
      deepEqual(await labels(other), ["lesion", "organ"]);
      await choose(other, visitPng(4), visitPng(5));
      await finished(other);
      for (const { found } of await findings(other)) {
        deepEqual(Object.keys(found), ["lesion", "organ"]);
      }
      await other.context().close();
      await page.close();
    });

    const { image, mask } = drawVisit(1);
    const { width, height } = mask;
    const labelMap = new Uint8Array(width * height);
    // The lesion is 2; a rectangle is 1.
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const inBox = x >= 95 && x < 160 && y >= 150 && y < 230;
      labelMap[i] = mask.data[i]! > 0 ? 2 : inBox ? 1 : 0;
    }
    const map = { ...mask, data: labelMap, channels: 1 as const };

    /** Takes both structures, and gives what is known of them in the image. */
    const takeAll = async (page: Page) => {
      await page.fill("#mask-name-0", "organ");
      await page.fill("#mask-name-1", "lesion");
      await page.click("#mask-all button");
      await page.waitForSelector("#add:not([hidden])", { timeout: 120_000 });
      deepEqual(await labels(page), ["organ", "lesion"]);
      const [first] = await findings(page);
      equal(first!.found.organ!.area, 65 * 80);
      return first!;
    };

    await t.step("a label map of a volume fills the list", async () => {
      const page = await visitor.open();
      const volume = (name: string, picture: typeof image) => ({
        name,
        mimeType: "application/octet-stream",
        buffer: Buffer.from(toNifti([picture])),
      });
      await openFirst(page, volume("visit-1.nii", image));
      await page.setInputFiles("#mask-file", volume("labels.nii", map));
      await page.waitForSelector("#mask-all form");
      await takeAll(page);
      await page.close();
    });

    await t.step("a segmentation names its structures", async () => {
      const page = await visitor.open();
      const dicom = (name: string) => ({
        name,
        mimeType: "application/dicom",
        buffer: Buffer.from(readAnnotationFile(name)),
      });
      await openFirst(page, dicom("axial-2.dcm"));
      await page.setInputFiles("#mask-file", dicom("two.dcm"));
      await page.waitForSelector("#mask-all form");
      const texts = (selector: string) =>
        page.locator(selector).allTextContents();
      deepEqual(await texts("#mask-segment option"), [
        "Choose…",
        "1: Kidney left",
        "2: KIDNEY right",
      ]);
      deepEqual(await texts("#mask-all label"), [
        "1: Kidney left",
        "2: KIDNEY right",
      ]);
      equal(await page.inputValue("#mask-name-0"), "Kidney left");
      equal(await page.inputValue("#mask-name-1"), "KIDNEY right");
      for (
        const [segment, name] of [["2", "KIDNEY right"], ["1", "Kidney left"]]
      ) {
        await page.selectOption("#mask-segment", segment!);
        await page.waitForFunction(
          (name) =>
            // deno-lint-ignore no-explicit-any -- it runs in the page
            (globalThis as any).document.querySelector("#label").value === name,
          name,
        );
      }
      // A name that the user typed stays.
      await page.fill("#label", "mine");
      await page.selectOption("#mask-segment", "2");
      await page.waitForSelector("#mask-reading:not([hidden])");
      equal(await page.inputValue("#label"), "mine");
      await page.close();
    });

    await t.step("a label map opened as outline fills the list", async () => {
      const page = await visitor.open();
      await openFirst(page, png("visit-1.png", encodePng(image)));
      await page.setInputFiles("#mask-file", {
        name: "map.png",
        mimeType: "image/png",
        buffer: Buffer.from(encodePng(map)),
      });
      await page.waitForSelector("#mask-all form");
      await accessible(page, "all structures of a map");
      const first = await takeAll(page);
      equal(
        first.found.lesion!.area,
        mask.data.filter((value) => value > 0).length,
      );
      const { counts } = first.found.lesion!;
      const drawn = decodeRle({ size: [height, width], counts });
      const isInside = (value: number) => Number(value > 0);
      deepEqual(drawn.data.map(isInside), mask.data.map(isInside));
      await choose(page, visitPng(2));
      // The page asks first where a reference is weak, as that of a rectangle may be.
      const done = "#tiles li:nth-child(2) [data-state=done]";
      await page.waitForSelector(`${done}, #held-go:visible`);
      if (await page.isVisible("#held-go")) await page.click("#held-go");
      await page.waitForSelector(done);
      const [, second] = await findings(page);
      deepEqual(Object.keys(second!.found), ["organ", "lesion"]);
      await page.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
