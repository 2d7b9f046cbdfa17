import { deepEqual, equal, match } from "node:assert/strict";
import {
  BOX,
  choose,
  type Chosen,
  decoded,
  download,
  drag,
  finished,
  hasChromium,
  held,
  openFirst,
  png,
  tool,
  Visitor,
  visitPng,
} from "./browser.ts";
import { unrelatedImage } from "../support/unrelated_image.ts";

const note = (name: string): Chosen => ({
  name,
  mimeType: "text/plain",
  buffer: new TextEncoder().encode("about the images"),
});

/** A picture of which the end is lost. */
const cut: Chosen = {
  ...visitPng(2),
  name: "cut.png",
  buffer: visitPng(2).buffer.slice(0, 9000),
};

Deno.test({
  name: "files that are no images are named, and the others are taken",
  ignore: !hasChromium,
  async fn(t) {
    await using visitor = await Visitor.start();
    const page = await visitor.open();
    const notice = () => page.textContent("#notice-text");
    const leftOut = () =>
      page.locator("#left-out:not([hidden]) > div").innerText()
        .then((text) => text.replaceAll("\n", ""));

    await t.step("as the first ones by name", async () => {
      await openFirst(
        page,
        visitPng(1),
        note("notes.txt"),
        cut,
        visitPng(3),
        visitPng(2),
      );
      equal(
        await notice(),
        "Left out, because not read as an image: cut.png.",
      );
      match(
        await leftOut(),
        /^1 file is left out. The other 4 are taken.notes.txt: .*got text; send an image/,
      );
      await tool(page, "box");
      await drag(page, ...BOX);
      await decoded(page, 0);
      await page.click("#accept");
      await finished(page);
      deepEqual(
        (await held(page)).map(({ name, state }) => [name, state]),
        ["visit-1", "visit-2", "visit-3"].map((name) => [name, "done"]),
      );
    });

    await t.step("and among the next ones", async () => {
      await choose(
        page,
        note("a.txt"),
        { ...cut, name: "b.png" },
        visitPng(4),
        png("z.png", unrelatedImage),
      );
      await finished(page);
      deepEqual(
        (await held(page)).slice(3).map(({ name, state }) => [name, state]),
        [["b", "failed"], ["visit-4", "done"], ["z", "done"]],
      );
      match(await leftOut(), /The other 3 are taken.a.txt: /);
    });

    await t.step(
      "where nothing was found, there is no area but a gap",
      async () => {
        match(
          (await page.getAttribute("#plot .uplot", "aria-label"))!,
          /z not found$/,
        );
        const { bytes } = await download(page, "#save-table");
        const [head, ...rows] = new TextDecoder().decode(bytes).trim()
          .split("\r\n").map((row) => row.split(","));
        equal(head.slice(0, 4).join(), "image,structure,present,area_px");
        deepEqual(rows.map((row) => row[2]), [
          ...["true", "true", "true", "", "true", "false"],
        ]);
        deepEqual(rows[3].slice(0, 9), [
          ...["b", "target", "", "", "", "", "", "", "failed"],
        ]);
        deepEqual([rows.at(-1)![0], rows.at(-1)![3]], ["z", ""]);
      },
    );

    await t.step("one alone is refused", async () => {
      const other = await visitor.open();
      await choose(other, note("notes.txt"));
      await other.waitForSelector("#start-problem:not([hidden])");
      match(
        (await other.textContent("#start-problem"))!,
        /got text; send an image/,
      );
    });
    deepEqual(visitor.complaints, []);
  },
});
