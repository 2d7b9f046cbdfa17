import { deepEqual, equal, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { dice } from "../../lib/core/mask.ts";
import { decodeRle, encodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { form } from "../support/requests.ts";
import { toDicom, toNifti } from "../support/dicom_files.ts";
import {
  accessible,
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
} from "./browser.ts";

const LIMITS = { maxPixels: 1_000_000 };
const visits = (...numbers: number[]) => numbers.map((n) => drawVisit(n).image);
const file = (name: string, mimeType: string, buffer: Uint8Array): Chosen => ({
  name,
  mimeType,
  buffer,
});
const scan = toDicom(visits(2, 1, 3));
const volume = new Uint8Array(gzipSync(toNifti(visits(4, 5))));

Deno.test({
  name: "the page takes the frames out of volumes",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();

    await t.step(
      "a frame is chosen and outlined, the others follow",
      async () => {
        await choose(page, file("scan.dcm", "application/dicom", scan));
        await page.waitForSelector("#frame-row:not([hidden])");
        equal(await page.textContent("#frame-number"), "1 of 3");
        await page.focus("#frame");
        await page.keyboard.press("ArrowRight");
        await page.waitForSelector("#outline", { state: "hidden" });
        await page.waitForSelector("#outline:not([hidden])");
        equal(await page.textContent("#frame-number"), "2 of 3");
        await accessible(page, "the choice of a frame");
        await tool(page, "box");
        await drag(page, [212, 114], [271, 163]);
        await decoded(page, 0);
        await page.click("#accept");
        await finished(page);
        const items = await held(page);
        deepEqual(items.map(({ name }) => name), [
          "scan_1",
          "scan_2",
          "scan_3",
        ]);
        for (const [i, n] of [2, 1, 3].entries()) {
          const score = dice(
            decodeRle(items[i].rle).data,
            drawVisit(n).mask.data,
          );
          ok(score > 0.7, `Dice of visit ${n}: ${score}`);
        }
      },
    );

    await t.step("volumes among the next images, in their place", async () => {
      await choose(
        page,
        file("a.nii.gz", "application/gzip", volume),
        png("b.png", encodePng(drawVisit(2).image)),
      );
      await finished(page);
      const items = await held(page);
      const names = ["scan_1", "scan_2", "scan_3", "a_1", "a_2", "b"];
      deepEqual(items.map(({ name }) => name), names);
      const tiles = await page.locator("#tiles .name").allTextContents();
      deepEqual(tiles.slice(0, -1), names);
      for (const [i, n] of [[3, 4], [4, 5], [5, 2]]) {
        const score = dice(
          decodeRle(items[i].rle).data,
          drawVisit(n).mask.data,
        );
        ok(score > 0.7, `Dice of visit ${n}: ${score}`);
      }
    });

    await t.step(
      "their masks are saved in their formats and places",
      async () => {
        const items = await held(page);
        // What is segmented from now on differs; what is shown is saved.
        const { image: other, mask: { data, ...size } } = drawVisit(1);
        const inverted = { ...size, data: data.map((value) => 255 - value) };
        const body = form({
          image: encodePng(other),
          rle: JSON.stringify(encodeRle(inverted)),
        });
        const patient = await page.inputValue("#patient");
        equal((await visitor.server.enrol(patient, "other", body)).status, 201);
        const cases: [number, string, Uint8Array, number][] = [
          [1, "scan_2_seg.dcm", scan, 1],
          [2, "scan_3_seg.dcm", scan, 2],
          [4, "a_2_mask.nii.gz", volume, 1],
        ];
        for (const [i, name, bytes, frame] of cases) {
          await page.click(`#tiles li:nth-child(${i + 1}) button`);
          await page.getByRole("heading", { name: items[i].name }).waitFor();
          const saved = await download(page, "#save-source");
          equal(saved.name, name);
          const image = { bytes, frame };
          deepEqual(
            await decodeMask(saved.bytes, LIMITS, { image }),
            decodeRle(items[i].rle),
          );
        }
      },
    );

    deepEqual(visitor.complaints, []);
  },
});
