import { deepEqual, equal, match, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import {
  accessible,
  choose,
  decoded,
  download,
  drag,
  enrolByBox,
  finished,
  hasChromium,
  held,
  PHONE,
  png,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

const { image } = drawVisit(1);
const blank = png(
  "z.png",
  encodePng({ ...image, data: image.data.map(() => 90) }),
);

Deno.test({
  name: "a report is shown and printed",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await enrolByBox(page);
    await choose(page, visitPng(2), blank);
    await finished(page);
    const [first, second] = await held(page);
    await page.click("#report-open");
    await page.waitForSelector("#report[data-ready]");
    const texts = (selector: string) =>
      page.locator(`#report-content ${selector}`).allInnerTexts();

    await t.step("with pictures, plot, numbers and limits", async () => {
      match(
        (await texts("> p"))[0],
        new RegExp(
          `^Patient ${await page
            .textContent("#who-id")}\\. .*3 images\\. Segmented by nano `,
        ),
      );
      const grown = Math.round(100 * (second.area / first.area - 1));
      const sign = grown < 0 ? "−" : "+";
      const px = (area: number) => `${area.toLocaleString("en")} px`;
      const rows = page.locator("#report-content > .scroll tbody tr");
      const cells = [];
      for (const row of await rows.all()) {
        cells.push(await row.locator("td").allInnerTexts());
      }
      deepEqual(cells, [
        ["visit-1", "target", px(first.area), "", "Reference"],
        [
          "visit-2",
          "target",
          px(second.area),
          `${sign}${Math.abs(grown)}%`,
          "By the model",
        ],
        ["z", "target", "Not found", "", "By the model"],
      ]);
      deepEqual(await texts("figcaption"), [
        `visit-1: ${px(first.area)}`,
        `visit-2: ${px(second.area)}`,
        "z: not found",
      ]);
      equal((await texts(".uplot")).length, 1);
      match((await texts("li"))[0], /^Not a medical device/);
      await accessible(page, "the report");
    });

    await t.step("its pictures bear the outlines", async () => {
      const yellow: number[] = await page.evaluate(`
        [...document.querySelectorAll("#report figure canvas")].map((canvas) =>
          canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            .data.filter((red, i, data) =>
              i % 4 === 0 && red - data[i + 2] > 120
            ).length
        )`);
      ok(yellow[0]! > 50 && yellow[1]! > 50, `${yellow}`);
      equal(yellow[2], 0, "nothing was found");
    });

    await t.step("the printer gets the report alone, on paper", async () => {
      await page.evaluate(
        "window.print = () => document.body.dataset.printed = true",
      );
      await page.click("#report-print");
      equal(await page.getAttribute("body", "data-printed"), "true");
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      for (const id of ["#work", "#report-print", "#erase"]) {
        equal(await page.isVisible(id), false, id);
      }
      ok(await page.isVisible("#report-title"));
      const style = (name: string) =>
        page.evaluate(
          `getComputedStyle(document.getElementById("report")).${name}`,
        );
      equal(await style("backgroundColor"), "rgb(255, 255, 255)");
      equal(await style("color"), "rgb(19, 32, 31)", "dark on paper");
      const pdf = await page.pdf({ format: "A4" });
      const pages = new TextDecoder("latin1").decode(pdf)
        .match(/\/Type\s*\/Page\b/g)!.length;
      ok(pages >= 1 && pages <= 3, `${pages} pages`);
      await page.emulateMedia({ media: "screen", colorScheme: "light" });
    });

    await t.step("fits a phone, and closes to where one was", async () => {
      await page.setViewportSize(PHONE!.viewport!);
      const [width, scroll]: [number, number] = await page.evaluate(
        "[innerWidth, document.documentElement.scrollWidth]",
      );
      ok(scroll <= width, `${scroll} of ${width} pixels`);
      equal(
        await page.isVisible("body > footer"),
        false,
        "nothing lies over it",
      );
      await page.keyboard.press("Escape");
      equal(await page.isVisible("#report"), false);
      ok(await page.isVisible("#viewer"));
      equal(await page.evaluate("document.activeElement.id"), "report-open");
    });

    await t.step("several structures have a line and rows each", async () => {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.click("#tiles li:nth-child(1) button");
      await page.fill("#new-structure", "organ");
      await page.click("#structures form button");
      await page.waitForSelector("#outline:not([hidden])");
      await tool(page, "box");
      await drag(page, [85, 108], [169, 238]);
      await decoded(page, 0);
      await page.click("#accept");
      await page.waitForSelector("#filmstrip-bar:not([hidden])");
      await finished(page);
      const coco = JSON.parse(
        new TextDecoder().decode((await download(page, "#save-coco")).bytes),
      );
      deepEqual(coco.categories, [
        { id: 1, name: "target" },
        { id: 2, name: "organ" },
      ]);
      const kept: [number, string][] = await page.evaluate(`(async () => {
        const { session } = await import("/page/session.js");
        return session.items.flatMap(({ findings }) =>
          session.structures.flatMap(({ label }, i) => {
            const found = findings.get(label);
            return found.area > 0 ? [[i + 1, found.rle.counts]] : [];
          })
        );
      })()`);
      deepEqual(
        coco.annotations.map((
          { category_id, segmentation }: {
            category_id: number;
            segmentation: { counts: string };
          },
        ) => [category_id, segmentation.counts]),
        kept,
      );
      ok(kept.length > 3, `${kept.length} masks`);

      await page.click("#report-open");
      await page.waitForSelector("#report[data-ready]");
      const rows = page.locator("#report-content > .scroll tbody tr");
      deepEqual(
        await rows.locator("td:nth-child(2)").allInnerTexts(),
        Array(3).fill(["target", "organ"]).flat(),
      );
      match(
        (await page.getAttribute("#report .uplot", "aria-label"))!,
        /target: visit-1 .* organ: visit-1 /,
      );
      deepEqual(await texts(".legend li"), ["target", "organ"]);
      match((await texts("figcaption"))[1], /target .* px, organ .* px/);
      await accessible(page, "a report of several structures");
    });

    deepEqual(visitor.complaints, []);
  },
});
