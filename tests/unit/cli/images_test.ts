import { equal, rejects } from "node:assert/strict";
import { openImages } from "../../../lib/cli/images.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import type { FrameReader } from "../../../lib/series/open_files.ts";
import { niftiOf } from "../../support/series_bodies.ts";
import { readImageFile } from "../../../lib/image/read_image_file.ts";
import { readVolumeHeader } from "../../../lib/image/volume.ts";
import { readFixture } from "../../support/fixtures.ts";
import { inFolder } from "../../support/in_folder.ts";

const VOLUMES = new URL("../../parity/golden/volumes/", import.meta.url);

/** Counts here, as a worker does; nothing is read. */
const reader: FrameReader = {
  countFrames: ({ bytes, mediaType }) =>
    Promise.resolve().then(() => countFrames(bytes, mediaType)),
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

Deno.test("a header stands for its voxels beside it, alone and in a folder", () =>
  inFolder(async (folder) => {
    for (const name of ["pair-nifti-1.hdr", "pair-nifti-1.img"]) {
      await Deno.writeFile(`${folder}/${name}`, readFixture(name, VOLUMES));
    }
    const header = `${folder}/pair-nifti-1.hdr`;
    for (const path of [header, folder]) {
      const images = await openImages([path], reader);
      equal(
        images.map(({ target }) => target).join(),
        [0, 1, 2, 3].map((i) => `pair-nifti-1_${i}`).join(),
      );
      equal(images[0].source?.path, header);
    }
    equal(readVolumeHeader(await readImageFile(header))!.slices, 4);
    await Deno.remove(`${folder}/pair-nifti-1.img`);
    await rejects(openImages([header], reader), /without its voxels/);
  }));
