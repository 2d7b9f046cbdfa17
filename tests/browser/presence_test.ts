import { deepEqual, match, ok } from "node:assert/strict";
import { unrelatedImage } from "../support/unrelated_image.ts";
import {
  accessible,
  choose,
  finished,
  hasChromium,
  held,
  outlineByBox,
  png,
  Visitor,
  visitPng,
} from "./browser.ts";

Deno.test({
  name: "the page shows a reference's verdict, and where nothing was found",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await outlineByBox(page);
    await page.click("#accept");
    await page.waitForSelector("#add-report:not([hidden])", {
      timeout: 120_000,
    });
    const verdict = (await page.textContent("#add-report"))!;
    match(verdict, /^A good reference\. The structure is found again/);
    await accessible(page, "verdict");

    await choose(page, visitPng(2), png("x-ray.png", unrelatedImage));
    await finished(page);
    const items = await held(page);
    deepEqual(items.map(({ area }) => area > 0), [true, true, false]);
    match(
      (await page.textContent("#result-badge"))!,
      /^Not found in this image$/,
    );
    ok((await page.textContent("#result-note"))!.length > 20);
    match((await page.textContent("#facts"))!, /AreaNot found.*Confidence\d+%/);
    await accessible(page, "not found");
  },
});
