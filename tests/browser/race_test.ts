import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import {
  BOX,
  choose,
  decoded,
  drag,
  drawnArea,
  finished,
  hasChromium,
  held,
  LESION,
  onScreen,
  PHONE,
  pinch,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** Holds back what is asked of an address, or the server's answers to it, until it is let go. */
async function holdBack(page: Page, url: string, what = "question") {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await page.route(url, async (route) => {
    if (route.request().method() === "DELETE") return await route.continue();
    const response = what === "answer" ? await route.fetch() : undefined;
    asked.resolve();
    await gate.promise;
    // A request that was cancelled meanwhile has nobody to answer.
    await (response ? route.fulfill({ response }) : route.continue())
      .catch(() => {});
  });
  return { asked: asked.promise, letGo: gate.resolve };
}

/** To an outline that a box gave. */
async function outlineByBox(page: Page): Promise<void> {
  await choose(page, visitPng(1));
  await page.waitForSelector("#outline:not([hidden])");
  await tool(page, "box");
  await drag(page, ...BOX);
  await decoded(page, 0);
}

const settled = (page: Page) => page.waitForTimeout(300);

Deno.test({
  name: "the page under races",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();

    await t.step(
      "the picture under the outline is that of the image picked last",
      async () => {
        const page = await visitor.open();
        await outlineByBox(page);
        await page.click("#accept");
        await page.waitForSelector("#add:not([hidden])");
        await choose(page, visitPng(2), visitPng(3));
        await finished(page);
        // The decoding of the second image takes longer than that of the third.
        const shown = await page.evaluate(async () => {
          const module: string = "/page/session.js";
          const { session, viewer } = await import(module);
          const [, slow, quick] = session.items;
          const pictures: unknown[] = [];
          const show = viewer.show.bind(viewer);
          viewer.show = (picture: unknown, size: unknown) => {
            pictures.push(picture);
            show(picture, size);
          };
          const decode = globalThis.createImageBitmap;
          const made = new Map();
          globalThis.createImageBitmap = (async (source: Blob) => {
            const picture = await decode(source);
            made.set(picture, source);
            if (source === slow.source) {
              await new Promise((resolve) => setTimeout(resolve, 300));
            }
            return picture;
          }) as typeof decode;
          slow.tile.button.click();
          quick.tile.button.click();
          await new Promise((resolve) => setTimeout(resolve, 600));
          return pictures.map((one) => made.get(one) === quick.source);
        });
        deepEqual(shown, [true]);
        equal(await page.textContent("#result-title"), "visit-3");
        await page.close();
      },
    );

    await t.step("the sample patient opens once", async () => {
      const page = await visitor.open();
      const sample = await holdBack(page, "**/page/sample/*");
      await page.click("#sample");
      await page.click("#sample");
      await sample.asked;
      sample.letGo();
      await page.waitForSelector("#outline:not([hidden])");
      await settled(page);
      deepEqual((await held(page)).map(({ name }) => name), ["Visit 1"]);
      await page.click("#accept");
      await finished(page);
      equal((await held(page)).length, 5);
      await page.close();
    });

    await t.step("images chosen in quick succession follow", async () => {
      const page = await visitor.open();
      const patient = await holdBack(page, "**/v1/patients/*");
      await choose(page, visitPng(1));
      await choose(page, visitPng(2));
      await patient.asked;
      patient.letGo();
      await page.waitForSelector("#outline:not([hidden])");
      await settled(page);
      deepEqual((await held(page)).map(({ name }) => name), ["visit-1"]);
      await tool(page, "box");
      await drag(page, ...BOX);
      await decoded(page, 0);
      await page.click("#accept");
      await finished(page);
      deepEqual((await held(page)).map(({ name, state }) => [name, state]), [
        ["visit-1", "done"],
        ["visit-2", "done"],
      ]);
      await page.close();
    });

    await t.step("another image can be chosen during enrolment", async () => {
      const page = await visitor.open();
      await outlineByBox(page);
      // The server keeps the reference, but the page does not hear of it.
      const enrolment = await holdBack(
        page,
        "**/v1/patients/*/references/*",
        "answer",
      );
      await page.click("#accept");
      await enrolment.asked;
      await page.click("#reject");
      enrolment.letGo();
      await page.waitForSelector("#start:not([hidden])");
      await settled(page);
      equal(await page.isVisible("#work"), false);
      await outlineByBox(page);
      await page.click("#accept");
      await page.waitForSelector("#add:not([hidden])");
      deepEqual((await held(page)).map(({ state }) => state), ["done"]);
      await page.close();
    });

    for (const drawing of ["brush", "polygon"]) {
      await t.step(
        `a click that is late takes no ${drawing} away`,
        async () => {
          const page = await visitor.open();
          await choose(page, visitPng(1));
          await page.waitForSelector("#outline:not([hidden])");
          const click = await holdBack(page, "**/v1/masks");
          await page.mouse.click(...await onScreen(page, ...LESION));
          await click.asked;
          await tool(page, drawing);
          if (drawing === "brush") await drag(page, [60, 60], [100, 60]);
          else {
            const corners: [number, number][] = [[60, 60], [120, 60], [
              90,
              120,
            ]];
            for (const corner of [...corners, corners[0]]) {
              await page.mouse.click(...await onScreen(page, ...corner));
            }
          }
          const drawn = await drawnArea(page);
          ok(drawn > 0);
          click.letGo();
          await page.waitForFunction(async () => {
            const module: string = "/page/session.js";
            return !(await import(module)).session.editor.busy;
          });
          equal(await drawnArea(page), drawn);
          // It is the first step of the history, and has no points.
          await page.click("#undo");
          equal(await drawnArea(page), 0);
          equal(await page.isDisabled("#undo"), true);
          await page.close();
        },
      );
    }

    for (const name of ["inside", "polygon"]) {
      await t.step(`two fingers zoom and leave no ${name} point`, async () => {
        const page = await visitor.open(PHONE);
        await choose(page, visitPng(1));
        await page.waitForSelector("#outline:not([hidden])");
        await tool(page, name);
        let asked = 0;
        page.on("request", (request) => {
          if (request.url().endsWith("/v1/masks")) asked++;
        });
        const ratio = await pinch(page, ...LESION);
        ok(ratio > 2.5 && ratio < 3.5, `zoomed ${ratio} times`);
        await settled(page);
        equal(asked, 0);
        const corners = await page.evaluate(async () => {
          const module: string = "/page/session.js";
          return (await import(module)).viewer.draft.length;
        });
        equal(corners, 0);
        equal(await drawnArea(page), 0);
        await page.close();
      });
    }

    await t.step("a press that is dragged away is no click", async () => {
      const page = await visitor.open();
      await choose(page, visitPng(1));
      await page.waitForSelector("#outline:not([hidden])");
      await drag(page, LESION, [60, 60]);
      equal(await page.isDisabled("#accept"), true);
      await settled(page);
      equal(await drawnArea(page), 0);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      await page.close();
    });

    await t.step("the outline that is kept is the one enrolled", async () => {
      const page = await visitor.open();
      await outlineByBox(page);
      const outlined = await drawnArea(page);
      const enrolment = await holdBack(page, "**/v1/patients/*/references/*");
      await page.click("#accept");
      await enrolment.asked;
      await tool(page, "brush");
      await drag(page, [60, 60], [100, 60]);
      await tool(page, "inside");
      await page.mouse.click(...await onScreen(page, 60, 60));
      await page.focus("#viewer");
      await page.keyboard.press("Control+z");
      for (const id of ["undo", "redo", "clear", "accept"]) {
        equal(await page.isDisabled(`#${id}`), true, id);
      }
      equal(await drawnArea(page), outlined);
      enrolment.letGo();
      await page.waitForSelector("#add:not([hidden])");
      equal((await held(page))[0].area, outlined);
      await page.close();
    });

    await t.step("images added after a cancel are segmented", async () => {
      const page = await visitor.open();
      await outlineByBox(page);
      await page.click("#accept");
      await page.waitForSelector("#add:not([hidden])");
      const reading = await holdBack(page, "**/v1/embeddings*");
      await choose(page, visitPng(2), visitPng(3));
      await reading.asked;
      const added = { ...visitPng(4), buffer: Buffer.from(visitPng(4).buffer) };
      // In one go, before the cancelled run has noticed.
      await page.evaluate(async ({ name, bytes }) => {
        const module: string = "/page/queue.js";
        const { addImages, cancelSegmenting } = await import(module);
        cancelSegmenting();
        addImages([new File([new Uint8Array(bytes)], name)]);
      }, { name: added.name, bytes: [...added.buffer] });
      reading.letGo();
      await finished(page);
      deepEqual((await held(page)).map(({ name, state }) => [name, state]), [
        ["visit-1", "done"],
        ["visit-2", "cancelled"],
        ["visit-3", "cancelled"],
        ["visit-4", "done"],
      ]);
      await page.close();
    });

    await t.step("single letters act on the image alone", async () => {
      const page = await visitor.open();
      await choose(page, visitPng(1));
      await page.waitForSelector("#outline:not([hidden])");
      const chosen = () => page.inputValue("input[name=tool]:checked");
      const hidden = () => page.getAttribute("#hide-outline", "aria-pressed");
      await page.focus("#zoom-in");
      await page.keyboard.press("b");
      await page.keyboard.press("h");
      deepEqual([await chosen(), await hidden()], ["inside", "false"]);
      await page.focus("#viewer");
      await page.keyboard.press("b");
      await page.keyboard.press("h");
      deepEqual([await chosen(), await hidden()], ["brush", "true"]);
      await page.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
