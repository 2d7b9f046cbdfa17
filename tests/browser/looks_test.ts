import { deepEqual, equal, match } from "node:assert/strict";
import type { Page } from "playwright-core";
import {
  accessible,
  choose,
  finished,
  hasChromium,
  onScreen,
  Visitor,
} from "./browser.ts";
import { overlaps } from "./overlaps.js";

/** CSS pixels. */
const SIZES: [number, number][] = [
  [320, 568],
  [360, 640],
  [640, 360],
  [844, 390],
  [768, 1024],
  [1280, 800],
  [1920, 1080],
  [3840, 2160],
];
/** Windows whose pages can be zoomed. */
const ZOOMED = SIZES.filter(([width]) => width >= 768 && width !== 844);
/** Where axe looks in the light; it looks at the widest of them in the dark too. */
const AXE: [number, number][] = [[320, 568], [640, 360], [1280, 800]];

const NO_IMAGE = {
  name: "note.png",
  mimeType: "text/plain",
  buffer: new TextEncoder().encode("hello"),
};

/** A folder for a picture of every state at every size; none are taken without it. */
const pictures = Deno.env.get("PICTURES");

/** The page in a window of this size. Zooming to 200 % halves it, in CSS pixels. */
async function show(
  page: Page,
  [width, height]: [number, number],
  zoom = 1,
): Promise<void> {
  const size = { width: width / zoom, height: height / zoom };
  await page.setViewportSize(size);
  // The page lays itself out anew before the next picture, and its canvas after that.
  const shown = await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done({ width: innerWidth, height: innerHeight })))))",
  );
  deepEqual(shown, size);
}

/** Checks a state of the page at all sizes. @param image whether an image is shown */
async function looksGood(page: Page, state: string, image: boolean) {
  const sizes = [
    ...SIZES.map((size) => [size, 1] as const),
    ...ZOOMED.map((size) => [size, 2] as const),
  ];
  const wrong: string[] = [];
  for (const [size, zoom] of sizes) {
    await show(page, size, zoom);
    const name = `${state}_${size.join("x")}${zoom === 2 ? "_zoomed" : ""}`;
    for (const colorScheme of pictures ? ["light", "dark"] as const : []) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: `${pictures}/${name}_${colorScheme}.jpg`,
        type: "jpeg",
        scale: "css",
      });
    }
    for (const end of [0, 1e6]) {
      await page.evaluate(
        `document.querySelector(".panel").scrollTop = ${end}`,
      );
      const found = await overlaps(page);
      wrong.push(...found.map((text) => `${name}: ${text}`));
    }
    if (!image) continue;
    const [left, top] = await onScreen(page, 0, 0);
    const [right, bottom] = await onScreen(page, 384, 384);
    if (right - left < 96) wrong.push(`${name}: the image is tiny`);
    for (const id of ["#tools", "#zoom"]) {
      const box = await page.locator(id).boundingBox();
      if (box === null) continue;
      const apart = box.x >= right || box.x + box.width <= left ||
        box.y >= bottom || box.y + box.height <= top;
      if (!apart) wrong.push(`${name}: ${id} covers the image`);
    }
  }
  deepEqual(wrong, []);
  for (const size of AXE) {
    await show(page, size);
    await page.emulateMedia({ colorScheme: "light" });
    await accessible(page, `${state}, ${size.join("x")}`);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page, `${state}, dark`);
  await page.emulateMedia({ colorScheme: "light" });
}

Deno.test({
  name: "the page at all sizes, in the light and in the dark",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    // Colours on their way from light to dark have no contrast.
    const page = await visitor.open({ reducedMotion: "reduce" });

    await t.step("start", () => looksGood(page, "start", false));

    await t.step("what overlaps is found", async () => {
      const footer = (style: string) =>
        page.evaluate(
          `document.querySelector("footer").style.cssText = "${style}"`,
        );
      await footer("position: fixed; inset: 0");
      const found = await overlaps(page);
      await footer("");
      match(found.join("\n"), /P²SAM Edge.*Not a medical device.*overlap/);
      deepEqual(await overlaps(page), []);
    });

    await t.step("outline", async () => {
      await page.click("#sample");
      await page.waitForSelector("#outline:not([hidden])");
      await looksGood(page, "outline", true);
    });

    await t.step("how images are displayed", async () => {
      await page.click("#display-open");
      await looksGood(page, "display", true);
      await page.click("#display-open");
    });

    await t.step("results", async () => {
      await page.click("#accept");
      await finished(page);
      await looksGood(page, "results", true);
    });

    await t.step("a long notice", async () => {
      await page.evaluate(async () => {
        const module: string = "/page/messages.js";
        const { showNotice } = await import(module);
        showNotice("Something is to be said at length about files. ".repeat(9));
      });
      await looksGood(page, "notice", true);
      await page.click("#notice-close");
    });

    await t.step("all that can be unfolded, and a file left out", async () => {
      await choose(page, NO_IMAGE);
      await page.waitForSelector("#left-out:not([hidden])");
      await page.evaluate(
        `document.querySelectorAll(".panel details").forEach((one) => one.open = true)`,
      );
      await looksGood(page, "unfolded", true);
      await page.click("#left-out-close");
    });

    await t.step("dialogs", async () => {
      await page.click("#explain");
      await page.waitForSelector("#explanation[open]");
      await looksGood(page, "explanation", false);
      await page.click("#explanation-close");
      await page.click("#shortcuts-open");
      await looksGood(page, "keys", false);
      await page.click("#shortcuts-close");
      await page.click("#scale-open");
      await looksGood(page, "scale", false);
      await page.click("#scale-cancel");
      await page.evaluate(`document.querySelector("#key").showModal()`);
      await looksGood(page, "key", false);
      await page.evaluate(`document.querySelector("#key").close()`);
    });

    await t.step("the report", async () => {
      await page.click("#report-open");
      await looksGood(page, "report", false);
      // It is longer than a window, and is read to its end.
      await page.evaluate("scrollTo(0, 1e6)");
      equal(await page.evaluate("scrollY > 0"), true);
      await page.evaluate("scrollTo(0, 0)");
      await page.click("#report-close");
    });

    await t.step("a start with a patient that is kept", async () => {
      await page.goto(visitor.server.url);
      await page.waitForSelector("#kept a");
      await looksGood(page, "kept", false);
    });

    deepEqual(visitor.complaints, []);
    await page.close();
  },
});

Deno.test({
  name: "a first visit is guided by the sample patient in three steps",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    // One context has one browser's storage.
    const context = await visitor.browser.newContext();
    const open = async () => {
      const page = await context.newPage();
      await page.goto(visitor.server.url);
      await page.waitForSelector("html[data-ready]");
      return page;
    };
    const page = await open();
    const guide = () =>
      page.$$eval(
        ".guide:not([hidden])",
        (all) => all.map(({ id }) => id),
      );
    deepEqual(await guide(), ["guide-open"]);
    await page.click("#sample");
    await page.waitForSelector("#outline:not([hidden])");
    deepEqual(await guide(), ["guide-outline"]);
    await page.click("#accept");
    await finished(page);
    deepEqual(await guide(), ["guide-results"]);
    await page.click("#guide-results-end");
    deepEqual(await guide(), []);

    // Another tab of this browser knows it; one without the sample patient is not guided on.
    const again = await open();
    equal(await again.isVisible(".guide"), false);
    await again.click("#sample");
    await again.waitForSelector("#outline:not([hidden])");
    equal(await again.isVisible(".guide"), false);
  },
});
