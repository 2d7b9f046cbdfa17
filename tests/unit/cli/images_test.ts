import { equal, rejects } from "node:assert/strict";
import { openImages } from "../../../lib/cli/images.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import type { FrameReader } from "../../../lib/series/open_files.ts";
import { niftiOf } from "../../support/series_bodies.ts";
import { inFolder } from "../../support/in_folder.ts";

/** Counts here, as a worker does; nothing is read. */
const reader: FrameReader = {
  countFrames: ({ bytes }) => Promise.resolve().then(() => countFrames(bytes)),
  readFrames: () => Promise.reject(new Error("No frame is asked for.")),
};

Deno.test("a bad file that is named among others is left to fail when it is read", () =>
  inFolder(async (folder) => {
    const [text, volume] = [`${folder}/a.txt`, `${folder}/b.nii`];
    await Deno.writeTextFile(text, "about the images");
    const slices = [0, 1].map(() => new Uint8Array(1));
    await Deno.writeFile(volume, niftiOf(slices, 1, 1));
    const [bad, ...rest] = await openImages([text, volume], reader);
    equal(bad.path, text);
    equal((await bad.read()).mediaType, undefined);
    equal(rest.map(({ target }) => target).join(), "b_0,b_1");
    const cut = `${folder}/c.nii`;
    await Deno.writeFile(cut, niftiOf(slices, 1, 1).slice(0, -1));
    const [first] = await openImages([cut, volume], reader);
    await rejects(first.read(), /cut|short|truncated|ends/i);
    await rejects(openImages([cut], reader), /c\.nii/);
  }));
