import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { imageBody } from "../../functions/body/image.ts";
import { dice } from "../../lib/core/mask.ts";
import { describeMask } from "../../lib/format/mask/document.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeImage } from "../../lib/image/decode.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { Receipt } from "../../lib/receipt/receipt.ts";
import { drawVisit, VISIT_COUNT } from "../../lib/sample/patient.ts";
import { hasOneshot, ONESHOT } from "../support/oneshot.ts";
import {
  accessible,
  BOX,
  type Box,
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
  PHONE,
  pinch,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

/** A place in the background of the first visit. */
const ELSEWHERE: [number, number] = [60, 60];

/** Width of the photo over that of the phantom. */
const SCALE = 3000 / 384;

/** A real CT series beside the checkout; only where the service reads DICOM. */
const CT = new URL("../dicom/ct-3slice/", ONESHOT);
/** The liver on its first slice. */
const LIVER: Box = [[92, 154], [256, 333]];
const hasCt = hasOneshot && "application/dicom" in imageBody;

const LIMITS = { maxPixels: 25_000_000 };

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/**
 * A visit as a phone stores a photo taken in portrait: 4000 × 3000 pixels that lie on their side, and
 * EXIF orientation 6, which says so. Upright it is 3000 × 4000.
 */
async function sidewaysPhoto(page: Page, n: number): Promise<Uint8Array> {
  const base64: string = await page.evaluate(`(async () => {
    const answer = await fetch("/page/sample/visit-${n}.png");
    const picture = await createImageBitmap(await answer.blob());
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [4000, 3000];
    const context = canvas.getContext("2d");
    // Upright (x, y) is stored at (y, 3000 - x).
    context.setTransform(0, -1, 1, 0, 0, 3000);
    context.drawImage(picture, 0, 500, 3000, 3000);
    return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
  })()`);
  const jpeg = Buffer.from(base64, "base64");
  // APP1: "Exif", a big-endian TIFF head, one entry: Orientation (0x0112), SHORT, 1, 6.
  // deno-fmt-ignore
  const exif = [
    0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8,
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0,
  ];
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Uint8Array.from(exif),
    jpeg.subarray(2),
  ]);
}

Deno.test({
  name: "the page",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const { server } = visitor;

    await t.step(
      "end to end: outline, results, correction, downloads",
      async () => {
        const page = await visitor.open();
        await accessible(page, "start");
        await openFirst(page, visitPng(1));
        equal(await page.isDisabled("#accept"), true);

        // A click inside, undo, redo, and then a box.
        await page.mouse.click(...await onScreen(page, ...LESION));
        await decoded(page, 0);
        const clicked = await drawnArea(page);
        ok(clicked > 0);
        await page.click("#undo");
        equal(await drawnArea(page), 0);
        await page.click("#redo");
        equal(await drawnArea(page), clicked);
        await tool(page, "box");
        await drag(page, ...BOX);
        await decoded(page, clicked);
        await accessible(page, "outline");
        await page.click("#accept");
        await page.waitForSelector("#add:not([hidden])");
        await accessible(page, "add");

        await choose(page, visitPng(3), visitPng(2));
        await finished(page);
        const items = await held(page);
        deepEqual(items.map(({ name }) => name), [
          "visit-1",
          "visit-2",
          "visit-3",
        ], "in the order of their names");
        for (const [i, { rle, area }] of items.entries()) {
          const mask = decodeRle(rle);
          equal(mask.data.filter((value) => value > 0).length, area);
          const score = dice(mask.data, drawVisit(i + 1).mask.data);
          ok(score > 0.7, `Dice of visit ${i + 1}: ${score}`);
        }
        equal(await page.textContent("#result-title"), "visit-3");
        match((await page.textContent("#facts"))!, /Expected overlap\d+%/);
        match(
          (await page.getAttribute("#plot .uplot", "aria-label"))!,
          new RegExp(`visit-3 ${items[2].area.toLocaleString("en")} px$`),
        );
        await accessible(page, "results");

        const rle = await download(page, "#save-rle");
        equal(rle.name, "visit-3_rle.json");
        deepEqual(JSON.parse(text(rle.bytes)), items[2].rle);
        const mask = decodeRle(items[2].rle);
        const picture = await download(page, "#save-png");
        deepEqual(await decodeMask(picture.bytes, LIMITS), mask);
        const { polygons } = JSON.parse(
          text((await download(page, "#save-polygons")).bytes),
        );
        ok(polygons.length > 0);
        const receipt = await download(page, "#save-receipt");
        equal(receipt.name, "visit-3_receipt.json");
        const { mask: { area } } = Receipt.parse(
          JSON.parse(text(receipt.bytes)),
        );
        equal(area, items[2].area);

        await page.click("#explain");
        await page.waitForSelector("#explanation[open]");
        match(
          (await page.textContent("#explanation-why"))!,
          /^n = \d has the smallest distance, [\d.]+/,
        );
        equal(await page.isVisible("#explanation-note"), false);
        match(
          (await page.getAttribute("#explanation-picture", "aria-label"))!,
          /^n = 1: distance .*, chosen/,
        );
        await accessible(page, "explanation");
        const explained = await download(page, "#explanation-save");
        equal(explained.name, "visit-3_explain.png");
        // Five rows of four tiles.
        const drawn = await decodeImage(explained.bytes, LIMITS);
        ok(drawn.width > 1200 && drawn.height > 5 * 300);
        await page.click("#explanation-close");
        equal(await page.isVisible("#explanation"), false);

        const table = text((await download(page, "#save-table")).bytes);
        match(
          table,
          new RegExp(
            `^visit-3,target,true,${items[2].area},,-?[\\d.]+,,,segmented,0\\.`,
            "m",
          ),
        );

        // Part of the outline is erased, and a click brings it back.
        await page.click("#correct");
        await page.waitForSelector("#outline:not([hidden])");
        const before = await drawnArea(page);
        await tool(page, "eraser");
        const box = describeMask(drawVisit(3).mask).box!;
        const middle: [number, number] = [
          (box[0] + box[2]) / 2,
          (box[1] + box[3]) / 2,
        ];
        await drag(page, middle, [box[2] + 10, middle[1]]);
        ok(await drawnArea(page) < before, "the eraser takes away");
        const erased = await drawnArea(page);
        await tool(page, "inside");
        await page.mouse.click(
          ...await onScreen(page, box[2] - 6, middle[1]),
        );
        await decoded(page, erased);
        ok(await drawnArea(page) > erased, "a click gives back");
        await accessible(page, "correction");
        await page.click("#accept");
        await page.waitForSelector("#result:not([hidden])");
        equal(await page.textContent("#result-badge"), "Corrected by hand");
        await page.click("#accept-result");
        await page.getByText("Reference", { exact: true }).waitFor();
        const id = await page.textContent("#who-id");
        const { body } = await server.json(`/v1/patients/${id}`);
        deepEqual(
          body.references.map((r: { reference: string }) =>
            r.reference.slice(0, 6)
          ),
          ["ref-1-", "ref-2-"],
        );
        const [sent, fragment] = page.url().split("#");
        ok(!sent.includes(id!), "no id in what is sent of the address");
        equal(fragment, `/patients/${id}`);

        page.once("dialog", (dialog) => dialog.accept());
        await page.click("#erase");
        await page.waitForSelector("#start:not([hidden])");
        equal((await server.request(`/v1/patients/${id}`)).status, 404);
        await page.close();
      },
    );

    await t.step(
      "the sample patient is one click away, in the dark",
      async () => {
        const page = await visitor.open({ colorScheme: "dark" });
        await accessible(page, "start, dark");
        await page.click("#sample");
        await page.waitForSelector("#outline:not([hidden])");
        await accessible(page, "outline, dark");
        await page.click("#accept");
        await finished(page);
        const items = await held(page);
        equal(items.length, VISIT_COUNT);
        for (const [i, { rle }] of items.entries()) {
          const score = dice(decodeRle(rle).data, drawVisit(i + 1).mask.data);
          ok(score > 0.7, `Dice of visit ${i + 1}: ${score}`);
        }
        await accessible(page, "results, dark");
        await page.close();
      },
    );

    await t.step("by keyboard alone", async () => {
      const page = await visitor.open();
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const tabTo = async (id: string) => {
        for (let i = 0; i < 40; i++) {
          if (
            await page.evaluate("document.activeElement?.id") === id
          ) {
            return;
          }
          await press("Tab");
        }
        throw new Error(`#${id} cannot be reached with Tab.`);
      };
      await tabTo("sample");
      await press("Enter");
      await page.waitForSelector("#outline:not([hidden])");
      await press("Shift+Tab");
      await tabTo("clear");
      await press("Enter");
      equal(await drawnArea(page), 0);
      await page.focus("#viewer");
      // A stroke of the brush: to the right from the middle of the image.
      await press("b", "Enter", "ArrowRight", "ArrowRight", "Enter");
      const painted = await drawnArea(page);
      ok(painted > 0);
      await press("Control+z");
      equal(await drawnArea(page), 0);
      // A polygon around the middle, closed where it began.
      await press("p", "Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowDown");
      await press("Enter", "Shift+ArrowLeft", "Enter", "Enter");
      ok(await drawnArea(page) > 0);
      await press("Control+z", "Escape");
      // A click.
      await press("i", "Enter");
      await decoded(page, 0);
      await tabTo("accept");
      await press("Enter");
      await finished(page);
      await tabTo("correct");
      await press("Enter");
      await page.waitForSelector("#outline:not([hidden])");
      await page.close();
    });

    await t.step("on a phone", async () => {
      const page = await visitor.open(PHONE);
      const fits = () =>
        page.evaluate("document.documentElement.scrollWidth <= innerWidth");
      ok(await fits(), "start");
      await page.tap("#sample");
      await page.waitForSelector("#outline:not([hidden])");
      ok(await fits(), "outline");
      await page.tap("#clear");
      await page.touchscreen.tap(...await onScreen(page, ...LESION));
      await decoded(page, 0);
      await accessible(page, "outline, phone");
      await page.tap("#accept");
      await finished(page);
      ok(await fits(), "results");
      await accessible(page, "results, phone");
      const small = await page.$$eval(
        "button, a, label",
        (all) =>
          all.map((one) => ({
            text: one.textContent,
            box: one.getBoundingClientRect(),
          }))
            .filter(({ box }) => box.width > 0 && box.height > 0)
            .filter(({ box }) => box.width < 24 || box.height < 24)
            .map(({ text }) => text),
      );
      deepEqual(small, [], "targets of at least 24 pixels");
      await page.close();
    });

    await t.step("errors are shown where they happen", async () => {
      const page = await visitor.open();
      const says = async (id: string, words: RegExp) => {
        await page.waitForSelector(id);
        match((await page.textContent(id))!, words);
      };
      const note = { mimeType: "text/plain", buffer: Buffer.from("hello") };
      await choose(page, { name: "note.png", ...note });
      await says("#start-problem", /wanted PNG, JPEG/);
      await page.fill("#patient", "Jane Doe");
      await choose(page, visitPng(1));
      await says("#patient-problem", /letters, digits/);
      await page.fill("#patient", "p-errors");

      await openFirst(page, visitPng(1));
      equal(await page.isVisible("#start-problem"), false);
      await tool(page, "brush");
      await page.fill("#size", "4");
      await page.mouse.click(...await onScreen(page, ...ELSEWHERE));
      await page.click("#accept");
      await says("#outline-problem", /annotation|mask/i);
      await page.fill("#label", "<b>");
      await page.click("#accept");
      await says("#label-problem", /letters, digits/);
      await page.fill("#label", "lesion");

      await page.context().setOffline(true);
      await tool(page, "inside");
      await page.mouse.click(...await onScreen(page, ...LESION));
      await says("#notice", /not responding/);
      await page.context().setOffline(false);
      await tool(page, "box");
      await drag(page, ...BOX);
      await decoded(page, await drawnArea(page));
      await page.click("#accept");
      await page.waitForSelector("#add:not([hidden])");

      const whole = visitPng(2);
      const cut = { ...whole, buffer: whole.buffer.subarray(0, 40_000) };
      await choose(page, { ...cut, name: "a.png" }, {
        ...whole,
        name: "b.png",
      });
      await finished(page);
      deepEqual((await held(page)).map(({ state }) => state), [
        "done",
        "failed",
        "done",
      ]);
      await page.click("#tiles li:nth-child(2) button");
      await says("#result-problem", /cut short|truncated/i);
      await accessible(page, "failed");
      await page.click("#remove");
      equal((await held(page)).length, 2);
      await page.close();
    });

    await t.step("a known patient needs no new outline", async () => {
      const page = await visitor.open();
      await page.fill("#patient", "p-errors");
      await page.press("#patient", "Tab");
      await page.getByText("(lesion)").waitFor();
      await choose(page, visitPng(3));
      await page.waitForSelector("#result:not([hidden])");
      await page.waitForSelector("#filmstrip-bar", { state: "hidden" });
      const [item] = await held(page);
      ok(dice(decodeRle(item.rle).data, drawVisit(3).mask.data) > 0.7);
      await page.close();
    });

    await t.step("an embedding that has expired is made again", async () => {
      const page = await visitor.open();
      await enrolByBox(page);
      await choose(page, visitPng(2));
      await finished(page);
      await page.click("#correct");
      await page.waitForSelector("#outline:not([hidden])");
      let asked = 0;
      await page.route("**/v1/masks", (route) => {
        if (asked++ > 0) return route.continue();
        const body = route.request().postDataJSON();
        const unknown = { ...body, embedding: "0".repeat(64) };
        return route.continue({ postData: JSON.stringify(unknown) });
      });
      const before = await drawnArea(page);
      await tool(page, "outside");
      const box = describeMask(drawVisit(2).mask).box!;
      await page.mouse.click(...await onScreen(page, box[0] + 5, box[3] - 12));
      await decoded(page, before);
      equal(asked, 2);
      equal(await page.isVisible("#notice"), false);
      await page.close();
    });

    await t.step(
      "a long wait can be cancelled and tried again",
      async () => {
        const page = await visitor.open();
        await enrolByBox(page);
        await choose(page, visitPng(2), visitPng(3), visitPng(4), visitPng(5));
        await page.click("#filmstrip-cancel");
        await finished(page);
        const states = (await held(page)).map(({ state }) => state);
        equal(states.at(-1), "cancelled");
        await page.click("#tiles li:nth-child(5) button");
        await page.click("#retry");
        await page.waitForSelector("#downloads:not([hidden])");
        equal((await held(page)).at(-1)!.state, "done");
        await page.close();
      },
    );

    await t.step(
      "a portrait photo of 12 megapixels comes back upright",
      async () => {
        const page = await visitor.open();
        const photo = async (n: number) => ({
          name: `photo-${n}.jpg`,
          mimeType: "image/jpeg",
          buffer: await sidewaysPhoto(page, n),
        });
        // The phantom fills the width, 3000 of 384 pixels, in the middle of the height.
        const upright = ([x, y]: [number, number]): [number, number] => [
          x * SCALE,
          500 + y * SCALE,
        ];
        await enrolByBox(page, await photo(1), [
          upright(BOX[0]),
          upright(BOX[1]),
        ]);
        await choose(page, await photo(2));
        await finished(page);
        const [, { rle, size }] = await held(page);
        deepEqual(size, { width: 3000, height: 4000 });
        deepEqual(rle.size, [4000, 3000]);
        const truth = drawVisit(2).mask;
        const mask = decodeRle(rle);
        const low = truth.data.map((_, i) => {
          const [x, y] = upright([i % 384 + 0.5, Math.floor(i / 384) + 0.5]);
          return mask.data[Math.floor(y) * 3000 + Math.floor(x)];
        });
        const score = dice(low, truth.data);
        ok(score > 0.7, `Dice ${score}`);
        await page.close();
      },
    );

    await t.step(
      "what the browser cannot show is shown by the server",
      async () => {
        const page = await visitor.open();
        const tiff = await Deno.readFile(
          new URL("../parity/golden/images/rgb-lzw.tiff", import.meta.url),
        );
        await openFirst(page, {
          name: "scan.tiff",
          mimeType: "image/tiff",
          buffer: tiff,
        });
        const type = await page.evaluate(async () => {
          const module: string = "/page/session.js";
          return (await import(module)).session.items[0].source.type;
        });
        equal(type, "image/png");
        await page.close();
      },
    );

    await t.step(
      "zoomed and dragged, the brush paints under the pointer",
      async () => {
        const page = await visitor.open();
        await openFirst(page, visitPng(1));
        await tool(page, "brush");
        for (let i = 0; i < 3; i++) await page.click("#zoom-in");
        await page.mouse.move(...await onScreen(page, ...LESION));
        await page.mouse.wheel(0, -300);
        await page.mouse.down({ button: "middle" });
        const [x, y] = await onScreen(page, ...LESION);
        await page.mouse.move(x - 60, y + 40);
        await page.mouse.up({ button: "middle" });
        equal(await drawnArea(page), 0, "dragging paints nothing");
        const moved = await onScreen(page, ...LESION);
        ok(Math.abs(moved[0] - x + 60) < 2 && Math.abs(moved[1] - y - 40) < 2);
        await page.mouse.click(...moved);
        const box: number[] = await page.evaluate(`(async () => {
        const { session } = await import("/page/session.js");
        return session.editor.mask.outline()[0].reduce(
          ([x0, y0, x1, y1], [x, y]) =>
            [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)],
          [999, 999, 0, 0],
        );
      })()`);
        ok(Math.abs((box[0] + box[2]) / 2 - LESION[0]) < 1.5, `${box}`);
        ok(Math.abs((box[1] + box[3]) / 2 - LESION[1]) < 1.5, `${box}`);
        await page.close();
      },
    );

    await t.step("two fingers zoom and paint nothing", async () => {
      const page = await visitor.open(PHONE);
      await openFirst(page, visitPng(1));
      await tool(page, "brush");
      const ratio = await pinch(page, 192, 192);
      ok(ratio > 2.5 && ratio < 3.5, `zoomed ${ratio} times`);
      equal(await drawnArea(page), 0);
      await page.close();
    });

    await t.step({
      name: "a CT series in DICOM, and a segmentation that refers to it",
      ignore: !hasCt,
      async fn() {
        const page = await visitor.open();
        const slice = async (n: number) => ({
          name: `0${n}.dcm`,
          mimeType: "application/dicom",
          buffer: await Deno.readFile(new URL(`0${n}.dcm`, CT)),
        });
        await enrolByBox(page, await slice(1), LIVER);
        await choose(page, await slice(2), await slice(3));
        await finished(page);
        for (const { state, area } of await held(page)) {
          equal(state, "done");
          ok(area > 15_000 && area < 35_000, `${area} pixels of liver`);
        }
        // By the place of their slices, the last one comes first.
        const names = (await held(page)).map(({ name }) => name);
        deepEqual(names, ["03", "02", "01"]);
        const show = async (name: string) => {
          await page.click(
            `#tiles li:nth-child(${names.indexOf(name) + 1}) button`,
          );
          await page.getByRole("heading", { name }).waitFor();
        };
        await show("03");
        const { name, bytes } = await download(page, "#save-source");
        equal(name, "03_seg.dcm");
        equal(text(bytes.subarray(128, 132)), "DICM");

        // The reference and the corrected slice are saved as they were drawn.
        await page.click("#correct");
        await page.waitForSelector("#outline:not([hidden])");
        await tool(page, "brush");
        await drag(page, [300, 60], [330, 60]);
        await page.click("#accept");
        const items = await held(page);
        for (const n of [3, 1]) {
          await show(`0${n}`);
          const { name, bytes } = await download(page, "#save-source");
          equal(name, `0${n}_seg.dcm`);
          const image = { bytes: (await slice(n)).buffer };
          deepEqual(
            await decodeMask(bytes, LIMITS, { image }),
            decodeRle(items[names.indexOf(name.slice(0, 2))].rle),
          );
        }
        await page.close();
      },
    });

    for (const set of ["brain-tumor-mr", "polyp-endoscopy"]) {
      await t.step({
        name: `real images: ${set}`,
        ignore: !hasOneshot,
        async fn() {
          const images = new URL(`${set}/Images/`, ONESHOT);
          const subject = [...Deno.readDirSync(images)].map(({ name }) => name)
            .sort()[0];
          const names = [...Deno.readDirSync(new URL(subject, images))]
            .map(({ name }) => name).sort().slice(0, 3);
          const annotation = async (name: string) =>
            await decodeMask(
              await Deno.readFile(
                new URL(
                  `${set}/Annotations/${subject}/${
                    name.replace(/\.\w+$/, ".png")
                  }`,
                  ONESHOT,
                ),
              ),
              LIMITS,
            );
          const file = async (name: string) => ({
            name,
            mimeType: name.endsWith("png") ? "image/png" : "image/jpeg",
            buffer: await Deno.readFile(new URL(`${subject}/${name}`, images)),
          });
          const page = await visitor.open();
          const [x0, y0, x1, y1] = describeMask(await annotation(names[0]))
            .box!;
          const box: Box = [[x0, y0], [x1, y1]];
          await enrolByBox(page, await file(names[0]), box);
          await choose(page, ...await Promise.all(names.slice(1).map(file)));
          await finished(page);
          const items = await held(page);
          deepEqual(items.map(({ state }) => state), ["done", "done", "done"]);
          const scores = [];
          for (const [i, { rle }] of items.entries()) {
            scores.push(
              dice(decodeRle(rle).data, (await annotation(names[i])).data),
            );
          }
          ok(scores[0] > 0.7, `Dice of the boxed reference: ${scores[0]}`);
          ok(
            Math.max(...scores.slice(1)) > 0.5,
            `Dice of the next: ${scores.slice(1)}`,
          );
          await page.close();
        },
      });
    }

    await t.step("the browser had nothing to complain about", () => {
      deepEqual(visitor.complaints, []);
    });
  },
});
