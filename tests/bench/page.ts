/**
 * How soon the page is usable; how long an outline takes from the click, a preview from where the pointer rests, and
 * a move of the brush, on a small picture and on a photo of 12 megapixels, in a real browser. Beside wall time stands
 * the CPU time of server and browser together, which is what it takes on idle cores.
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
/** The least value that so large a part of all values does not exceed. */
const quantile = (values: number[], part: number) =>
  sorted(values)[Math.ceil(part * values.length) - 1];
const summary = (values: number[]) =>
  `${quantile(values, 0.5).toFixed(1)} ms at the median, ` +
  `${quantile(values, 0.95).toFixed(1)} at p95`;

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

/** Milliseconds from the pointer's last move until a preview is drawn; none where the decoder is too slow for one. */
async function hoverToPreview(page: Page, x: number, y: number) {
  const at = await onScreen(page, x, y);
  const timing = page.evaluate(`(async () => {
    const { session } = await import("/page/session.js");
    const start = await new Promise((resolve) =>
      addEventListener("pointermove", () => resolve(performance.now()), { once: true, capture: true }));
    const frame = () => new Promise(requestAnimationFrame);
    const { hover } = session.editor;
    while (!hover.isShown && performance.now() - start < 1000) await frame();
    await frame();
    return hover.isShown ? performance.now() - start : null;
  })()`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await page.mouse.move(...at);
  return await timing as number | null;
}

/** Milliseconds of the page's work for each move of a stroke: its handlers, and the frame that shows it. */
async function brushMoves(page: Page, width: number, height: number) {
  await page.evaluate(`{
    globalThis.moves = [];
    const after = new MessageChannel();
    const waiting = [];
    after.port1.onmessage = () => {
      const { handled, begun } = waiting.shift();
      moves.push(handled + performance.now() - begun);
    };
    let start = 0, begun = 0;
    addEventListener("pointermove", () => {
      start = performance.now();
      requestAnimationFrame(() => begun = performance.now());
    }, { capture: true });
    addEventListener("pointermove", () => {
      const handled = performance.now() - start;
      requestAnimationFrame(() => {
        waiting.push({ handled, begun });
        after.port2.postMessage(null);
      });
    });
  }`);
  await page.mouse.move(...await onScreen(page, width * 0.2, height * 0.5));
  await page.mouse.down();
  for (let i = 0; i < 200; i++) {
    const [x, y] = [0.2 + 0.6 * i / 200, 0.5 + 0.3 * Math.sin(i / 12)];
    await page.mouse.move(...await onScreen(page, width * x, height * y));
  }
  await page.mouse.up();
  return await page.evaluate("moves.slice(1)") as number[];
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
  const previews = [];
  for (let i = 0; i < 2 * ROUNDS; i++) {
    const [x, y] = [100 + 170 * (i % 2), 110 + 8 * i];
    const time = await hoverToPreview(page, x * width / 384, y * height / 384);
    if (time !== null) previews.push(time);
    // A quick answer to a click lets a decoder be asked that was slow once.
    else await clickToOutline(page, 242 * width / 384, 138 * height / 384);
  }
  console.log(
    previews.length === 0
      ? `${width}×${height}: the decoder is too slow for previews.`
      : `${width}×${height}: from where the pointer rests to the preview ${
        summary(previews)
      }, of ${previews.length} of ${2 * ROUNDS} places.`,
  );
  await tool(page, "brush");
  const moves = await brushMoves(page, width, height);
  console.log(
    `${width}×${height}: a move of the brush ${
      summary(moves)
    }, of ${moves.length} moves.`,
  );
  await page.close();
}
