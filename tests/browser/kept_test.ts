import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Page } from "playwright-core";
import { describeMask } from "../../lib/format/mask/document.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { toNifti } from "../support/dicom_files.ts";
import { Server } from "../support/server.ts";
import {
  accessible,
  BOX,
  choose,
  decoded,
  drag,
  drawnArea,
  enrolByBox,
  finished,
  hasChromium,
  held,
  LESION,
  onScreen,
  openFirst,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** What the page's own modules say. */
// deno-lint-ignore no-explicit-any -- the page's modules have no types here
const ask = <T>(page: Page, question: (session: any) => T): Promise<T> =>
  page.evaluate(`(async () => {
    const { session } = await import("/page/session.js");
    const { flush } = await import("/page/kept.js");
    await flush();
    return (${question})(session);
  })()`);

/** Until every change is written; then the page is loaded anew. */
async function reload(page: Page): Promise<void> {
  await ask(page, () => 0);
  await page.reload();
  await page.waitForSelector("html[data-ready]");
}

const shownName = (page: Page) => page.textContent("#result-title");
const patientOf = (page: Page) => page.inputValue("#patient");

/** Corners, in image pixels. */
const POLYGON: [number, number][] = [[60, 60], [120, 60], [90, 120]];

Deno.test({
  name: "what one has done is kept in the browser",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    let patient = "";

    await t.step("an open polygon and clicks of the first image", async () => {
      await openFirst(page, visitPng(1), visitPng(2));
      patient = await patientOf(page);
      equal(new URL(page.url()).hash, `#/patients/${patient}`);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      const area = await drawnArea(page);
      await tool(page, "polygon");
      for (const corner of POLYGON) {
        await page.mouse.click(...await onScreen(page, ...corner));
      }
      await page.fill("#label", "lesion");
      await reload(page);
      await page.waitForSelector("#outline:not([hidden])");
      equal(await drawnArea(page), area);
      equal(await page.inputValue("#label"), "lesion");
      equal(await page.isChecked("input[value=polygon]"), true);
      const corners = await ask(
        page,
        ({ editor }) => editor.drawing.steps.at(-1).polygon.corners.length,
      );
      equal(corners, 3);
      // The polygon is closed at its first corner, and undone corner by corner.
      await page.mouse.click(...await onScreen(page, 60, 60));
      ok(await drawnArea(page) > area);
      for (let i = 0; i < 4; i++) await page.click("#undo");
      equal(await drawnArea(page), area);
    });

    await t.step("results, corrections and what is shown", async () => {
      await page.click("#accept");
      await finished(page);
      await page.click("#correct");
      await tool(page, "brush");
      await drag(page, [60, 60], [110, 60]);
      await page.click("#accept");
      await page.waitForSelector("#result:not([hidden])");
      const before = await held(page);
      deepEqual(before.map(({ state }) => state), ["done", "done"]);
      await reload(page);
      await page.waitForSelector("#result:not([hidden])");
      deepEqual(await held(page), before);
      equal(await shownName(page), "visit-2");
      equal(await page.textContent("#result-badge"), "Corrected by hand");
      equal(await page.locator("#tiles canvas").count(), 2);
      match(
        await page.textContent("#tiles li:nth-child(2) .note") ?? "",
        /^Edited · /,
      );
    });

    await t.step("brush work on a tile that one leaves", async () => {
      await page.click("#correct");
      const before = await drawnArea(page);
      await tool(page, "brush");
      await drag(page, [60, 200], [110, 200]);
      const painted = await drawnArea(page);
      ok(painted > before);
      await page.click("#tiles li:nth-child(1) button");
      await page.waitForSelector("#outline", { state: "hidden" });
      equal(
        await page.textContent("#tiles li:nth-child(2) .note"),
        "Being drawn",
      );
      await reload(page);
      await page.waitForSelector("#result:not([hidden])");
      await page.click("#tiles li:nth-child(2) button");
      await page.waitForSelector("#outline:not([hidden])");
      equal(await drawnArea(page), painted);
      await page.click("#undo");
      equal(await drawnArea(page), before);
      await page.click("#reject");
      await page.waitForSelector("#result:not([hidden])");
    });

    await t.step(
      "Back leads to the start, Forward and a list lead on",
      async () => {
        const before = await held(page);
        await page.goBack();
        await page.waitForSelector("#start:not([hidden])");
        await page.waitForSelector("#kept a");
        equal(await page.textContent("#kept a"), patient);
        match(await page.textContent("#kept li .hint") ?? "", /^2 images · le/);
        await accessible(page, "start with kept patients");
        await page.goForward();
        await page.waitForSelector("#result:not([hidden])");
        deepEqual(await held(page), before);
        await page.goBack();
        await page.click("#kept a");
        await page.waitForSelector("#result:not([hidden])");
        deepEqual(await held(page), before);
      },
    );

    await t.step("images that were waiting are segmented", async () => {
      await page.route("**/v1/patients/*/segmentations*", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 5000));
        await route.continue().catch(() => {});
      });
      await choose(page, visitPng(3), visitPng(4));
      await page.waitForSelector("#tiles li:nth-child(5)");
      await page.unroute("**/v1/patients/*/segmentations*");
      await reload(page);
      await page.waitForSelector("#tiles li:nth-child(5)");
      await finished(page);
      deepEqual((await held(page)).map(({ name, state }) => [name, state]), [
        ["visit-1", "done"],
        ["visit-2", "done"],
        ["visit-3", "done"],
        ["visit-4", "done"],
      ]);
    });

    await t.step("images for a patient whose code is typed", async () => {
      await page.goBack();
      await page.waitForSelector("#kept a");
      await page.fill("#patient", patient);
      await choose(page, visitPng(5));
      await page.waitForSelector("#tiles li:nth-child(6)");
      await finished(page);
      deepEqual(
        (await held(page)).map(({ name }) => name),
        [1, 2, 3, 4, 5].map((n) => `visit-${n}`),
      );
    });

    await t.step("erasing the patient erases what is kept", async () => {
      page.once("dialog", (dialog) => dialog.accept());
      await page.click("#erase");
      await page.waitForSelector("#start:not([hidden])");
      equal(new URL(page.url()).hash, "");
      const left = await page.evaluate(async () => {
        const module: string = "/page/libraries/idb/build/index.js";
        const { openDB } = await import(module);
        const open = await openDB("p2sam");
        return await Promise.all(
          ["sessions", "items", "files"].map((name) => open.count(name)),
        );
      });
      deepEqual(left, [0, 0, 0]);
      equal(await page.locator("#kept a").count(), 0);
      await page.close();
    });

    await t.step("a browser that keeps nothing says so once", async () => {
      const context = await visitor.browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(
        `IDBFactory.prototype.open = () => {
          throw new DOMException("Not here", "SecurityError");
        };`,
      );
      await page.goto(visitor.server.url);
      await page.waitForSelector("html[data-ready]");
      await openFirst(page, visitPng(1));
      await page.waitForSelector("#notice:not([hidden])");
      match(
        await page.textContent("#notice-text") ?? "",
        /not kept in this browser: it does not allow that/,
      );
      await page.click("#notice-close");
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      equal(await page.isVisible("#notice"), false);
      // Leaving would lose the drawing.
      const asked = page.waitForEvent("dialog");
      const closing = page.close({ runBeforeUnload: true });
      const dialog = await asked;
      equal(dialog.type(), "beforeunload");
      await dialog.accept();
      await closing;
      await context.close();
    });

    await t.step("a file without room keeps out nothing else", async () => {
      const context = await visitor.browser.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      await page.addInitScript(`
        const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (value) {
          if (globalThis.isFull || value.blob?.size > 5_000_000) {
            throw new DOMException("Full", "QuotaExceededError");
          }
          return put.call(this, value);
        };
      `);
      await page.goto(visitor.server.url);
      await page.waitForSelector("html[data-ready]");
      const notice = (text: RegExp) =>
        page.locator("#notice-text").filter({ hasText: text }).waitFor();
      const { buffer } = visitPng(2);
      const large = new Uint8Array(buffer.length + 12_000_000);
      large.set(buffer);
      for (let at = buffer.length; at < large.length; at += 60_000) {
        crypto.getRandomValues(large.subarray(at, at + 60_000));
      }
      const names = () =>
        ask(
          page,
          ({ items, later }) =>
            [...items, ...later].map(({ name }: { name: string }) => name),
        );
      await openFirst(
        page,
        visitPng(1),
        { ...visitPng(2), buffer: large },
        visitPng(3),
      );
      await notice(/^Not all of your work is kept .* no more room/);
      await page.click("#notice-close");
      await tool(page, "brush");
      await drag(page, [60, 160], [110, 160]);
      deepEqual(await names(), ["visit-1", "visit-2", "visit-3"]);
      const area = await drawnArea(page);
      ok(area > 0);
      await reload(page);
      await page.waitForSelector("#outline:not([hidden])");
      equal(await drawnArea(page), area);
      deepEqual(await names(), ["visit-1", "visit-3"]);

      // It is told when it is so, each time that it becomes so.
      await tool(page, "brush");
      const fill = async (isFull: boolean) => {
        await page.evaluate(`globalThis.isFull = ${isFull}`);
        await drag(page, [60, 160], [110, 160]);
        await ask(page, () => 0);
      };
      for (let i = 0; i < 2; i++) {
        await fill(true);
        await notice(/^Your work is not kept .* no more room/);
        await page.click("#notice-close");
        await fill(true);
        equal(await page.isVisible("#notice"), false);
        await fill(false);
      }
      await fill(true);
      await notice(/^Your work is not kept .* no more room/);
      await fill(false);
      equal(await page.isVisible("#notice"), false);
      await context.close();
    });

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});

Deno.test({
  name:
    "images that could not be opened wait, and those that were let go of do not",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const names = () =>
      ask(page, ({ items, later }) => [
        items.map(({ name }: { name: string }) => name),
        later.map(({ name }: { name: string }) => name),
      ]);
    const gate = Promise.withResolvers<void>();
    await page.route("**/v1/embeddings*", async (route) => {
      await gate.promise;
      await route.continue().catch(() => {});
    });
    await choose(page, visitPng(1), visitPng(2), visitPng(3));
    await page.click("#busy-cancel");
    await page.waitForSelector("#start:not([hidden])");
    gate.resolve();
    await page.unroute("**/v1/embeddings*");
    await openFirst(page, visitPng(4));
    deepEqual(await names(), [["visit-4"], []]);
    await page.click("#reject");
    await page.waitForSelector("#start:not([hidden])");

    await page.route("**/v1/embeddings*", (route) => route.abort());
    await choose(page, visitPng(1), visitPng(2));
    await page.waitForSelector("#start-problem:not([hidden])");
    await page.unroute("**/v1/embeddings*");
    // The same ones again, one more, and another file of the same name.
    await openFirst(page, visitPng(1), visitPng(2), visitPng(3), {
      ...visitPng(4),
      name: "visit-2.png",
    });
    const [shown, later] = await names();
    deepEqual(shown, ["visit-1"]);
    deepEqual(later.map((name: string) => name.slice(0, 7)), [
      "visit-2",
      "visit-2",
      "visit-3",
    ]);
    equal(new Set(later).size, 3, "no two names are one");
    await page.context().close();
  },
});

Deno.test({
  name: "what is drawn on a frame of a volume waits there",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const go = async (key: string, text: string) => {
      await page.focus("#frame");
      await page.keyboard.press(key);
      await page.waitForSelector("#outline", { state: "hidden" });
      await page.waitForSelector("#outline:not([hidden])");
      equal(await page.textContent("#frame-number"), text);
    };
    const volume = toNifti([1, 2].map((n) => drawVisit(n).image));
    const mimeType = "application/octet-stream";
    await openFirst(page, { name: "scan.nii", mimeType, buffer: volume });
    await tool(page, "brush");
    await drag(page, [60, 60], [110, 60]);
    const painted = await drawnArea(page);
    ok(painted > 0);
    await go("ArrowRight", "2 of 2");
    equal(await drawnArea(page), 0);
    await go("ArrowLeft", "1 of 2");
    equal(await drawnArea(page), painted);

    // A frame that does not open leaves the one before as it was.
    await page.route("**/v1/embeddings*", (route) => route.abort());
    await go("ArrowRight", "1 of 2");
    match(await page.textContent("#outline-problem") ?? "", /not responding/);
    equal(await drawnArea(page), painted);
    await page.unroute("**/v1/embeddings*");
    const gate = Promise.withResolvers<void>();
    await page.route("**/v1/embeddings*", async (route) => {
      await gate.promise;
      await route.continue().catch(() => {});
    });
    const slide = async () => {
      await page.focus("#frame");
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("#busy:not([hidden])");
    };
    await slide();
    await page.click("#busy-cancel");
    await page.waitForSelector("#outline:not([hidden])");
    equal(await page.textContent("#frame-number"), "1 of 2");
    equal(await drawnArea(page), painted);
    await slide();
    await reload(page);
    await page.waitForSelector("#outline:not([hidden])");
    equal(await page.textContent("#frame-number"), "1 of 2");
    equal(await drawnArea(page), painted);
    gate.resolve();
    await page.unroute("**/v1/embeddings*");
    await go("ArrowRight", "2 of 2");
    await reload(page);
    await page.waitForSelector("#outline:not([hidden])");
    equal(await page.textContent("#frame-number"), "2 of 2");
    await tool(page, "box");
    const [x0, y0, x1, y1] = describeMask(drawVisit(2).mask).box!;
    await drag(page, [x0, y0], [x1, y1]);
    await decoded(page, 0);
    await page.click("#accept");
    await page.waitForSelector("#tiles [data-state=done] >> nth=1");
    // The other frame is an image of its own now, with what was begun on it.
    equal(
      await page.textContent("#tiles li:nth-child(1) .note"),
      "Being drawn",
    );
    await page.click("#tiles li:nth-child(1) button");
    await page.waitForSelector("#outline:not([hidden])");
    equal(await drawnArea(page), painted);
    await page.context().close();
  },
});

Deno.test({
  name: "an image that is not prepared yet is drawn on once it is",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const volume = toNifti([2, 1, 3].map((n) => drawVisit(n).image));
    const mimeType = "application/octet-stream";
    await openFirst(page, { name: "scan.nii", mimeType, buffer: volume });
    await tool(page, "brush");
    await drag(page, [60, 60], [110, 60]);
    const painted = await drawnArea(page);
    await page.focus("#frame");
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector("#outline", { state: "hidden" });
    await page.waitForSelector("#outline:not([hidden])");
    await tool(page, "box");
    await drag(page, ...BOX);
    await decoded(page, 0);
    let gate = Promise.withResolvers<void>();
    // The page may have cancelled the request meanwhile.
    await page.route("**/v1/embeddings*", async (route) => {
      await gate.promise;
      await route.continue().catch(() => {});
    });
    await page.click("#accept");
    await page.waitForSelector("#tiles [data-state=working]");

    const isTold = () =>
      page.locator("#busy-text", { hasText: /can draw on it/ }).waitFor();
    const draft = () =>
      ask(page, ({ items }) => items[0].drafts[0]?.rle.size.join());

    await t.step("a drawing waits, whatever else is shown", async () => {
      await page.click("#tiles li:nth-child(1) button");
      await isTold();
      equal(await page.isVisible("#outline"), false);
      await page.click("#tiles li:nth-child(2) button");
      await page.waitForSelector("#result:not([hidden])");
      equal(await page.isVisible("#busy"), false);
      equal(await draft(), "384,384");
    });

    await t.step("after a reload too, and then opens by itself", async () => {
      await page.click("#tiles li:nth-child(1) button");
      await isTold();
      await reload(page);
      await isTold();
      equal(await draft(), "384,384");
      gate.resolve();
      await page.waitForSelector("#outline:not([hidden])");
      equal(await drawnArea(page), painted);
      await page.click("#reject");
      await finished(page);
    });

    await t.step("so does the outline of another structure", async () => {
      gate = Promise.withResolvers();
      const others = toNifti([4, 5].map((n) => drawVisit(n).image));
      await choose(page, { name: "b.nii", mimeType, buffer: others });
      await page.click("#tiles li:nth-child(5) button");
      const begin = async () => {
        await page.fill("#new-structure", "organ");
        await page.click("#structures form button");
        await isTold();
      };
      await begin();
      await page.click("#busy-cancel");
      await page.waitForSelector("#busy", { state: "hidden" });
      equal(await page.locator("#structures .swatch").count(), 1);
      await begin();
      gate.resolve();
      await page.waitForSelector("#outline:not([hidden])");
      match(await page.textContent("#outline-title") ?? "", /organ/);
      const [width, height] = await ask(
        page,
        ({ editor }) => [editor.mask.width, editor.mask.height],
      );
      deepEqual([width, height], [384, 384]);
    });

    await page.context().close();
  },
});

Deno.test({
  name: "one tab keeps a patient, and another one says that it does not",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const context = await visitor.browser.newContext();
    const one = await context.newPage();
    await one.goto(visitor.server.url);
    await one.waitForSelector("html[data-ready]");
    await enrolByBox(one);
    await choose(one, visitPng(2));
    await finished(one);
    const before = await held(one);
    const other = await context.newPage();
    other.on("dialog", (dialog) => dialog.accept());
    const correct = async (page: Page) => {
      await page.click("#tiles li:nth-child(2) button");
      await page.click("#correct");
      await tool(page, "brush");
      await drag(page, [60, 200], [110, 200]);
      await page.click("#accept");
      await page.waitForSelector("#accept-result:not([hidden])");
      return (await held(page))[1].area;
    };

    await t.step("nothing of the other tab is kept", async () => {
      await other.goto(one.url());
      await other.waitForSelector("#notice:not([hidden])");
      match(
        await other.textContent("#notice-text") ?? "",
        /open in another tab.*Nothing that you do here is kept/,
      );
      ok(await correct(other) > before[1].area);
      await choose(one, visitPng(3));
      await one.waitForSelector("#tiles li:nth-child(4)");
      await finished(one);
      await reload(one);
      await one.waitForSelector("#tiles li:nth-child(4)");
      deepEqual((await held(one)).slice(0, 2), before);
      equal(await one.isVisible("#notice"), false);
    });

    await t.step("and it erases nothing that is open", async () => {
      await other.click("#erase");
      await other.locator("#notice-text", { hasText: /Close that tab/ })
        .waitFor();
      await other.goto(visitor.server.url);
      await other.click("#kept button");
      await other.waitForSelector("#start-problem:not([hidden])");
      match(
        await other.textContent("#start-problem") ?? "",
        /open in another tab/,
      );
      await reload(one);
      await one.waitForSelector("#tiles li:nth-child(4)");
      equal((await held(one)).length, 3);
    });

    await t.step("until the patient is left", async () => {
      await one.close();
      await other.click("#kept a");
      await other.waitForSelector("#tiles li:nth-child(4)");
      equal(await other.isVisible("#notice"), false);
      const area = await correct(other);
      await reload(other);
      await other.waitForSelector("#tiles li:nth-child(4)");
      equal((await held(other))[1].area, area);
      await context.close();
    });
  },
});

Deno.test({
  name: "the first outline is there until it is used",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    await page.click("#sample");
    await page.waitForSelector("#outline:not([hidden])");
    const area = await drawnArea(page);
    ok(area > 0);
    await reload(page);
    await page.waitForSelector("#outline:not([hidden])");
    equal(await drawnArea(page), area);
    const waiting = () => ask(page, ({ later }) => later.length);
    for (let left = await waiting(); left > 0; left--) {
      await page.click("#reject");
      while (await waiting() === left) await page.waitForTimeout(50);
      await page.waitForSelector("#outline:not([hidden])");
    }
    await page.click("#reject");
    await page.waitForSelector("#start:not([hidden])");

    const volume = toNifti([1, 2].map((n) => drawVisit(n).image));
    const mimeType = "application/octet-stream";
    await openFirst(
      page,
      { name: "a.nii", mimeType, buffer: volume },
      visitPng(3),
    );
    const tile = "#tiles li:nth-child(1) button";
    await page.click(tile);
    await page.waitForSelector("#outline:not([hidden])");
    equal(await drawnArea(page), 0);
    // Not while another frame is on its way, which is let go of.
    const gate = Promise.withResolvers<void>();
    await page.route("**/v1/embeddings*", async (route) => {
      await gate.promise;
      await route.continue().catch(() => {});
    });
    await page.focus("#frame");
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector("#outline", { state: "hidden" });
    await page.click(tile);
    await page.waitForSelector("#outline:not([hidden])");
    equal(await page.textContent("#frame-number"), "1 of 2");
    gate.resolve();
    await page.unroute("**/v1/embeddings*");
    await tool(page, "box");
    await drag(page, ...BOX);
    await decoded(page, 0);
    equal(await page.textContent("#frame-number"), "1 of 2");
    await page.click("#accept");
    await page.waitForSelector("#tiles [data-state=done]");
    await page.context().close();
  },
});

Deno.test({
  name: "another first image is the next that waits, and no frame is lost",
  ignore: !hasChromium,
  async fn() {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const names = () =>
      ask(
        page,
        ({ items, later }) =>
          [...items, ...later].map(({ name }: { name: string }) => name),
      );
    const said: string[] = [];
    const reject = async (answer: "accept" | "dismiss") => {
      page.once("dialog", async (dialog) => {
        said.push(dialog.message());
        await dialog[answer]();
      });
      await page.click("#reject");
    };
    const volume = toNifti([1, 2].map((n) => drawVisit(n).image));
    await openFirst(
      page,
      {
        name: "a.nii",
        mimeType: "application/octet-stream",
        buffer: volume,
      },
      visitPng(2),
      visitPng(3),
    );
    await tool(page, "brush");
    await drag(page, [60, 60], [110, 60]);
    await page.focus("#frame");
    await page.keyboard.press("ArrowRight");
    await page.waitForSelector("#outline", { state: "hidden" });
    await page.waitForSelector("#outline:not([hidden])");
    equal(await drawnArea(page), 0);
    await reject("dismiss");
    deepEqual(said, ["Throw away what you have drawn on this image?"]);
    deepEqual(await names(), ["a", "visit-2", "visit-3"]);
    await reject("accept");
    await page.getByText("visit-2").first().waitFor();
    await page.waitForSelector("#outline:not([hidden])");
    deepEqual(await names(), ["visit-2", "visit-3"]);

    // A stroke that the keyboard has begun is part of the drawing.
    await tool(page, "brush");
    await page.focus("#viewer");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowRight");
    await reject("dismiss");
    equal(said.length, 3);
    const area = await drawnArea(page);
    ok(area > 0);
    await page.focus("#viewer");
    await page.keyboard.press("Enter");
    for (let i = 0; i < 5; i++) await page.keyboard.press("Shift+ArrowDown");
    await page.click("#accept");
    await page.waitForSelector(
      "#tiles [data-state=done], #held:not([hidden])",
      {
        timeout: 120_000,
      },
    );
    ok((await held(page))[0]!.area > area, "the last stroke counts");
    await page.context().close();
  },
});

Deno.test({
  name: "a server that is gone loses nothing",
  ignore: !hasChromium,
  async fn() {
    const first = await Server.start({ MODEL: "nano", KV_PATH: ":memory:" });
    const { port } = new URL(first.url);
    await using visitor = await Visitor.of({ url: first.url });
    const page = await visitor.open();
    await enrolByBox(page);
    await choose(page, visitPng(2));
    await finished(page);
    const before = await held(page);
    await ask(page, () => 0);
    // The page's own files come from a server that has forgotten all else.
    await first.kill();
    await using _second = await Server.start({
      MODEL: "nano",
      KV_PATH: ":memory:",
      PORT: port,
    });
    await page.route("**/v1/**", (route) => route.abort());
    await page.reload();
    await page.waitForSelector("#notice:not([hidden])");
    match(
      await page.textContent("#notice-text") ?? "",
      /The server is not responding.* kept in this browser are shown/,
    );
    deepEqual(await held(page), before);
    equal(await shownName(page), "visit-2");
    await page.unroute("**/v1/**");
    await page.reload();
    await page.waitForSelector("#notice:not([hidden])");
    match(
      await page.textContent("#notice-text") ?? "",
      /no reference of this patient any more/,
    );
    deepEqual(await held(page), before);
    // The outline of the first image becomes a reference again.
    await page.click("#tiles li:nth-child(1) button");
    await page.click("#accept-result");
    await page.locator("#tiles .note", { hasText: /^Ref/ }).first().waitFor();
    await choose(page, visitPng(3));
    await page.waitForSelector("#tiles li:nth-child(4)");
    await finished(page);
    equal((await held(page)).at(2)?.state, "done");
  },
});
