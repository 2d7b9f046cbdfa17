import { deepEqual, equal, match } from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { form } from "../support/requests.ts";
import {
  accessible,
  choose,
  decoded,
  drag,
  enrolByBox,
  finished,
  hasChromium,
  held,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** Names of references without their random endings. */
const plain = (names: string[]) =>
  names.map((name) => name.replace(/^(ref-\d+)-[a-z0-9]{5}$/, "$1"));

const listed = async (page: Page) =>
  plain(await page.locator("#references > ul strong").allTextContents());

/** Names of the references that the server uses. */
async function onServer(page: Page): Promise<string[]> {
  const patient = await page.inputValue("#patient");
  const names = await page.evaluate(async (patient) => {
    const response = await fetch(`/v1/patients/${patient}`);
    const { references } = await response.json();
    return references.map((one: { reference: string }) => one.reference);
  }, patient);
  return plain(names);
}

const note = (page: Page, n: number) =>
  page.textContent(`#tiles li:nth-child(${n}) .note`);

/** Until a deed of the page is over. */
const busy = (page: Page, text: string | RegExp) =>
  page.locator("#status", { hasText: text }).waitFor({ state: "attached" });

Deno.test({
  name: "references and what is done to them",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await enrolByBox(page);
    await choose(page, visitPng(2), visitPng(3));
    await finished(page);

    await t.step("a correction is undone and done again", async () => {
      await page.click("#tiles li:nth-child(2) button");
      await page.waitForSelector("#correct:not([hidden])");
      const found = (await held(page))[1]!.area;
      await page.click("#correct");
      await tool(page, "brush");
      await drag(page, [60, 60], [110, 60]);
      await page.click("#accept");
      await page.waitForSelector("#accept-result:not([hidden])");
      const corrected = (await held(page))[1]!.area;
      match(
        await page.textContent("#undo-deed") ?? "",
        /correction of visit-2/,
      );
      await page.click("#undo-deed");
      await busy(page, "Undone");
      equal((await held(page))[1]!.area, found);
      await page.keyboard.press("Control+Shift+z");
      await busy(page, "Done again");
      equal((await held(page))[1]!.area, corrected);
    });

    await t.step(
      "the use as a reference is undone and done again",
      async () => {
        await page.click("#accept-result");
        await busy(page, "Accepted");
        await page.waitForSelector("#references strong >> nth=1", {
          state: "attached",
        });
        deepEqual(await listed(page), ["ref-1", "ref-2"]);
        match(await note(page, 2) ?? "", /^Ref/);
        await page.keyboard.press("Control+z");
        await busy(page, "Undone: the use of visit-2");
        deepEqual(await listed(page), ["ref-1"]);
        deepEqual(await onServer(page), ["ref-1"]);
        match(await note(page, 2) ?? "", /^Edited/);
        await page.keyboard.press("Control+Shift+z");
        await busy(page, "Done again: the use of visit-2");
        deepEqual(await onServer(page), ["ref-1", "ref-2"]);
        match(await note(page, 2) ?? "", /^Ref/);
      },
    );

    await t.step("the list tells verdicts, and removes", async () => {
      await page.click("#references > summary");
      match(
        await page.textContent("#references > ul .verdict") ?? "",
        /^(Good|Weak|Ambiguous|Not usable)$/,
      );
      await accessible(page, "references");
      await page.click("[aria-label^='Remove ref-2']");
      await busy(page, /^ref-2-\w+ is removed/);
      deepEqual(await onServer(page), ["ref-1"]);
      match(await note(page, 2) ?? "", /^Edited/);
      await page.keyboard.press("Control+z");
      await busy(page, "Undone: removing ref-2-");
      deepEqual(await onServer(page), ["ref-1", "ref-2"]);
      match(await note(page, 2) ?? "", /^Ref/);
    });

    await t.step("one is replaced by the shown outline", async () => {
      await page.click("#tiles li:nth-child(3) button");
      await page.waitForSelector("#result:not([hidden])");
      await page.click("[aria-label^='Replace ref-2']");
      await busy(page, /^ref-2-\w+ is replaced/);
      deepEqual(await onServer(page), ["ref-1", "ref-2"]);
      match(await note(page, 3) ?? "", /^Ref/);
      match(await note(page, 2) ?? "", /^Edited/);
      await page.keyboard.press("Control+z");
      await busy(page, "Undone: replacing ref-2-");
      match(await note(page, 2) ?? "", /^Ref/);
      // The outline of the third image is the model's again, which nobody has corrected.
      match(await note(page, 3) ?? "", /^[\d,]+ px$/);
    });

    await t.step("an earlier revision is restored", async () => {
      await page.click("#revisions > summary");
      await page.waitForSelector("[aria-label='Restore revision 1']");
      await accessible(page, "revisions");
      await page.click("[aria-label='Restore revision 1']");
      await busy(page, "those of revision 1");
      deepEqual(await onServer(page), ["ref-1"]);
      deepEqual(await listed(page), ["ref-1"]);
      await page.keyboard.press("Control+z");
      await busy(page, "Undone: restoring revision 1");
      deepEqual(await onServer(page), ["ref-1", "ref-2"]);
    });

    await t.step(
      "the name of a removed reference is not used again",
      async () => {
        await page.click("[aria-label^='Remove ref-2']");
        await busy(page, /^ref-2-\w+ is removed/);
        await page.click("#tiles li:nth-child(1) button");
        await page.fill("#new-structure", "organ");
        await page.click("#structures form button");
        await page.waitForSelector("#outline:not([hidden])");
        await tool(page, "box");
        await drag(page, [150, 60], [200, 100]);
        await decoded(page, 0);
        await page.click("#accept");
        await page.waitForSelector("#held:not([hidden])");
        await page.click("#held-go");
        await finished(page);
        // The enrolment is undone too, and done again.
        await page.keyboard.press("Control+z");
        await busy(page, "Undone: the enrolment of visit-1");
        deepEqual(await onServer(page), ["ref-1"]);
        match(await note(page, 1) ?? "", /^Edited/);
        await page.keyboard.press("Control+Shift+z");
        await busy(page, "Done again: the enrolment of visit-1");
        deepEqual(await onServer(page), ["ref-1", "ref-2"]);
        match(await note(page, 1) ?? "", /^Ref/);
        await page.click("#structures li:nth-child(1) button");
        await page.click("[aria-label='Restore revision 10']");
        await busy(page, "those of revision 10");
        deepEqual(await onServer(page), ["ref-1", "ref-2", "ref-2"]);
        deepEqual(await listed(page), ["ref-1", "ref-2"]);
        const notes = await page.locator("#structures li .note")
          .allInnerTexts();
        match(notes[0] ?? "", /2 references/);
        match(notes[1] ?? "", /1 reference$/);
      },
    );

    await t.step("what another window added is not undone", async () => {
      await page.click("[aria-label^='Remove ref-2']");
      await busy(page, /^ref-2-\w+ is removed/);
      const { image, mask } = drawVisit(4);
      const patient = await page.inputValue("#patient");
      const body = form({ image: encodePng(image), mask: encodePng(mask) });
      const made = await visitor.server.enrol(patient, "elsewhere", body);
      equal(made.status, 201);
      await page.keyboard.press("Control+z");
      await page.getByText("The references were changed elsewhere").waitFor();
      deepEqual(await onServer(page), ["elsewhere", "ref-1", "ref-2"]);
      deepEqual(await listed(page), ["elsewhere", "ref-1"]);
      await page.click("#notice-close");
    });

    await t.step("the removal of an image is undone, and kept", async () => {
      const before = await held(page);
      await page.click("#tiles li:nth-child(3) button");
      await page.click("#remove");
      await page.waitForSelector("#undo-deed:not([hidden])");
      equal((await held(page)).length, 2);
      await page.keyboard.press("Control+z");
      await busy(page, "Undone: the removal of visit-3");
      deepEqual(await held(page), before);
      await page.waitForTimeout(500);
      await page.reload();
      await page.waitForSelector("#result:not([hidden])");
      deepEqual(await held(page), before);
      await page.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
