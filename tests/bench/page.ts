/**
 * How soon the page is usable, and how long an outline takes from the click, in a real browser. Beside
 * wall time stands the CPU time of server and browser together, which is what it takes on idle cores.
 *
 *     deno run --allow-all tests/bench/page.ts
 */
import type { Page } from "playwright-core";
import { resizeNearest } from "../../lib/image/resize.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { choose, onScreen, png, tool, Visitor } from "../browser/browser.ts";

const ROUNDS = 15;

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const summary = (values: number[]) =>
  `${sorted(values)[values.length >> 1].toFixed(0)} ms at the median, ` +
  `${Math.max(...values).toFixed(0)} at the worst`;

/** CPU time of this process's descendants so far, milliseconds; 0 where /proc is absent. */
function processorTime(): number {
  const parents = new Map<number, { parent: number; ticks: number }>();
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const ticks = Number(fields[11]) + Number(fields[12]);
        parents.set(Number(name), { parent: Number(fields[1]), ticks });
      } catch { /* It has ended. */ }
    }
  } catch { /* There is no /proc. */ }
  const ours = (pid: number): boolean =>
    pid === Deno.pid || (parents.has(pid) && ours(parents.get(pid)!.parent));
  let ticks = 0;
  for (const [pid, one] of parents) {
    if (pid !== Deno.pid && ours(pid)) ticks += one.ticks;
  }
  return ticks * 10;
}

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
    const total = performance.now() - start;
    const answer = performance.getEntriesByType("resource")
      .findLast(({ name }) => name.endsWith("/v1/masks"));
    return [total, total - answer.duration];
  })()`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await page.mouse.click(...at);
  const [total, own] = await timing as [number, number];
  return { total, own };
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
  const owns = [];
  let spent = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const [sx, sy] = [width / 384, height / 384];
    first.push((await clickToOutline(page, 242 * sx, 138 * sy)).total);
    spent -= processorTime();
    const { total, own } = await clickToOutline(page, 232 * sx, 128 * sy);
    next.push(total);
    owns.push(own);
    spent += processorTime();
    await page.click("#clear");
  }
  console.log(
    `${width}×${height}: from the first click to the outline ${
      summary(first)
    }; ` +
      `from a click on an outline ${summary(next)}, ` +
      `of processor time ${(spent / ROUNDS).toFixed(0)} ms, ` +
      `of which all but the server's answer ${summary(owns)}.`,
  );
  await page.close();
}
