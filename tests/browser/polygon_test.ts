import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  accessible,
  drag,
  drawnArea,
  hasChromium,
  onScreen,
  openFirst,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

type Place = [number, number];

const CORNERS: Place[] = [[60, 60], [160, 60], [160, 160], [60, 160]];

async function click(page: Page, ...places: Place[]) {
  for (const place of places) {
    await page.mouse.click(...await onScreen(page, ...place));
  }
}

/** The corners that are shown, in whole pixels, and whether they are joined. */
function polygon(page: Page): Promise<{ corners: Place[]; closed: boolean }> {
  return page.evaluate(async () => {
    const module: string = "/page/session.js";
    const { corners, closed } = (await import(module)).viewer.polygon;
    const whole = (place: Place) => place.map(Math.round);
    return { corners: corners.map(whole), closed };
  });
}

const near = (area: number, wanted: number) =>
  ok(Math.abs(area - wanted) < wanted * 0.03, `${area}, wanted ${wanted}`);

Deno.test({
  name: "a polygon corner by corner",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await openFirst(page, visitPng(1));
    await tool(page, "polygon");
    const shown = () => polygon(page);

    await t.step("each corner is a step of the history", async () => {
      await click(page, ...CORNERS);
      equal((await shown()).corners.length, 4);
      await page.click("#undo");
      await page.click("#undo");
      equal((await shown()).corners.length, 2);
      await page.click("#redo");
      await page.click("#redo");
      equal((await shown()).corners.length, 4);
      equal(await drawnArea(page), 0);
    });

    await t.step("a line leads to the pointer", async () => {
      const lit = (place: Place) =>
        page.evaluate(async ([x, y]) => {
          const module: string = "/page/session.js";
          const { viewer } = await import(module);
          await new Promise((drawn) => setTimeout(drawn, 100));
          const [cx, cy] = viewer.toCanvas([x, y]);
          const { data } = viewer.context.getImageData(cx - 8, cy - 8, 16, 16);
          let most = 0;
          for (let i = 0; i < data.length; i += 4) {
            most = Math.max(most, data[i] - data[i + 2]);
          }
          return most > 100;
        }, place);
      const middle: Place = [40, 240];
      await page.mouse.move(...await onScreen(page, 200, 20));
      equal(await lit(middle), false);
      await page.mouse.move(...await onScreen(page, 20, 320));
      equal(await lit(middle), true);
    });

    await t.step("an open polygon is neither used nor lost", async () => {
      await click(page, [60, 160]);
      equal((await shown()).closed, true, "the last corner closes it too");
      await page.click("#undo");
      await page.click("#accept");
      match(
        (await page.textContent("#outline-problem"))!,
        /polygon is still open/,
      );
      for (const other of ["brush", "inside"]) {
        await tool(page, other);
        equal((await shown()).corners.length, 4, other);
      }
      await accessible(page, "an open polygon");
      await tool(page, "polygon");
      await page.focus("#viewer");
      await page.keyboard.press("Escape");
      equal((await shown()).corners.length, 0);
      await page.keyboard.press("Control+z");
      equal((await shown()).corners.length, 4);
    });

    await t.step("a corner of an open polygon moves", async () => {
      await drag(page, CORNERS[1], [260, 60]);
      deepEqual((await shown()).corners[1], [260, 60]);
      equal((await shown()).corners.length, 4);
      await page.click("#undo");
      deepEqual((await shown()).corners[1], [160, 60]);
    });

    await t.step("the first corner closes it", async () => {
      await click(page, CORNERS[0]);
      equal((await shown()).closed, true);
      near(await drawnArea(page), 10_000);
      equal(await page.isVisible("#polygon-close"), false);
    });

    await t.step(
      "a corner of a closed polygon moves, and the mask with it",
      async () => {
        await drag(page, CORNERS[2], [260, 260]);
        near(await drawnArea(page), 20_000);
        await drag(page, [260, 260], CORNERS[2]);
        near(await drawnArea(page), 10_000);
        await page.click("#undo");
        near(await drawnArea(page), 20_000);
        await page.click("#undo");
        near(await drawnArea(page), 10_000);
      },
    );

    await t.step("Delete removes the corner at the pointer", async () => {
      await page.focus("#viewer");
      await page.mouse.move(...await onScreen(page, ...CORNERS[2]));
      await page.keyboard.press("Delete");
      near(await drawnArea(page), 5_000);
      await page.keyboard.press("Delete");
      equal((await shown()).corners.length, 3, "three corners stay");
      await page.keyboard.press("Control+z");
      near(await drawnArea(page), 10_000);
    });

    await t.step("a corner moves by keyboard", async () => {
      await page.mouse.move(...await onScreen(page, ...CORNERS[2]));
      for (const key of ["Enter", "Shift+ArrowRight", "Enter"]) {
        await page.keyboard.press(key);
      }
      ok((await shown()).corners[2][0] > 175);
      await page.keyboard.press("Control+z");
    });

    await t.step(
      "another edit ends it; undo brings its corners back",
      async () => {
        await tool(page, "eraser");
        await drag(page, [60, 110], [160, 110]);
        equal((await shown()).corners.length, 0);
        ok(await drawnArea(page) < 9_500);
        await page.click("#undo");
        deepEqual((await shown()).corners, CORNERS);
        await tool(page, "polygon");
        await drag(page, CORNERS[1], [160, 20]);
        near(await drawnArea(page), 12_000);
      },
    );

    await t.step("the next click begins another beside it", async () => {
      const before = await drawnArea(page);
      await click(page, [220, 220], [300, 220], [300, 300]);
      equal((await shown()).corners.length, 3);
      equal(await drawnArea(page), before);
      await page.click("#polygon-close");
      near(await drawnArea(page), before + 3_200);
    });

    await t.step("everything is undone, and done again", async () => {
      const [area, { corners }] = [await drawnArea(page), await shown()];
      while (await page.isEnabled("#undo")) await page.click("#undo");
      equal(await drawnArea(page), 0);
      equal((await shown()).corners.length, 0);
      while (await page.isEnabled("#redo")) await page.click("#redo");
      equal(await drawnArea(page), area);
      deepEqual((await shown()).corners, corners);
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
