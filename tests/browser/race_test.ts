import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { encodeRle } from "../../lib/format/mask/rle.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import {
  BOX,
  choose,
  decoded,
  download,
  drag,
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
  pinch,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** Holds back requests to an address, or the responses to them, until they are released. */
async function holdBack(page: Page, url: string, what = "request") {
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await page.route(url, async (route) => {
    if (route.request().method() === "DELETE") return await route.continue();
    const response = what === "response" ? await route.fetch() : undefined;
    asked.resolve();
    await gate.promise;
    // The page may have cancelled the request meanwhile.
    await (response ? route.fulfill({ response }) : route.continue())
      .catch(() => {});
  });
  return { asked: asked.promise, release: gate.resolve };
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
        await enrolByBox(page);
        await choose(page, visitPng(2), visitPng(3));
        await finished(page);
        // The picture of the second image takes longer to decode than that of the third.
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
      sample.release();
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
      patient.release();
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
      // The server enrols the reference, but its response is held back.
      const enrolment = await holdBack(
        page,
        "**/v1/patients/*/references/*",
        "response",
      );
      await page.click("#accept");
      await enrolment.asked;
      await page.click("#reject");
      enrolment.release();
      await page.waitForSelector("#start:not([hidden])");
      await settled(page);
      equal(await page.isVisible("#work"), false);
      await enrolByBox(page);
      deepEqual((await held(page)).map(({ state }) => state), ["done"]);
      await page.close();
    });

    for (const drawing of ["brush", "polygon"]) {
      await t.step(
        `a late answer to a click does not undo a ${drawing}`,
        async () => {
          const page = await visitor.open();
          await openFirst(page, visitPng(1));
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
          click.release();
          await page.waitForFunction(async () => {
            const module: string = "/page/session.js";
            return !(await import(module)).session.editor.busy;
          });
          equal(await drawnArea(page), drawn);
          // The drawing is all that the history holds: one stroke, or three corners and what closed them.
          await page.click("#undo");
          equal(await drawnArea(page), 0);
          if (drawing === "polygon") {
            for (let i = 0; i < 3; i++) await page.click("#undo");
          }
          equal(await page.isDisabled("#undo"), true);
          await page.close();
        },
      );
    }

    for (const name of ["inside", "polygon"]) {
      await t.step(`two fingers zoom and leave no ${name} point`, async () => {
        const page = await visitor.open(PHONE);
        await openFirst(page, visitPng(1));
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
          return (await import(module)).viewer.polygon.corners.length;
        });
        equal(corners, 0);
        equal(await drawnArea(page), 0);
        await page.close();
      });
    }

    await t.step("a press that is dragged is no click", async () => {
      const page = await visitor.open();
      await openFirst(page, visitPng(1));
      await drag(page, LESION, [60, 60]);
      equal(await page.isDisabled("#accept"), true);
      await settled(page);
      equal(await drawnArea(page), 0);
      await page.mouse.click(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      await page.close();
    });

    await t.step(
      "the outline that is shown is the one that was enrolled",
      async () => {
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
        enrolment.release();
        await page.waitForSelector("#add:not([hidden])");
        equal((await held(page))[0].area, outlined);
        await page.close();
      },
    );

    await t.step("a late result does not replace a correction", async () => {
      const page = await visitor.open();
      await enrolByBox(page);
      const result = await holdBack(
        page,
        "**/v1/patients/*/segmentations*",
        "response",
      );
      await choose(page, visitPng(2));
      await result.asked;
      await page.click("#filmstrip-cancel");
      await page.click("#tiles li:nth-child(2) button");
      await page.waitForSelector("#open-mask:not([hidden])");
      const rle = encodeRle(drawVisit(1).mask);
      await page.setInputFiles("#mask-file", {
        name: "mask.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(rle)),
      });
      await page.waitForSelector("#accept:enabled");
      const asked = page.waitForRequest("**/v1/patients/*/segmentations*");
      await page.click("#filmstrip-retry");
      await asked;
      await page.click("#accept");
      await page.waitForSelector("#accept-result:not([hidden])");
      result.release();
      await finished(page);
      const item = (await held(page))[1];
      deepEqual([item.state, item.rle], ["done", rle]);
      // Without the correction, there is no result.
      await page.click("#undo-deed");
      await page.waitForSelector("#retry:not([hidden])");
      equal((await held(page))[1].state, "unasked");
      await page.click("#retry");
      await finished(page);
      equal((await held(page))[1].state, "done");
      await page.close();
    });

    await t.step("an explanation is saved by its image's name", async () => {
      const page = await visitor.open();
      await enrolByBox(page);
      await choose(page, visitPng(2), visitPng(3));
      await finished(page);
      await page.click("#tiles li:nth-child(2) button");
      await page.click("#explain");
      await page.waitForSelector("#explanation[open]");
      match(
        await page.textContent("#explanation-title") ?? "",
        /target .* visit-2$/,
      );
      // As when a running queue shows its next result.
      await page.evaluate(async () => {
        const module: string = "/page/session.js";
        const { session } = await import(module);
        session.shown = session.items[2];
      });
      const saved = await download(page, "#explanation-save");
      equal(saved.name, "visit-2_explain.png");
      await page.close();
    });

    await t.step(
      "the references are those of the patient named last",
      async () => {
        const page = await visitor.open();
        await enrolByBox(page);
        const known = await page.inputValue("#patient");
        await page.goto(visitor.server.url);
        await page.waitForSelector("html[data-ready]");
        const answer = await holdBack(page, `**/v1/patients/${known}`);
        await page.fill("#patient", known);
        await page.press("#patient", "Tab");
        await answer.asked;
        await page.fill("#patient", "p-other");
        answer.release();
        await settled(page);
        match(await page.textContent("#patient-hint") ?? "", /random code/);
        await page.close();
      },
    );

    await t.step("images added after a cancel are segmented", async () => {
      const page = await visitor.open();
      await enrolByBox(page);
      const reading = await holdBack(page, "**/v1/embeddings*");
      await choose(page, visitPng(2), visitPng(3));
      await reading.asked;
      const added = { ...visitPng(4), buffer: Buffer.from(visitPng(4).buffer) };
      // Both at once, before the cancelled run has ended.
      await page.evaluate(async ({ name, bytes }) => {
        const module: string = "/page/queue.js";
        const { cancelSegmenting, itemOf, queue } = await import(module);
        cancelSegmenting();
        const file = new File([new Uint8Array(bytes)], name);
        queue([itemOf({ file, path: name }, null)]);
      }, { name: added.name, bytes: [...added.buffer] });
      reading.release();
      await finished(page);
      deepEqual((await held(page)).map(({ name, state }) => [name, state]), [
        ["visit-1", "done"],
        ["visit-2", "cancelled"],
        ["visit-3", "cancelled"],
        ["visit-4", "done"],
      ]);
      await page.close();
    });

    await t.step(
      "an image that waited is segmented once it is back",
      async () => {
        const page = await visitor.open();
        await enrolByBox(page);
        const asked = await holdBack(page, "**/segmentations?*");
        await choose(page, visitPng(2), visitPng(3));
        await asked.asked;
        await page.click("#tiles li:nth-child(3) button");
        await page.waitForSelector("#remove:not([hidden])");
        await page.click("#remove");
        asked.release();
        await finished(page);
        deepEqual((await held(page)).map(({ state }) => state), [
          "done",
          "done",
        ]);
        await page.keyboard.press("Control+z");
        await page.locator("#status", { hasText: "Undone" })
          .waitFor({ state: "attached" });
        await finished(page);
        deepEqual((await held(page)).map(({ name, state }) => [name, state]), [
          ["visit-1", "done"],
          ["visit-2", "done"],
          ["visit-3", "done"],
        ]);
        await page.close();
      },
    );

    await t.step(
      "images wait where a reference in use has become doubtful",
      async () => {
        const page = await visitor.open();
        await enrolByBox(page);
        const asked = await holdBack(page, "**/segmentations?*");
        await choose(page, visitPng(2));
        await asked.asked;
        // A weak one is accepted during the run.
        await page.evaluate(`(async () => {
        const { session } = await import("/page/session.js");
        const [structure] = session.structures;
        const [reference] = structure.references;
        structure.references.push({
          ...reference,
          reference: "weak",
          createdAt: "2026-01-01T00:00:00.000Z",
          report: { ...reference.report, verdict: "weak", advice: "It is weak." },
        });
      })()`);
        await choose(page, visitPng(3), visitPng(4));
        await page.waitForSelector("#tiles li:nth-child(4) button");
        asked.release();
        await page.waitForSelector("#held:not([hidden])");
        equal(
          await page.textContent("#held-title"),
          "Segment 2 images with this reference?",
        );
        deepEqual((await held(page)).map(({ state }) => state), [
          "done",
          "done",
          "waiting",
          "waiting",
        ]);
        await page.click("#held-go");
        await finished(page);
        deepEqual((await held(page)).map(({ state }) => state), [
          "done",
          "done",
          "done",
          "done",
        ]);
        await page.close();
      },
    );

    await t.step("single letters act on the image alone", async () => {
      const page = await visitor.open();
      await openFirst(page, visitPng(1));
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
