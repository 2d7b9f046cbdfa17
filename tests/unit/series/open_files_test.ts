import { deepEqual, equal, rejects } from "node:assert/strict";
import { EdgeError } from "../../../lib/core/errors.ts";
import { countFrames } from "../../../lib/image/frames.ts";
import { type FrameReader, openFiles } from "../../../lib/series/open_files.ts";
import type { SeriesFile } from "../../../lib/series/series_image.ts";
import { dicomAt } from "../../support/dicom_places.ts";
import { fixture } from "../../support/fixtures.ts";
import { niftiOf, zipOf } from "../../support/series_bodies.ts";

const LIMITS = { maxBytes: 1e6, maxSeriesBytes: 1e9, maxImages: 4 };

/** Counts here, as a worker does; nothing is read. */
const reader: FrameReader = {
  countFrames: ({ bytes, mediaType }) =>
    Promise.resolve().then(() => countFrames(bytes, mediaType)),
  readFrames: () => Promise.reject(new Error("No frame is asked for.")),
};

const fileOf = (
  bytes: Uint8Array<ArrayBuffer>,
  name: string | null,
): SeriesFile => ({
  name,
  file: {
    size: bytes.length,
    read: (from, length) => Promise.resolve(bytes.slice(from, from + length)),
  },
});

const is = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  message.test(error.message);

const volumeOf = (slices: number) =>
  niftiOf(Array(slices).fill(new Uint8Array(1)), 1, 1);

/** A volume of 32,767 slices times 3, below what a file may state. */
function longest() {
  const bytes = new Uint8Array(352 + 32_767 * 3);
  bytes.set(volumeOf(0));
  const sizes = [4, 1, 1, 32_767, 3];
  const view = new DataView(bytes.buffer);
  sizes.forEach((n, i) => view.setInt16(40 + 2 * i, n, true));
  return bytes;
}

Deno.test("a file of more frames than a series may hold is refused, alone and among others", async () => {
  const most = await openFiles([fileOf(volumeOf(4), null)], reader, LIMITS);
  equal(most.length, 4);
  for (const bytes of [volumeOf(5), longest()]) {
    for (const name of [null, "a.nii"]) {
      const files = [fileOf(bytes, name)];
      if (name) files.push(fileOf(volumeOf(1), "b.nii"));
      await rejects(
        openFiles(files, reader, LIMITS),
        is("invalid-input", /more than 4 images/),
      );
    }
  }
  const two = [fileOf(volumeOf(3), "a.nii"), fileOf(volumeOf(2), "b.nii")];
  await rejects(
    openFiles(two, reader, LIMITS),
    is("invalid-input", /more than 4 images/),
  );
  const all = [...two, fileOf(volumeOf(1), "c.nii")];
  const places = await openFiles(all, reader, { ...LIMITS, maxImages: 6 });
  deepEqual(places.map(({ position }) => position), [0, 0.5, 1, 0, 1, null]);
});

Deno.test("every page of a TIFF file is an image of its series", async () => {
  const tiff = (name: string) =>
    fileOf(Uint8Array.from(fixture(name).bytes), name);
  const images = await openFiles(
    [tiff("pages-4.tiff"), tiff("thumbnail-first.tiff")],
    reader,
    { ...LIMITS, maxImages: 5 },
  );
  deepEqual(
    images.map(({ position, frameOf }) => [position, frameOf?.frame]),
    [[0, 0], [1 / 3, 1], [2 / 3, 2], [1, 3], [null, undefined]],
  );
});

Deno.test("a DICOM file of one frame may be no larger than any other image", async () => {
  const bytes = Deno.readFileSync(
    new URL("../../parity/golden/dicom/slice-1.dcm", import.meta.url),
  );
  const limits = { ...LIMITS, maxBytes: bytes.length };
  const fits = await openFiles([fileOf(bytes, null)], reader, limits);
  equal((await fits[0].read()).bytes.length, bytes.length);
  const less = { ...limits, maxBytes: bytes.length - 1 };
  const tooLarge = is("too-many-bytes", /its file is larger/);
  await rejects(openFiles([fileOf(bytes, null)], reader, less), tooLarge);
  const files = [fileOf(bytes, "a.dcm"), fileOf(volumeOf(2), "b.nii")];
  const [large, ...rest] = await openFiles(files, reader, less);
  await rejects(large.read(), tooLarge);
  equal(rest.length, 2);
});

Deno.test("a bad file without a name refuses the series only if it is all of it", async () => {
  const bad = fileOf(volumeOf(2).slice(0, -1), null);
  const truncated = { code: "truncated" };
  await rejects(openFiles([bad], reader, LIMITS), truncated);
  const [image, ...rest] = await openFiles(
    [bad, fileOf(volumeOf(2), null)],
    reader,
    LIMITS,
  );
  await rejects(image.read(), truncated);
  equal(rest.length, 2);
});

Deno.test("the folders and hidden files of an archive are bounded, though they are no images", async () => {
  const bytes = volumeOf(1);
  const names = ["a/", "__MACOSX/a/", "a/1.nii", "__MACOSX/a/._1.nii"]
    .flatMap((name) => [0, 1, 2, 3].map((i) => name.replace("a", `a${i}`)));
  const zip = (more: string[]) =>
    fileOf(zipOf([...names, ...more].map((name) => ({ name, bytes }))), null);
  equal((await openFiles([zip([])], reader, LIMITS)).length, 4);
  for (const name of ["b/", ".b", "DICOMDIR"]) {
    await rejects(
      openFiles([zip([name])], reader, LIMITS),
      is("invalid-input", /too many folders and hidden files/),
    );
  }
});

Deno.test("files of planes too far off for a number are placed by their order", async () => {
  const placed = async (...z: string[]) => {
    const files = z.map((mm, i) => fileOf(dicomAt([`0\\0\\${mm}`]), `${i}`));
    const images = await openFiles(files, reader, LIMITS);
    return images.map(({ position }) => position);
  };
  deepEqual(await placed("4", "0", "3"), [1, 0, 0.75]);
  deepEqual(await placed("4", "9e999", "3"), [null, null, null]);
  deepEqual(await placed("-1.7e308", "1.7e308", "0"), [null, null, null]);
});
