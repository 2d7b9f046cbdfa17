import { deepEqual, equal, match, notDeepEqual, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import {
  accessible,
  BOX,
  choose,
  decoded,
  drawnArea,
  enrolByBox,
  finished,
  hasChromium,
  held,
  LESION,
  onScreen,
  openFirst,
  outlineByBox,
  PHONE,
  png,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

type Place = [number, number];

/** The colour that the canvas shows at an image pixel. */
function colourAt(page: Page, place: Place): Promise<number[]> {
  return page.evaluate(async ([x, y]) => {
    const module: string = "/page/session.js";
    const { viewer } = await import(module);
    await new Promise((drawn) => setTimeout(drawn, 100));
    const [cx, cy] = viewer.toCanvas([x, y]);
    return [...viewer.context.getImageData(cx, cy, 1, 1).data];
  }, place);
}

/** Makes the mask that is edited another one: blocks of pixels as left, top, right, bottom and value. */
function load(page: Page, blocks: number[][]) {
  return page.evaluate(async (blocks) => {
    const [session, masks]: string[] = ["/page/session.js", "/page/mask.js"];
    const { editor } = (await import(session)).session;
    const { Mask } = await import(masks);
    const mask = new Mask(editor.mask.width, editor.mask.height);
    for (const [left, top, right, bottom, value] of blocks) {
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          mask.data[y * mask.width + x] = value;
        }
      }
    }
    editor.load(mask.toRle());
  }, blocks);
}

/** Tells the page that time stands still, or that each look at the clock takes so long, milliseconds. */
const slow = (page: Page, by: number) =>
  page.evaluate((by) => {
    let now = 0;
    performance.now = () => now += by;
  }, by);

/** Whether a preview is shown now. */
const hasPreview = (page: Page): Promise<boolean> =>
  page.evaluate(async () => {
    const module: string = "/page/session.js";
    return (await import(module)).session.editor.hover.isShown;
  });

/** Waits until a preview is shown. */
async function previewed(page: Page) {
  for (let i = 0; i < 200 && !await hasPreview(page); i++) {
    await page.waitForTimeout(50);
  }
  equal(await hasPreview(page), true);
}

/** Checks that no preview comes, for as long as one would take to be asked for. */
async function notPreviewed(page: Page) {
  await page.waitForTimeout(400);
  equal(await hasPreview(page), false);
}

Deno.test({
  name: "the tools of the editor",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    let asked: string[] = [];
    page.on("request", (request) => {
      if (request.method() !== "GET") {
        asked.push(new URL(request.url()).pathname);
      }
    });
    await outlineByBox(page);

    await t.step(
      "window, level and brightness change the picture alone",
      async () => {
        asked = [];
        const places: Place[] = [[60, 60], [130, 250], LESION];
        const colours = async () => [
          await colourAt(page, places[0]),
          await colourAt(page, places[1]),
        ];
        const before = await colours();
        await page.click("#display-open");
        equal(await page.isVisible("#display-note"), false);
        await page.fill("#window", "30");
        await page.fill("#level", "30");
        match((await page.textContent("#display-note"))!, /as before/);
        equal(await page.isVisible("#display-note"), true);
        const windowed = await colours();
        notDeepEqual(windowed, before);
        await page.fill("#level", "45");
        ok((await colours())[1][0] < windowed[1][0], "a high level darkens");
        await page.fill("#window", "100");
        await page.fill("#level", "50");
        await page.fill("#brightness", "60");
        ok((await colours())[1][0] > before[1][0] + 10, "it is brighter");
        await accessible(page, "display");
        match(
          (await page.getAttribute("#display-open", "title"))!,
          /another window or brightness/,
        );
        await page.click("#tone-reset");
        deepEqual(await colours(), before);
        equal(await page.isVisible("#display-note"), false);
        deepEqual(asked, []);
      },
    );

    await t.step("masks are shown as outline, fill or both", async () => {
      const blue = async () => (await colourAt(page, LESION))[2];
      const both = await blue();
      await page.fill("#opacity", "100");
      ok(await blue() < both - 40, "an opaque mask hides the picture");
      await page.check("input[value=outline]");
      ok(await blue() > both, "no fill");
      const edge: Place = await page.evaluate(async () => {
        const module: string = "/page/session.js";
        const { session } = await import(module);
        return session.editor.mask.outline()[0][0];
      });
      const isYellow = async () => {
        const [r, , b] = await colourAt(page, edge);
        return r - b > 100;
      };
      equal(await isYellow(), true);
      await page.check("input[value=fill]");
      await page.fill("#opacity", "5");
      equal(await isYellow(), false);
      await page.check("input[value=both]");
      await page.fill("#opacity", "17");
      await page.keyboard.press("Escape");
      equal(await page.isVisible("#display"), false);
    });

    await t.step("where the pointer rests, a click is previewed", async () => {
      await tool(page, "inside");
      await slow(page, 0);
      const before = await drawnArea(page);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, before);
      const area = await drawnArea(page);
      asked = [];
      await page.mouse.move(...await onScreen(page, 130, 150));
      await previewed(page);
      deepEqual(asked, ["/v1/masks"]);
      equal(await drawnArea(page), area, "nothing is changed");
      equal(await page.isEnabled("#redo"), false);
      await page.mouse.move(...await onScreen(page, 20, 20));
      asked = [];
      await page.mouse.move(...await onScreen(page, 20, 22));
      await page.mouse.move(5, 5);
      await notPreviewed(page);
      deepEqual(asked, []);
    });

    await t.step("an answer for a place that was left is dropped", async () => {
      let underWay = 0;
      let most = 0;
      await page.route("**/v1/masks", async (route) => {
        most = Math.max(most, ++underWay);
        const response = await route.fetch();
        await new Promise((resolve) => setTimeout(resolve, 300));
        underWay--;
        await route.fulfill({ response }).catch(() => {});
      });
      const asks = page.waitForRequest("**/v1/masks");
      await page.mouse.move(...await onScreen(page, 130, 150));
      await asks;
      const early = page.waitForResponse("**/v1/masks");
      await page.mouse.move(...await onScreen(page, 230, 250));
      await early;
      equal(await hasPreview(page), false);
      await previewed(page);
      equal(most, 1, "one request is under way at most");
      await page.unroute("**/v1/masks");
    });

    await t.step("a slow decoder is not asked again", async () => {
      await slow(page, 151);
      const answered = page.waitForResponse("**/v1/masks");
      await page.mouse.move(...await onScreen(page, 60, 60));
      await answered;
      await notPreviewed(page);
      asked = [];
      await page.mouse.move(...await onScreen(page, 160, 60));
      await notPreviewed(page);
      deepEqual(asked, []);
      const area = await drawnArea(page);
      await slow(page, 0);
      await page.mouse.click(...await onScreen(page, 150, 60));
      await decoded(page, area);
      await page.mouse.move(...await onScreen(page, 250, 60));
      await previewed(page);
    });

    await t.step("shapes are edits of the mask", async () => {
      await load(page, [
        [100, 100, 200, 200, 255],
        [140, 140, 150, 150, 0],
        [300, 300, 320, 320, 255],
      ]);
      const areas = async (id: string) => {
        await page.click(id);
        return await drawnArea(page);
      };
      equal(await drawnArea(page), 10_300);
      equal(await areas("#keep-largest"), 9_900);
      equal(
        await page.textContent("#status"),
        "The area changed by -400 pixels.",
      );
      equal(await areas("#fill-holes"), 10_000);
      equal(await areas("#fill-holes"), 10_000);
      equal(await page.textContent("#status"), "There are no holes.");
      const smoothed = await areas("#smooth");
      ok(smoothed < 10_000 && smoothed > 9_900, `${smoothed}`);
      for (const area of [10_000, 9_900, 10_300]) {
        equal(await areas("#undo"), area);
      }
      for (const area of [9_900, 10_000, smoothed]) {
        equal(await areas("#redo"), area);
      }
      await page.click("#clear");
      await page.click("#smooth");
      equal(await page.textContent("#status"), "There is nothing to smooth.");
    });

    await t.step("Space and a drag move the image", async () => {
      await tool(page, "brush");
      await page.mouse.move(...await onScreen(page, ...LESION));
      const [x, y] = await onScreen(page, ...LESION);
      await page.keyboard.down(" ");
      await page.mouse.down();
      await page.mouse.move(x + 50, y + 30);
      await page.mouse.up();
      await page.keyboard.up(" ");
      deepEqual(
        (await onScreen(page, ...LESION)).map(Math.round),
        [x + 50, y + 30].map(Math.round),
      );
      equal(await drawnArea(page), 0);
      await page.focus("#viewer");
      await page.keyboard.down(" ");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.up(" ");
      equal(
        Math.round((await onScreen(page, ...LESION))[0]),
        Math.round(x + 10),
      );
      equal(await drawnArea(page), 0, "Space alone paints nothing");
      await page.click("#zoom-fit");
    });

    await t.step("the keys are listed", async () => {
      await page.focus("#label");
      await page.keyboard.type("what?");
      equal(await page.isVisible("#shortcuts"), false);
      await page.fill("#label", "");
      await tool(page, "polygon");
      await page.mouse.click(...await onScreen(page, 60, 60));
      await page.focus("#viewer");
      await page.keyboard.press("?");
      equal(await page.isVisible("#shortcuts"), true);
      await accessible(page, "keys");
      await page.keyboard.press("b");
      await page.keyboard.press("Escape");
      equal(await page.isVisible("#shortcuts"), false);
      equal(await page.inputValue("input[name=tool]:checked"), "polygon");
      equal(await page.isVisible("#polygon-row"), true, "Esc closed the list");
      await page.click("#shortcuts-all");
      equal(await page.isVisible("#shortcuts"), true);
      await page.click("#shortcuts-close");
      await page.close();
    });

    await t.step(
      "the brush paints 12 megapixels without tracing them",
      async () => {
        const page = await visitor.open();
        const data = new Uint8Array(4000 * 3000).map((_, i) => i % 251);
        const image = { width: 4000, height: 3000, channels: 1 as const, data };
        await openFirst(page, png("photo.png", encodePng(image)));
        await tool(page, "brush");
        const traced = await page.evaluate(() => {
          const count = { traced: 0 };
          (globalThis as unknown as Record<string, unknown>).count = count;
          return import("/page/mask.js" as string).then(({ Mask }) => {
            const { outline } = Mask.prototype;
            Mask.prototype.outline = function () {
              count.traced++;
              return outline.call(this);
            };
            return count.traced;
          });
        });
        equal(traced, 0);
        const tracings = () =>
          page.evaluate(() =>
            (globalThis as unknown as { count: { traced: number } }).count
              .traced
          );
        const yellow = async (place: Place) => {
          const [r, , b] = await colourAt(page, place);
          return r - b > 8;
        };
        await page.mouse.move(...await onScreen(page, 1000, 1000));
        await page.mouse.down();
        for (let i = 1; i <= 10; i++) {
          await page.mouse.move(...await onScreen(page, 1000 + 150 * i, 1000));
        }
        equal(await yellow([1500, 1000]), true, "it is seen at once");
        equal(await yellow([1500, 1400]), false);
        equal(await tracings(), 0);
        await page.mouse.up();
        equal(await yellow([1500, 1000]), true);
        equal(await tracings(), 1);
        const painted = await drawnArea(page);
        ok(painted > 1500 * 100, `${painted}`);
        await tool(page, "eraser");
        await page.mouse.move(...await onScreen(page, 1750, 700));
        await page.mouse.down();
        for (let i = 1; i <= 10; i++) {
          await page.mouse.move(...await onScreen(page, 1750, 700 + 60 * i));
        }
        equal(await yellow([1750, 1000]), false, "it is gone at once");
        equal(await yellow([1300, 1000]), true);
        await page.mouse.up();
        const erased = await drawnArea(page);
        ok(erased < painted);
        await page.click("#undo");
        equal(await drawnArea(page), painted);
        await page.click("#undo");
        equal(await drawnArea(page), 0);
        await page.click("#redo");
        await page.click("#redo");
        equal(await drawnArea(page), erased);
        await page.close();
      },
    );

    await t.step("two fingers move the image", async () => {
      const page = await visitor.open(PHONE);
      await openFirst(page, visitPng(1));
      await tool(page, "brush");
      const [x, y] = await onScreen(page, ...LESION);
      const cdp = await page.context().newCDPSession(page);
      const touch = (
        type: "touchStart" | "touchMove" | "touchEnd",
        places: Place[],
      ) =>
        cdp.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: places.map(([x, y], id) => ({ x, y, id })),
        });
      const pair = (dx: number, dy: number): Place[] => [
        [x - 40 + dx, y + dy],
        [x + 40 + dx, y + dy],
      ];
      await touch("touchStart", pair(0, 0).slice(0, 1));
      await touch("touchStart", pair(0, 0));
      for (let i = 1; i <= 10; i++) {
        await touch("touchMove", pair(-3 * i, 6 * i));
      }
      await touch("touchEnd", []);
      const [nx, ny] = await onScreen(page, ...LESION);
      ok(
        Math.abs(nx - x + 30) < 4 && Math.abs(ny - y - 60) < 4,
        `${nx - x}, ${ny - y}`,
      );
      equal(await drawnArea(page), 0);
      await accessible(page, "outline, phone");
      await page.tap("#display-open");
      const inside = await page.evaluate(
        "document.documentElement.scrollWidth <= innerWidth",
      );
      equal(inside, true);
      await accessible(page, "display, phone");
      await page.close();
    });

    await t.step("arrow keys go through the film", async () => {
      const page = await visitor.open();
      await enrolByBox(page, visitPng(1), BOX);
      await choose(page, visitPng(2), visitPng(3));
      await finished(page);
      const shown = () =>
        page.evaluate(async () => {
          const module: string = "/page/session.js";
          await new Promise((done) => setTimeout(done, 200));
          return (await import(module)).session.shown.name;
        });
      const press = async (key: string) => {
        await page.keyboard.press(key);
        return await shown();
      };
      await page.click("#tiles li:nth-child(1) button");
      equal(await press("ArrowRight"), "visit-2");
      equal(await press("End"), "visit-3");
      equal(await press("ArrowRight"), "visit-3");
      equal(await press("ArrowLeft"), "visit-2");
      equal(await press("Home"), "visit-1");
      equal(await press("Delete"), "visit-1");
      equal((await held(page)).length, 3, "a reference is not removed so");
      equal(await press("ArrowRight"), "visit-2");
      await press("Delete");
      deepEqual((await held(page)).map(({ name }) => name), [
        "visit-1",
        "visit-3",
      ]);
      await page.keyboard.press("Control+z");
      await page.focus("#viewer");
      await press("PageUp");
      await press("PageUp");
      equal(await shown(), "visit-1");
      equal(await press("ArrowRight"), (await held(page))[1].name);
      await page.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
