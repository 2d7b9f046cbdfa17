/**
 * How soon the page is usable, and how long an outline takes from the click, in a real browser.
 *
 *     deno run --allow-all tests/bench/page.ts
 */
import type { Page } from "playwright-core";
import { resizeNearest } from "../../lib/cli/score.ts";
import { encodePng } from "../../lib/image/encode_png.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { choose, onScreen, png, tool, Visitor } from "../page/browser.ts";

const ROUNDS = 15;

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const summary = (values: number[]) =>
  `${sorted(values)[values.length >> 1].toFixed(0)} ms at the median, ` +
  `${Math.max(...values).toFixed(0)} at the worst`;

/** Milliseconds from the pointer's press until the frame after the answer, in the page's own clock. */
async function clickToOutline(page: Page, x: number, y: number) {
  const at = await onScreen(page, x, y);
  const timing = page.evaluate(`(async () => {
    const { session } = await import("/page/session.js");
    const pressed = new Promise((resolve) =>
      addEventListener("pointerdown", () => resolve(performance.now()), { once: true, capture: true }));
    const frame = () => new Promise(requestAnimationFrame);
    const start = await pressed;
    while (!session.editor.busy) await frame();
    while (session.editor.busy) await frame();
    await frame();
    return performance.now() - start;
  })()`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await page.mouse.click(...at);
  return Number(await timing);
}

await using visitor = await Visitor.start();

const usable = [];
for (let i = 0; i < ROUNDS; i++) {
  const page = await visitor.browser.newPage();
  await page.goto(visitor.server.url);
  await page.waitForSelector("html[data-ready]");
  usable.push(
    Number(
      await page.evaluate("Number(document.documentElement.dataset.ready)"),
    ),
  );
  await page.close();
}
console.log(`The page is usable after ${summary(usable)}.`);

for (const [width, height] of [[384, 384], [4000, 3000]]) {
  const page = await visitor.open();
  const { data } = drawVisit(1).image;
  const small = { width: 384, height: 384, data };
  const image = {
    ...resizeNearest(small, width, height),
    channels: 1 as const,
  };
  await choose(page, png("image.png", encodePng(image)));
  await page.waitForSelector("#outline:not([hidden])");
  await tool(page, "inside");
  const first = [];
  const next = [];
  for (let i = 0; i < ROUNDS; i++) {
    const [sx, sy] = [width / 384, height / 384];
    first.push(await clickToOutline(page, 242 * sx, 138 * sy));
    next.push(await clickToOutline(page, 232 * sx, 128 * sy));
    await page.click("#clear");
  }
  console.log(
    `${width}×${height}: from the first click to the outline ${
      summary(first)
    }; ` +
      `from a click on an outline ${summary(next)}.`,
  );
  await page.close();
}
