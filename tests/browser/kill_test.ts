import { deepEqual, equal, ok } from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { mulberry32 } from "../../lib/numerics/random.ts";
import { drawVisit, VISIT_COUNT } from "../../lib/sample/patient.ts";
import { length } from "../support/length.ts";
import {
  BOX,
  decoded,
  drag,
  hasChromium,
  onScreen,
  openFirst,
  png,
  tool,
  Visitor,
} from "./browser.ts";

const IMAGES = 30;
const KILLS = length(5, 20);
/** What was on the screen for so long is there again, milliseconds. */
const GRACE = 300;

/** What is on the screen. */
interface Seen {
  at: number;
  shown: string;
  /** What is drawn in the editor, if anything. */
  drawn: { name: string; counts: string; corners: number } | null;
  /** The outline of every image that is segmented, by name. */
  outlines: Record<string, string>;
}

/** An image whose name tells its number. */
function numbered(n: number) {
  const { image } = drawVisit(n % VISIT_COUNT + 1);
  const data = image.data.slice();
  // No two images are the same.
  data.fill(n, 0, 64);
  return png(
    `image-${String(n).padStart(2, "0")}.png`,
    encodePng({ ...image, data }),
  );
}

const LOOK = `(async () => {
  const { session } = await import("/page/session.js");
  globalThis.look = () => {
    const { shown, edited, editor, items } = session;
    const { rle, steps } = editor?.touched ? editor.drawing : {};
    return {
      at: Date.now(),
      shown: shown?.name ?? "",
      drawn: rle ? { name: edited.name, counts: rle.counts, corners: steps.at(-1).polygon.corners.length } : null,
      outlines: Object.fromEntries(items.flatMap(({ name, rle }) => rle ? [[name, rle.counts]] : [])),
    };
  };
  return look();
})()`;

/** Has the page tell what is on the screen, over and over. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(LOOK);
  await page.evaluate(`setInterval(() => seen(look()), 50)`);
}

/** Does what a user may do next. */
async function doSomething(page: Page, random: () => number): Promise<void> {
  const pick = (n: number) => Math.floor(random() * n);
  const place = (): [number, number] => [40 + pick(300), 40 + pick(300)];
  const tiles = page.locator("#tiles [data-state=done]");
  if (await page.isVisible("#outline")) {
    const choice = pick(6);
    if (choice < 2) {
      await tool(page, "brush");
      await drag(page, place(), place());
    } else if (choice === 2) {
      await tool(page, "polygon");
      for (let i = 0; i < 3; i++) {
        await page.mouse.click(...await onScreen(page, ...place()));
      }
    } else if (choice === 3) await page.click("#undo:enabled");
    else if (choice === 4) {
      await tool(page, "brush");
      await drag(page, place(), place());
      await page.click("#accept:enabled");
    } else await tiles.nth(pick(await tiles.count())).click();
  } else if (await page.isVisible("#correct") && pick(3) > 0) {
    await page.click("#correct");
  } else await tiles.nth(pick(await tiles.count())).click();
}

Deno.test({
  name:
    `a tab that is killed ${KILLS} times loses nothing that was on the screen`,
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const context: BrowserContext = await visitor.browser.newContext({
      viewport: { width: 1280, height: 800 },
    });
    const random = mulberry32(20_261_130);
    let seen: Seen[] = [];
    let [drawings, images] = [0, 0];
    await context.exposeBinding("seen", (_, one: Seen) => {
      seen.push(one);
    });
    let page = await context.newPage();
    await page.goto(visitor.server.url);
    await page.waitForSelector("html[data-ready]");
    await openFirst(
      page,
      ...Array.from({ length: IMAGES }, (_, i) => numbered(i)),
    );
    await tool(page, "box");
    await drag(page, ...BOX);
    await decoded(page, 0);
    const label = await page.inputValue("#patient");
    await page.click("#accept");
    // Some results are there to be corrected, while the others are on their way.
    await page.locator("#tiles [data-state=done]").nth(5).waitFor({
      timeout: 300_000,
    });
    await watch(page);

    for (let kill = 1; kill <= KILLS; kill++) {
      page.setDefaultTimeout(700);
      const until = Date.now() + 1500 + random() * 4000;
      while (Date.now() < until) {
        // What the screen does not offer just now is left.
        await doSomething(page, random).catch(() => {});
      }
      const session = await context.newCDPSession(page);
      // What was kept since the last look may be there again as well.
      await page.evaluate("seen(look())");
      const killed = Date.now();
      session.send("Page.crash").catch(() => {});
      await page.waitForEvent("crash", { timeout: 60_000 });
      await page.close();
      const known = seen.findLastIndex(({ at }) => at <= killed - GRACE);
      ok(known >= 0, "something was seen");
      const last = seen.slice(known);
      drawings += seen.filter(({ drawn }) => drawn !== null).length;
      images = Object.keys(last.at(-1)!.outlines).length;
      seen = [];

      page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`${visitor.server.url}/#/patients/${label}`);
      await page.waitForSelector("#tiles .tile");
      await page.waitForSelector(
        "#result:not([hidden]), #outline:not([hidden]), #add:not([hidden])",
      );
      const now = await page.evaluate(LOOK) as Seen;
      const about = `kill ${kill}`;
      ok(
        last.some(({ shown }) => shown === now.shown),
        `${about}: what is shown`,
      );
      for (const name of Object.keys(last[0]!.outlines)) {
        ok(
          last.some(({ outlines }) => outlines[name] === now.outlines[name]),
          `${about}: the outline of ${name}`,
        );
      }
      const drawn = last.map(({ drawn }) => JSON.stringify(drawn));
      const looks = last.map(({ at }, i) => `${at - killed} ms: ${drawn[i]}`);
      ok(
        drawn.includes(JSON.stringify(now.drawn)),
        `${about}: ${JSON.stringify(now.drawn)} is none of ${looks.join("; ")}`,
      );
      equal(await page.locator("#tiles li:not(#plus)").count(), IMAGES, about);
      await watch(page);
    }
    ok(drawings > KILLS, `${drawings} looks at drawings`);
    ok(images > 5, `${images} images`);
    await context.close();
    deepEqual(visitor.complaints, []);
  },
});
