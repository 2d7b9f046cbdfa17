import { equal, match } from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  choose,
  decoded,
  drawnArea,
  hasChromium,
  LESION,
  onScreen,
  openFirst,
  Visitor,
  visitPng,
} from "./browser.ts";

const NO_IMAGE = {
  name: "note.png",
  mimeType: "text/plain",
  buffer: Buffer.from("hello"),
};

Deno.test({
  name: "a message goes when its cause does",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const appears = async (id: string, words: RegExp) => {
      await page.waitForSelector(`${id}:not([hidden])`);
      match(await page.innerText(id), words);
    };

    await t.step("of a field, when its value changes", async () => {
      await page.fill("#patient", "Jane Doe");
      await page.press("#patient", "Tab");
      await appears("#patient-problem", /letters, digits/);
      await page.fill("#patient", "p-messages");
      equal(await page.isVisible("#patient-problem"), false);
    });

    await t.step("of a file, when another one opens", async () => {
      await choose(page, NO_IMAGE);
      await appears("#start-problem", /wanted PNG/);
      await openFirst(page, visitPng(1));
      await page.click("#reject");
      await page.waitForSelector("#start:not([hidden])");
      equal(await page.isVisible("#start-problem"), false);
      await openFirst(page, visitPng(1));
    });

    await t.step("of a click, when a click succeeds", async () => {
      await page.context().setOffline(true);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await appears("#notice", /not responding/);
      await page.context().setOffline(false);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      equal(await page.isVisible("#notice"), false);
    });

    await t.step("of a name, when another one is typed", async () => {
      await page.fill("#label", "<b>");
      await page.click("#accept");
      await appears("#label-problem", /letters, digits/);
      await page.fill("#label", "lesion");
      equal(await page.isVisible("#label-problem"), false);
      equal(await drawnArea(page) > 0, true);
    });

    await t.step("of two causes, each by itself", async () => {
      const notice = (...args: string[]) =>
        page.evaluate(async (args) => {
          const module: string = "/page/messages.js";
          (await import(module)).showNotice(...args);
        }, args);
      await notice("One.", "one");
      await notice("Two.", "two");
      equal(await page.innerText("#notice-text"), "One.\nTwo.");
      await notice("", "one");
      equal(await page.innerText("#notice-text"), "Two.");
      await page.click("#notice-close");
      equal(await page.isVisible("#notice"), false);
    });
  },
});
