import { deepEqual, equal, match, ok } from "node:assert/strict";
import { zipSync } from "fflate/browser";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { toSlices } from "../support/dicom_slices.ts";
import {
  accessible,
  BOX,
  choose,
  type Chosen,
  decoded,
  download,
  drag,
  finished,
  hasChromium,
  held,
  png,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";

const text = (content: string) => new TextEncoder().encode(content);
const zipped = (name: string, buffer: Uint8Array): Chosen => ({
  name,
  mimeType: "application/zip",
  buffer,
});

/** The visits as slices of one series, the first one lowest, in files whose names say another order. */
const [low, middle, high] = toSlices([1, 2, 3].map((n) => drawVisit(n).image));
const series = zipSync({
  "disc/": new Uint8Array(),
  "disc/IM1": high!,
  "disc/IM2": low!,
  "disc/IM3": middle!,
  "disc/notes.txt": text("about the images"),
  "disc/DICOMDIR": text("a list of the images"),
  "disc/.hidden.png": visitPng(1).buffer,
  "__MACOSX/disc/._IM1": text("what a system left"),
});

/** A visit, every pixel a square of pixels: more than 25 megapixels. */
function enlarged(n: number, times: number) {
  const { width, height, channels, data } = drawVisit(n).image;
  const grey = new Uint8Array(width * times * height * times);
  for (let y = 0; y < height * times; y++) {
    const row = Math.floor(y / times) * width;
    for (let x = 0; x < width * times; x++) {
      grey[y * width * times + x] =
        data[(row + Math.floor(x / times)) * channels]!;
    }
  }
  return encodePng({
    width: width * times,
    height: height * times,
    channels: 1,
    data: grey,
  });
}

const names = async (page: Page) =>
  (await held(page)).map(({ name }) => name).join(" ");
const states = async (page: Page) =>
  (await held(page)).map(({ state }) => state).join(" ");
const leftOut = async (page: Page) =>
  (await page.locator("#left-out:not([hidden]) > div").innerText())
    .replaceAll("\n", "|");
const note = (page: Page, name: string) =>
  page.locator("#tiles .tile", { hasText: name }).locator(".note");

/** Drops a file or folder of the disk on the page, as a hand would. */
async function drop(page: Page, path: string) {
  const cdp = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await cdp.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  }
}

Deno.test({
  name: "many images",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const folder = await Deno.makeTempDir();
    const write = async (path: string, bytes: Uint8Array) => {
      const at = path.split("/").slice(0, -1).join("/");
      await Deno.mkdir(`${folder}/${at}`, { recursive: true });
      await Deno.writeFile(`${folder}/${path}`, bytes);
    };

    await t.step("a zip is opened, and what is no image named", async () => {
      await choose(page, zipped("scan.zip", series));
      await page.waitForSelector("#outline:not([hidden])");
      match(
        await leftOut(page),
        /^1 file is left out. The other 3 are taken.\|+scan.zip\/disc\/notes.txt: got text; send an image/,
      );
      equal(await page.textContent("#outline-eyebrow"), "Step 1 of 2");
    });

    await t.step("while one draws, the others are seen to wait", async () => {
      equal(
        await page.textContent("#filmstrip-text"),
        "2 images wait for the outline",
      );
      equal(await page.locator("#tiles .tile:not(.plus)").count(), 3);
      await accessible(page, "images wait");
      await page.click("#left-out-close");
    });

    await t.step("slices come in the order of the volume", async () => {
      await tool(page, "box");
      await drag(page, ...BOX);
      await decoded(page, 0);
      await page.click("#accept");
      await finished(page);
      equal(await names(page), "IM2 IM3 IM1");
      equal(await states(page), "done done done");
      match(
        (await page.getAttribute("#plot .uplot", "aria-label"))!,
        /Along: Slice of the volume\./,
      );
    });

    await t.step("a folder is opened; equal names are told apart", async () => {
      await write("visits/march/scan.png", visitPng(4).buffer);
      await write("visits/april/scan.png", visitPng(5).buffer);
      await write("visits/.thumbs/scan.png", visitPng(2).buffer);
      await page.setInputFiles("#folder", `${folder}/visits`);
      await finished(page);
      equal(await names(page), "IM2 IM3 IM1 scan march_scan");
      match(
        (await page.getAttribute("#plot .uplot", "aria-label"))!,
        /Along: Image, as added\./,
      );
    });

    await t.step(
      "numbers are no endings, and no two names are one",
      async () => {
        await choose(
          page,
          { ...visitPng(2), name: "1.2.840.12.1" },
          { ...visitPng(3), name: "1.2.840.12.2" },
          { ...visitPng(4), name: "scan.png" },
        );
        await finished(page);
        equal(
          await names(page),
          "IM2 IM3 IM1 scan march_scan 1.2.840.12.1 1.2.840.12.2 scan-2",
        );
        const { bytes } = await download(page, "#save-coco");
        const { images } = JSON.parse(new TextDecoder().decode(bytes));
        deepEqual(
          images.map(({ file_name }: { file_name: string }) => file_name).slice(
            3,
          ),
          [
            "visits/april/scan.png",
            "visits/march/scan.png",
            "1.2.840.12.1",
            "1.2.840.12.2",
            "scan.png",
          ],
        );
      },
    );

    await t.step(
      "of a volume in two files, it is said what to do",
      async () => {
        const text = (name: string, content: string) => ({
          name,
          mimeType: "application/octet-stream",
          buffer: new TextEncoder().encode(content),
        });
        await choose(
          page,
          text(
            "vol.mhd",
            "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = vol.raw\n",
          ),
          text("vol.raw", "12345678"),
          visitPng(2),
        );
        const two =
          /vol.mhd: it may be one of the two files.*vol.raw: it may be one of the two files of a volume.*one file/;
        match(await leftOut(page), two);
        await page.click("#left-out-close");
        await finished(page);
      },
    );

    await t.step("reading is told, and can be cancelled", async () => {
      const gate = Promise.withResolvers<void>();
      await page.route("**/v1/images/read", async (route) => {
        await gate.promise;
        await route.continue().catch(() => {});
      });
      const before = await names(page);
      const files = ["a", "b", "c", "d", "e"].map((name) => ({
        ...visitPng(2),
        name: `${name}.png`,
      }));
      const two = page.waitForRequest("**/v1/images/read");
      await choose(page, ...files);
      await two;
      await page.waitForSelector("#reading:not([hidden])");
      equal(await page.textContent("#reading-text"), "Reading file 1 of 5");
      await page.click("#reading-cancel");
      await page.waitForSelector("#reading", { state: "hidden" });
      gate.resolve();
      await page.unroute("**/v1/images/read");
      equal(await names(page), before);
    });

    await t.step("a zip over the bounds is not unpacked", async () => {
      const why = await page.evaluate(async (bytes) => {
        const module: string = "/page/intake.js";
        const { BOUNDS, unpack } = await import(module);
        const file = new File([new Uint8Array(bytes)], "z.zip");
        const open = async (bounds: object) => {
          const usual = { ...BOUNDS };
          Object.assign(BOUNDS, bounds);
          const { files, refused } = await unpack([{ file, path: "z.zip" }]);
          Object.assign(BOUNDS, usual);
          const [first] = refused;
          return `${files.length} ${first?.why ?? ""}`;
        };
        return [
          await open({}),
          await open({ files: 2 }),
          await open({ unpacked: 1000 }),
          await open({ zip: 1000 }),
        ];
      }, [...series]);
      equal(why[0], "4 ");
      match(why[1]!, /^0 it holds 4 files of \d+ bytes; at most 2 of/);
      match(why[2]!, /^0 it holds 4 files of \d+ bytes/);
      match(why[3]!, /^0 it has more than 1000 bytes/);
    });

    await t.step("a busy server is waited for, and says how long", async () => {
      let refused = 0;
      await page.route("**/segmentations?*", (route) => {
        if (refused++ > 0) return route.continue();
        return route.fulfill({
          status: 503,
          headers: { "retry-after": "3" },
          contentType: "application/problem+json",
          body: JSON.stringify({
            type: "/problems/busy",
            title: "Busy.",
            status: 503,
            detail: "Try again.",
          }),
        });
      });
      await choose(page, { ...visitPng(3), name: "patient.png" });
      await note(page, "patient").filter({
        hasText: /^The server is busy, next try in [123] s$/,
      }).waitFor();
      match(
        (await page.textContent("#filmstrip-text"))!,
        /^Image 1 of 1 · The server is busy, next try in [123] s$/,
      );
      await finished(page);
      match(await states(page), /^done( done)+$/);
      equal(refused, 2);
      await page.unroute("**/segmentations?*");
    });

    await t.step("a lost server is waited for", async () => {
      let lost = true;
      await page.route(
        "**/segmentations?*",
        (route) => lost ? route.abort() : route.continue(),
      );
      await choose(page, { ...visitPng(2), name: "lost.png" });
      await note(page, "lost").filter({
        hasText: /^The server is not responding, next try in \d s$/,
      }).waitFor();
      lost = false;
      await finished(page);
      match(await states(page), /^done( done)+$/);
      await page.unroute("**/segmentations?*");
    });

    await t.step("so is one behind a proxy, and one lost halfway", async () => {
      const answers = [
        { status: 502, contentType: "text/html", body: "<h1>Bad Gateway" },
        { status: 504, json: { message: "upstream request timeout" } },
        { status: 200, contentType: "application/json", body: '{"mask": {' },
      ];
      await page.route("**/segmentations?*", async (route) => {
        const answer = answers.shift();
        await (answer ? route.fulfill(answer) : route.continue());
      });
      await choose(page, { ...visitPng(5), name: "proxied.png" });
      await note(page, "proxied").filter({
        hasText: /^The server is not responding, next try in \d s$/,
      }).waitFor();
      await finished(page);
      match(await states(page), /^done( done)+$/);
      deepEqual(answers, []);
      await page.unroute("**/segmentations?*");
    });

    await t.step("all that failed are tried again", async () => {
      const fail = { status: 500, contentType: "text/plain", body: "" };
      await page.route("**/v1/embeddings*", (route) => route.fulfill(fail));
      await choose(
        page,
        { ...visitPng(4), name: "x.png" },
        { ...visitPng(5), name: "y.png" },
      );
      await finished(page);
      match(await states(page), /done failed failed$/);
      await page.unroute("**/v1/embeddings*");
      equal(await page.textContent("#filmstrip-retry"), "Retry all 2");
      await accessible(page, "some failed");
      await page.click("#filmstrip-retry");
      await finished(page);
      match(await states(page), /^done( done)+$/);
      equal(await page.isVisible("#filmstrip-bar"), false);
    });

    await t.step(
      "more than 25 megapixels are scaled down, and the mask back up",
      async () => {
        await choose(page, png("large.png", enlarged(2, 14)));
        await finished(page);
        const item = (await held(page)).at(-1)!;
        equal(item.state, "done");
        const { width, height } = item.size;
        ok(width * height <= 25_000_000 && width > 4900, `${width}×${height}`);
        await note(page, "large").click();
        await page.getByRole("heading", { name: "large" }).waitFor();
        match(
          (await page.textContent("#result-warnings"))!,
          /has 5376×5376 pixels; it was scaled down to 5000×5000 .*full size/,
        );
        const { bytes } = await download(page, "#save-png");
        const full = await decodeMask(bytes, { maxPixels: 30_000_000 }, {});
        deepEqual([full.width, full.height], [5376, 5376]);
        const small = decodeRle(item.rle);
        let wrong = 0;
        let area = 0;
        for (let y = 0; y < full.height; y++) {
          const row = Math.floor((y + 0.5) * height / full.height) * width;
          for (let x = 0; x < full.width; x++) {
            const column = Math.floor((x + 0.5) * width / full.width);
            const value = full.data[y * full.width + x];
            if (value !== small.data[row + column]) wrong++;
            if (value !== 0) area++;
          }
        }
        equal(wrong, 0);
        const table = await download(page, "#save-table");
        const row = new TextDecoder().decode(table.bytes).trim().split("\r\n")
          .at(-1)!.split(",");
        deepEqual([row[0], row[3]], ["large", String(area)]);
        ok(area > 100_000);

        // What was saved is a mask of the image again.
        await page.setInputFiles("#mask-file", {
          name: "large_mask.png",
          mimeType: "image/png",
          buffer: Buffer.from(bytes),
        });
        await page.waitForSelector("#mask-reading:not([hidden])", {
          timeout: 120_000,
        });
        await page.click("#accept");
        await page.waitForSelector("#result:not([hidden])");
        deepEqual((await held(page)).at(-1)!.rle, item.rle);
      },
    );

    await t.step("a file that is too large is sent smaller", async () => {
      const side = 6000;
      const data = new Uint8Array(side * side);
      for (let at = 0; at < data.length; at += 60_000) {
        crypto.getRandomValues(data.subarray(at, at + 60_000));
      }
      const size = { width: side, height: side };
      const file = encodePng({ ...size, channels: 1, data });
      ok(file.length > 2 ** 25, `${file.length} bytes`);
      await choose(page, png("noise.png", file));
      await finished(page);
      const item = (await held(page)).at(-1)!;
      deepEqual([item.name, item.state], ["noise", "done"]);
      deepEqual(item.size, { width: 5000, height: 5000 });
    });
    await page.close();

    await t.step(
      "of a dropped folder, a doubtful reference is told of before the run",
      async () => {
        const page = await visitor.open();
        for (const n of [1, 2, 3]) {
          await write(`drop/deep/er/visit-${n}.png`, visitPng(n).buffer);
        }
        await write("drop/cut.zip", series.slice(0, series.length - 900));
        await drop(page, `${folder}/drop`);
        await page.waitForSelector("#outline:not([hidden])");
        match(
          await leftOut(page),
          /^1 file is left out. The other 3 are taken.\|+drop\/cut.zip: it is damaged or cut short/,
        );
        await page.click("#left-out-close");
        await tool(page, "box");
        // A part that looks like what is around it.
        await drag(page, [150, 60], [200, 100]);
        await decoded(page, 0);
        await page.click("#accept");
        await page.waitForSelector("#held:not([hidden])");
        equal(
          await page.textContent("#held-title"),
          "Segment 2 images with this reference?",
        );
        match(
          (await page.textContent("#held-doubts"))!,
          /^The reference ref-1-\w+ is (weak|ambiguous|not usable)\. \w/,
        );
        await accessible(page, "a doubtful reference");
        equal(await states(page), "done waiting waiting");
        await page.click("#held-cancel");
        equal(await states(page), "done cancelled cancelled");
        await page.click("#filmstrip-retry");
        await page.waitForSelector("#held:not([hidden])");
        await page.click("#held-go");
        await finished(page);
        equal(await states(page), "done done done");
        equal(await page.isVisible("#held"), false);
        await page.close();
      },
    );

    deepEqual(visitor.complaints, []);
  },
});
