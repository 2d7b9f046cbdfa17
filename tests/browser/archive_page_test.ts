import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { dice } from "../../lib/core/mask.ts";
import { decodeRle } from "../../lib/format/mask/rle.ts";
import { decodeMask } from "../../lib/image/decode_mask.ts";
import { drawVisit } from "../../lib/sample/patient.ts";
import { drawStudy } from "../support/archived_patient.ts";
import { hasOrthanc, Orthanc } from "../support/orthanc.ts";
import { Server } from "../support/server.ts";
import {
  accessible,
  BOX,
  decoded,
  download,
  drag,
  finished,
  hasChromium,
  held,
  tool,
  Visitor,
} from "./browser.ts";

const LIMITS = { maxPixels: 1_000_000 };

Deno.test({
  name: "images of a hospital's archive",
  ignore: !hasChromium || !hasOrthanc,
  async fn(t) {
    await using archive = await Orthanc.start();
    const study = drawStudy(1);
    for (const { file } of study.slices) await archive.put(file);
    await archive.put(study.annotation.file);
    await using visitor = await Visitor.of(
      await Server.start({
        MODEL: "nano",
        KV_PATH: ":memory:",
        ...archive.environment,
      }),
    );
    const page = await visitor.open();

    await t.step("a patient is looked up, and nobody else", async () => {
      await page.click("#archive-open");
      await page.fill("#archive-patient", "somebody-else");
      await page.keyboard.press("Enter");
      await page.getByText("No images found.").waitFor();
      await page.fill("#archive-patient", "*");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#archive-problem:not([hidden])");
      match((await page.textContent("#archive-problem"))!, /wildcard/);
      await page.fill("#archive-patient", study.patientId);
      await page.keyboard.press("Enter");
      await page.waitForSelector(".series");
      equal(await page.isVisible("#archive-problem"), false);
      // The segmentation is no series of images.
      deepEqual(await page.locator(".series").allInnerTexts(), [
        "CT\n2026-11-17 · 3 objects",
      ]);
      await accessible(page, "the image archive");
    });

    await t.step("its series is outlined and segmented there", async () => {
      const bodies: string[] = [];
      page.on("request", (request) => {
        if (request.url().includes("/v1/")) {
          bodies.push(request.postData() ?? "");
        }
      });
      await page.click(".series");
      await page.waitForSelector("#outline:not([hidden])");
      await tool(page, "box");
      await drag(page, ...BOX);
      await decoded(page, 0);
      await page.click("#accept");
      await finished(page);
      const items = await held(page);
      deepEqual(items.map(({ name }) => name), ["CT_1", "CT_2", "CT_3"]);
      for (const [i, { rle, state }] of items.entries()) {
        equal(state, "done");
        const wanted = drawVisit(i + 1).mask.data;
        const score = dice(decodeRle(rle).data, wanted);
        ok(score > 0.7, `Dice of slice ${i + 1}: ${score}`);
      }
      match(
        (await page.getAttribute("#plot .uplot", "aria-label"))!,
        /Along: Slice of the volume\./,
      );
      // No image was sent: what was is small.
      const longest = Math.max(...bodies.map(({ length }) => length));
      ok(longest < 20_000, `a body of ${longest} characters`);
    });

    await t.step("a mask is saved as DICOM of its image", async () => {
      const [item] = (await held(page)).slice(1);
      await page.click("#tiles li:nth-child(2) button");
      await page.getByRole("heading", { name: "CT_2" }).waitFor();
      const { bytes } = await download(page, "#save-source");
      const image = { bytes: study.slices[1]!.file };
      deepEqual(
        await decodeMask(bytes, LIMITS, { image }),
        decodeRle(item!.rle),
      );
    });

    await t.step("those of the series are saved as one file", async () => {
      const { name, bytes } = await download(
        page,
        "#stack-forms [data-form=seg]",
      );
      equal(name, "CT_seg.dcm");
      for (const [i, { rle }] of (await held(page)).entries()) {
        const image = { bytes: study.slices[i]!.file };
        deepEqual(await decodeMask(bytes, LIMITS, { image }), decodeRle(rle));
      }
    });

    await t.step("all structures of a mask are enrolled there", async () => {
      const other = await visitor.open();
      await other.click("#archive-open");
      await other.fill("#archive-patient", study.patientId);
      await other.keyboard.press("Enter");
      await other.click(".series");
      await other.waitForSelector("#mask-row:not([hidden])");
      const { width, height, data } = drawVisit(1).mask;
      const labels = data.map((value, i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        return value > 0 ? 2 : x > 90 && x < 160 && y > 110 && y < 230 ? 1 : 0;
      });
      await other.setInputFiles("#mask-file", {
        name: "labels.png",
        mimeType: "image/png",
        buffer: Buffer.from(
          encodePng({ width, height, channels: 1, data: labels }),
        ),
      });
      await other.click("#mask-all button");
      await other.waitForSelector("#structures .name >> nth=1", {
        timeout: 120_000,
      });
      deepEqual(
        await other.locator("#structures .name").allInnerTexts(),
        ["structure 1", "structure 2"],
      );
      await other.close();
    });

    await t.step("without an archive, none is offered", async () => {
      await using plain = await Visitor.of(
        await Server.start({ MODEL: "nano", KV_PATH: ":memory:" }),
      );
      const page = await plain.open();
      const asked = await page.evaluate(async () =>
        (await fetch("/readyz")).json()
      );
      deepEqual(asked, { status: "ready" });
      equal(await page.isVisible("#archive-open"), false);
    });

    deepEqual(visitor.complaints, []);
  },
});
