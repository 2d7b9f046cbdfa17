import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { toSlices } from "../support/dicom_slices.ts";
import {
  accessible,
  choose,
  type Chosen,
  download,
  enrolByBox,
  finished,
  hasChromium,
  held,
  onScreen,
  png,
  Visitor,
  visitPng,
} from "./browser.ts";

const pictures = [1, 2, 3, 1].map((n) => drawVisit(n).image);
/** 0.5 mm from row to row, 0.8 mm from column to column. */
const slices = toSlices(pictures, { spacing: "0.5\\0.8" });
const dicom = (n: number): Chosen => ({
  name: `ct-${n}.dcm`,
  mimeType: "application/dicom",
  buffer: slices[n - 1],
});
const blank = { ...pictures[0], data: pictures[0].data.map(() => 90) };

/** The rows of a table of comma-separated values by the names of its columns. */
function rowsOf(bytes: Uint8Array): Record<string, string>[] {
  const [head, ...rows] = new TextDecoder().decode(bytes).trim().split("\r\n")
    .map((line) => line.split(","));
  return rows.map((row) =>
    Object.fromEntries(head.map((name, i) => [name, row[i]]))
  );
}

/** Selects an image and waits until its result is shown. */
async function show(page: Page, i: number) {
  const tile = page.locator(`#tiles li:nth-child(${i + 1}) button`);
  await tile.click();
  const name = await tile.locator(".name").innerText();
  await page.getByRole("heading", { name, exact: true }).waitFor();
}

const close = (text: string, number: number) =>
  ok(Math.abs(Number(text) - number) <= 1e-4 * number, `${text}, ${number}`);

Deno.test({
  name: "what is found is measured in units",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const fact = (name: string) =>
      page.locator(`#facts div:has(dt:text-is("${name}"))`).innerText();

    await t.step("a series in mm² and ml, by its own spacing", async () => {
      await enrolByBox(page, dicom(1));
      await choose(page, dicom(2), dicom(3), dicom(4));
      await finished(page);
      const items = await held(page);
      const mm2 = items.map(({ area }) => area * 0.5 * 0.8);
      const ml = mm2.reduce((a, b) => a + b) * 2.5 / 1000;
      await show(page, 1);
      const text = (value: number) => Math.round(value).toLocaleString("en");
      match(await fact("Area"), new RegExp(`${text(mm2[1])} mm²`));
      match(
        await fact("Volume"),
        new RegExp(`${Number(ml.toPrecision(3))} ml[^]*4 slices, 2.5 mm apart`),
      );
      equal(await page.textContent("#trend-unit"), "mm²");
      const rows = rowsOf((await download(page, "#save-table")).bytes);
      deepEqual(rows.map(({ image }) => image), [
        "ct-1",
        "ct-2",
        "ct-3",
        "ct-4",
      ]);
      rows.forEach((row, i) => {
        equal(row.structure, "target");
        equal(row.present, "true");
        equal(row.area_px, String(items[i].area));
        close(row.area_mm2, mm2[i]);
        close(row.volume_ml, ml);
        equal(row.slices_not_measured, "0");
        equal(row.slice_mm, String(2.5 * i - 40));
        equal(row.change_percent, "", "slices of one volume do not grow");
      });
      await page.click("#plot summary");
      const cells = await page.locator("#plot td").allInnerTexts();
      equal(cells.length, 8);
      match(cells[3], / mm²$/);
      await accessible(page, "a series with its numbers");
      const bar = (await page.locator("#scale-bar").boundingBox())!;
      const [[left], [right]] = [
        await onScreen(page, 0, 0),
        await onScreen(page, 384, 0),
      ];
      const shown = bar.width / (right - left) * 384 * 0.8;
      const said = parseFloat((await page.textContent("#scale-bar"))!);
      ok(Math.abs(shown - said) < 0.01 * said, `${shown}, ${said} mm`);
      await page.click("#plot summary");
    });

    await t.step("a missing slice is told, and not made up", async () => {
      await show(page, 1);
      await page.click("#remove");
      await show(page, 1);
      match(
        await fact("Volume"),
        /at least [\d.]+ ml[^]*3 slices, 2.5 mm apart; 1 not measured/,
      );
    });

    await t.step("volumes with slices missing do not grow", async () => {
      const next = toSlices(pictures.slice(0, 3), {
        series: "2.25.603",
        spacing: "0.5\\0.8",
      });
      const asked = /\/segmentations/;
      let count = 0;
      await page.route(asked, async (route) => {
        if (++count !== 2) return await route.continue();
        await route.fulfill({
          status: 422,
          json: { title: "Refused", detail: "It was refused." },
        });
      });
      await choose(
        page,
        ...next.map((buffer, i) => ({
          name: `next-${i + 1}.dcm`,
          mimeType: "application/dicom",
          buffer,
        })),
      );
      await finished(page);
      await page.unroute(asked);
      const rows = async () =>
        rowsOf((await download(page, "#save-table")).bytes)
          .filter(({ image }) => image.startsWith("next"));
      await show(page, 3);
      match(
        await fact("Volume"),
        /Growth is not known, since slices have no result: 1 here, 1 in the reference’s volume/,
      );
      for (const row of await rows()) {
        equal(row.change_percent, "");
        if (row.kind === "failed") continue;
        equal(row.slices_not_measured, "1");
        equal(row.reference_slices_not_measured, "1");
      }
      await page.click("#report-open");
      await page.waitForSelector("#report[data-ready]");
      match(
        await page.locator("#report-content > .scroll tbody").innerText(),
        /Growth is not known/,
      );
      await page.click("#report-close");

      // Neither is its file written as if nothing were there.
      const said: string[] = [];
      page.once("dialog", (dialog) => {
        said.push(dialog.message());
        dialog.dismiss();
      });
      await page.click("#stack-forms [data-form=seg]");
      deepEqual(said, [
        "1 of 3 slices has no result, and would look as if “target” were not there. Save the file all the same?",
      ]);
      page.once("dialog", (dialog) => dialog.accept());
      const saved = await download(page, "#stack-forms [data-form=seg]");
      equal(saved.name, "next_seg.dcm");

      await page.keyboard.press("Control+z");
      await page.click("#filmstrip-retry");
      await finished(page);
      const all = await rows();
      equal(all.length, 3);
      for (const row of all) {
        equal(row.reference_slices_not_measured, "0");
        ok(Math.abs(Number(row.change_percent)) > 0);
      }
      await show(page, 4);
      match(await fact("Volume"), /[+−]\d+% since the reference/);
    });

    await t.step(
      "pictures in pixels, until a person sets the scale",
      async () => {
        const other = await visitor.open();
        const areaOf = () =>
          other.locator('#facts div:has(dt:text-is("Area"))').innerText();
        await enrolByBox(other);
        await choose(other, visitPng(2), png("z.png", encodePng(blank)));
        await finished(other);
        const [first, second] = await held(other);
        await show(other, 1);
        const grown = Math.round(100 * (second.area / first.area - 1));
        const sign = grown < 0 ? "−" : "\\+";
        match(
          await areaOf(),
          new RegExp(
            `${second.area.toLocaleString("en")} px[^]*${sign}${
              Math.abs(grown)
            }% since the reference`,
          ),
        );
        equal(await other.textContent("#trend-unit"), "px");
        equal(await other.isVisible("#scale-bar"), false);

        await other.click("#scale-open");
        await other.waitForSelector("#scale[open]");
        await accessible(other, "the scale");
        await other.click("#scale-use");
        match(await other.innerText("#scale-problem"), /more than 0/);
        // From 96 and 288 to 96 and 292, the ends lie 196 pixels apart.
        await other.focus("#scale-end");
        for (let i = 0; i < 4; i++) await other.keyboard.press("ArrowRight");
        equal(await other.textContent("#scale-pixels"), "196 pixels");
        await other.fill("#scale-length", "98");
        await other.check("#scale-all");
        await other.click("#scale-use");
        const mm2 = second.area / 4;
        const measured = other.locator("#facts strong").first();
        const said = `${Math.round(mm2).toLocaleString("en")} mm²`;
        await measured.and(other.getByText(said)).waitFor();
        equal(await other.textContent("#trend-unit"), "mm²");
        match((await other.textContent("#scale-bar"))!, /^\d+ mm$/);

        const rows = rowsOf((await download(other, "#save-table")).bytes);
        close(rows[1].area_mm2, mm2);
        close(rows[1].change_percent, 100 * (second.area / first.area - 1));
        deepEqual(
          [rows[2].image, rows[2].present, rows[2].area_px, rows[2].area_mm2],
          ["z", "false", "", ""],
        );
        await other.click("#plot summary");
        match(
          (await other.locator("#plot tbody tr").allInnerTexts())[2],
          /z\s+not found/,
        );
        await show(other, 1);
        await other.click("#scale-open");
        await other.waitForSelector("#scale[open]");
        // By the pointer, too.
        const end = (await other.locator("#scale-end").boundingBox())!;
        await other.mouse.move(end.x + 14, end.y + 14);
        await other.mouse.down();
        await other.mouse.move(end.x + 14 + 40, end.y + 14, { steps: 4 });
        await other.mouse.up();
        ok(parseInt((await other.textContent("#scale-pixels"))!) > 200);
        equal(await other.isChecked("#scale-all"), false);
        const scales = () =>
          other.evaluate(`(async () => {
            const { session } = await import("/page/session.js");
            return session.items.map(({ scale }) => scale);
          })()`);
        await other.click("#scale-remove");
        await measured.and(other.getByText(/ px$/)).waitFor();
        deepEqual(await scales(), [0.5, null, 0.5]);
        // What others have been given stays, for all that is ticked.
        await other.click("#scale-open");
        await other.fill("#scale-length", "192");
        await other.check("#scale-all");
        await other.click("#scale-use");
        deepEqual(await scales(), [0.5, 1, 0.5]);
        await other.keyboard.press("Control+z");
        await other.keyboard.press("Control+z");
        await measured.and(other.getByText(said)).waitFor();
        deepEqual(await scales(), [0.5, 0.5, 0.5]);
      },
    );

    deepEqual(visitor.complaints, []);
  },
});
