import { dicomAt, dicomWithoutPixels } from "../support/dicom_places.ts";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createApp } from "../../functions/app.ts";
import {
  linesOf,
  niftiOf,
  seriesForm,
  zipOf,
} from "../support/series_bodies.ts";
import { DICOM_DATA, hasDicom } from "../support/dicom_data.ts";
import { toDicom } from "../support/dicom_files.ts";
import { enrol, files, form, segment, visits } from "../support/requests.ts";
import { countSegments, openService } from "../support/service.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";

type Body = FormData | Uint8Array<ArrayBuffer> | string;
const text = (content: string) => new TextEncoder().encode(content);

/** An image that differs from every other in one pixel. */
function variant(i: number): Uint8Array<ArrayBuffer> {
  const data = visits.second.image.data.slice();
  data[i] ^= 1;
  return encodePng({ ...visits.second.image, data });
}

async function openSeries(environment: Record<string, string> = {}) {
  const service = await openService(":memory:", environment);
  equal((await enrol(service.app, "p", "r")).status, 201);
  const series = (body: Body, query = "", headers = {}, patient = "p") =>
    service.app.request(`/v1/patients/${patient}/series${query}`, {
      method: "POST",
      body,
      headers,
    });
  const lines = async (body: Body, query = "") => {
    const response = await series(body, query);
    equal(response.status, 200);
    return await Array.fromAsync(linesOf(response));
  };
  return {
    ...service,
    series,
    lines,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

Deno.test("a series gives a line for each image, equal to its segmentation", async (t) => {
  await using service = await openSeries();
  const { app, series, lines } = service;
  // Everything but the time it took, and how the references were chosen.
  const essence = (
    { timings: _, profile: __, ...answer }: Record<string, unknown>,
  ) => answer;
  const single = async (image: Uint8Array<ArrayBuffer>) =>
    essence(await (await segment(app, "p", image)).json());

  await t.step("many fields, one of five bad", async () => {
    const images = [0, 1, 2, 3, 4].map(variant);
    images[2] = images[2].slice(0, 3000);
    const response = await series(seriesForm(images));
    equal(response.headers.get("content-type"), "application/x-ndjson");
    const received = await Array.fromAsync(linesOf(response));
    equal(received.length, 5);
    for (const [i, line] of received.entries()) {
      deepEqual([line.index, line.total, line.position], [i, 5, i / 4]);
      equal(line.name, `image-${i}.png`);
      match(line.cursor, new RegExp(`^${i + 1}-[0-9a-f]{32}$`));
      if (i === 2) {
        equal(line.problem.type, "/problems/truncated");
        equal(line.problem.status, 422);
        equal("segmentation" in line, false);
        continue;
      }
      deepEqual(line.references, ["r"]);
      deepEqual(essence(line.segmentation), await single(images[i]));
      ok(line.segmentation.timings.encode > 0);
    }
    equal(received[4].secondsLeft, 0);
    ok(received[0].secondsLeft > 0);
  });

  await t.step("a zip, in natural order of its paths", async () => {
    const names = ["s/i-10.png", "s/i-9.png", "s/.hidden", "__MACOSX/s/i-9"];
    const zip = zipOf(names.map((name, i) => ({ name, bytes: variant(i) })));
    const received = await lines(zip);
    deepEqual(received.map(({ name }) => name), ["s/i-9.png", "s/i-10.png"]);
    deepEqual(essence(received[0].segmentation), await single(variant(1)));
  });

  await t.step("a file that is no image, and one too large", async () => {
    const zip = zipOf([
      { name: "a.png", bytes: files.next },
      { name: "read.me", bytes: text("about the images") },
      { name: "z.png", bytes: new Uint8Array(40_000_000) },
    ]);
    const received = await lines(zip);
    deepEqual(received.map(({ problem }) => problem?.type), [
      undefined,
      "/problems/unsupported-type",
      "/problems/too-many-bytes",
    ]);
    const form = seriesForm([new Uint8Array(40_000_000), files.next]);
    const [large, whole] = await lines(form);
    equal(large.problem.type, "/problems/too-many-bytes");
    equal(whole.segmentation.present, true);
  });

  await t.step(
    "explain adds the candidates, one image is a series",
    async () => {
      const [line] = await lines(files.next, "?explain=true");
      deepEqual([line.index, line.total, line.position], [0, 1, 0]);
      equal(line.segmentation.candidates.length, 5);
      equal(line.name, null);
    },
  );
});

Deno.test("volumes and planes", async (t) => {
  await using service = await openSeries();
  const { app, series, lines } = service;
  const { width, height, data } = visits.second.image;
  const slices = [0, 1, 2].map((i) =>
    data.map((v, at) => at === i ? v ^ 1 : v)
  );
  const volume = niftiOf(slices, width, height);

  await t.step(
    "a NIfTI volume is its slices, gzipped or not, in whatever it comes",
    async () => {
      const plain = await lines(volume);
      deepEqual(plain.map(({ position }) => position), [0, 0.5, 1]);
      for (const i of [0, 1, 2]) {
        const slice = encodePng({
          width,
          height,
          channels: 1,
          data: slices[i],
        });
        const single = await (await segment(app, "p", slice)).json();
        deepEqual(plain[i].segmentation.mask, single.mask);
      }
      const masks = plain.map(({ segmentation }) => segmentation.mask.counts);
      const packed = new Uint8Array(gzipSync(volume));
      const zip = zipOf([{ name: "a.nii.gz", bytes: packed }, {
        name: "b.png",
        bytes: files.image,
      }]);
      const received = await lines(zip);
      deepEqual(received.map(({ name }) => name), [
        ...Array(3).fill("a.nii.gz"),
        "b.png",
      ]);
      deepEqual(
        received.slice(0, 3).map(({ segmentation }) =>
          segmentation.mask.counts
        ),
        masks,
      );
      const rest = await lines(zip, `?cursor=${received[1].cursor}`);
      deepEqual(rest.map(({ index }) => index), [2, 3]);
    },
  );

  await t.step(
    "a cut volume alone is refused; among others it is a bad line",
    async () => {
      const cut = volume.slice(0, -9);
      const refused = await series(cut);
      equal(refused.status, 422);
      equal((await refused.json()).type, "/problems/truncated");
      const [bad, whole] = await lines(seriesForm([cut, files.next]));
      equal(bad.problem.type, "/problems/truncated");
      equal(whole.segmentation.present, true);
    },
  );

  await t.step(
    "a multi-frame DICOM file is its frames, alone and among others",
    async () => {
      const pictures = slices.map((data) => ({
        width,
        height,
        channels: 1 as const,
        data,
      }));
      const scan = toDicom(pictures);
      const alone = await lines(scan);
      deepEqual(alone.map(({ position }) => position), [0, 0.5, 1]);
      for (const [i, picture] of pictures.entries()) {
        const single = await (await segment(app, "p", encodePng(picture)))
          .json();
        deepEqual(alone[i].segmentation.mask, single.mask);
      }
      const zip = zipOf([{ name: "a.dcm", bytes: scan }, {
        name: "b.png",
        bytes: files.image,
      }]);
      const received = await lines(zip);
      deepEqual(received.map(({ name }) => name), [
        "a.dcm",
        "a.dcm",
        "a.dcm",
        "b.png",
      ]);
      const rest = await lines(scan, `?cursor=${alone[0].cursor}`);
      deepEqual(
        rest.map(({ segmentation }) => segmentation.mask),
        alone.slice(1).map(({ segmentation }) => segmentation.mask),
      );

      const refused = await series(scan.slice(0, -9));
      equal((await refused.json()).type, "/problems/truncated");
    },
  );

  await t.step("the planes of a DICOM file's frames place them", async () => {
    const scan = await Deno.readFile(
      new URL("../parity/golden/dicom/frames-8.dcm", import.meta.url),
    );
    const received = await lines(scan);
    deepEqual(received.map(({ position }) => position), [0, 0.5, 1]);
    ok(
      received.every(({ segmentation }) => segmentation.mask.size.length === 2),
    );
  });

  await t.step("what a disc holds besides images shifts none", async () => {
    const names = ["IM/D", "IM/B", "IM/C", "IM/A"];
    const slices = names.map((name, z) => ({
      name,
      bytes: dicomAt([`0\\0\\${10 * z}`]),
    }));
    const readable = text("run setup.exe");
    const junk = [
      { name: "AUTORUN.INF", bytes: readable },
      { name: "IM/REPORT", bytes: dicomWithoutPixels() },
      { name: "README.TXT", bytes: readable },
      { name: "VIEWER/viewer.exe", bytes: text("MZ") },
      { name: "VIEWER/empty.dll", bytes: new Uint8Array() },
    ];
    const skipped = [
      ...["DICOMDIR", "dicomdir", "IM/Thumbs.db", "desktop.ini", ".DS_Store"],
      ...["__MACOSX/._D", "IM/.hidden"],
    ].map((name) => ({ name, bytes: readable }));
    const clean = await lines(zipOf(slices));
    const placesOf = (received: typeof clean) =>
      names.map((name) =>
        received.find((line) => line.name === name)?.position
      );
    deepEqual(placesOf(clean), [0, 1 / 3, 2 / 3, 1]);
    const zip = zipOf([...skipped, ...junk, ...slices]);
    const mixed = await lines(zip);
    equal(mixed.length, slices.length + junk.length);
    deepEqual(placesOf(mixed), placesOf(clean));
    for (const { name } of junk) {
      const line = mixed.find((line) => line.name === name)!;
      equal(line.position, null);
      equal("segmentation" in line, false);
      ok(line.problem.status < 500, name);
    }
    // Each line counts, so a cursor continues after it.
    const rest = await lines(zip, `?cursor=${mixed[3].cursor}`);
    deepEqual(
      rest.map(({ index, position }) => [index, position]),
      mixed.slice(4).map(({ index, position }) => [index, position]),
    );
    // The same for images that only their order places.
    const pictures = [0, 1, 2].map((i) => ({
      name: `${i}.png`,
      bytes: variant(i),
    }));
    const [a, b, c] = pictures;
    const note = { name: "0.txt", bytes: readable };
    const other = await lines(zipOf([a!, note, b!, c!]));
    deepEqual(other.map(({ name, position }) => [name, position]), [
      ["0.png", 0],
      ["0.txt", null],
      ["1.png", 0.5],
      ["2.png", 1],
    ]);
  });

  await t.step({
    name: "CT slices are placed by their planes, however they are named",
    ignore: !hasDicom,
    async fn() {
      const slice = (n: number) =>
        Deno.readFileSync(new URL(`ct-3slice/0${n}.dcm`, DICOM_DATA));
      const files = [slice(3), slice(1), slice(1).slice(0, 4000), slice(2)];
      const zip = zipOf(
        files.map((bytes, i) => ({ name: `IM${9 - i}`, bytes })),
      );
      const received = await lines(zip);
      deepEqual(received.map(({ name }) => name), ["IM6", "IM7", "IM8", "IM9"]);
      const places = received.map(({ position }) => position.toFixed(2));
      deepEqual(places, ["0.50", "0.33", "1.00", "0.00"]);
      equal(received[1].problem.type, "/problems/truncated");
      deepEqual(received[0].segmentation.mask.size, [512, 512]);
    },
  });
});

Deno.test("references are matched by position", async () => {
  await using service = await openSeries();
  const { app, lines } = service;
  const annotated = { image: files.image, mask: files.mask, label: "liver" };
  const places = { low: "0", middle: "0.5", high: "1" };
  for (const [name, position] of Object.entries(places)) {
    await enrol(app, "p", name, { ...annotated, position });
  }
  const images = Array.from({ length: 5 }, () => files.next);
  const used = async () =>
    (await lines(seriesForm(images), "?label=liver")).map(({ references }) =>
      references.join()
    );
  deepEqual(await used(), [
    "low",
    "low,middle",
    "middle",
    "high,middle",
    "high",
  ]);
  await enrol(app, "p", "anywhere", annotated);
  deepEqual((await used())[0], "anywhere,low");
});

Deno.test("a cursor continues after its line, for the same series only", async (t) => {
  await using service = await openSeries();
  const { app, series, lines } = service;
  const images = [0, 1, 2, 3].map(variant);
  const whole = await lines(seriesForm(images));
  const masks = whole.map(({ segmentation }) => segmentation.mask);
  const at = (i: number) => `?cursor=${whole[i].cursor}`;

  await t.step(
    "the rest follows, with the same masks and cursors",
    async () => {
      const rest = await lines(seriesForm(images), at(1));
      deepEqual(rest.map(({ index }) => index), [2, 3]);
      deepEqual(
        rest.map(({ segmentation }) => segmentation.mask),
        masks.slice(2),
      );
      deepEqual(
        rest.map(({ cursor }) => cursor),
        whole.slice(2).map(({ cursor }) => cursor),
      );
      deepEqual(await lines(seriesForm(images), at(3)), []);
    },
  );

  const refuses = async (status: number, body: Body, query: string) => {
    const response = await series(body, query);
    equal(response.status, status, query);
    await response.body?.cancel();
  };
  await t.step("other images, parameters, references: 409", async () => {
    await refuses(409, seriesForm(images.toReversed()), at(1));
    await refuses(409, seriesForm(images.slice(1)), at(1));
    const rest = whole[1].cursor.slice(1);
    await refuses(409, seriesForm(images), `?cursor=9${rest}`);
    equal((await enrol(app, "p", "other")).status, 201);
    await refuses(409, seriesForm(images), at(1));
  });
  await t.step("what is not a cursor: 422", async () => {
    for (const cursor of ["", "1", "x".repeat(65), "-1-" + "0".repeat(32)]) {
      await refuses(422, seriesForm(images), `?cursor=${cursor}`);
    }
  });
});

Deno.test("each line is sent before the next image is begun, and a cancelled series does no more", async () => {
  await using service = await openSeries();
  const { counted, begun } = countSegments(service.services);
  const app = createApp(counted);
  const response = await app.request("/v1/patients/p/series", {
    method: "POST",
    body: seriesForm(Array.from({ length: 20 }, (_, i) => variant(i))),
  });
  const lines = linesOf(response);
  for (let i = 0; i < 3; i++) {
    equal((await lines.next()).value.index, i);
    equal(begun(), i + 1);
  }
  await lines.return(undefined);
  // A series that went on would take turns with these.
  const others = 16;
  for (let i = 0; i < others; i++) {
    equal((await segment(app, "p")).status, 200);
  }
  ok(begun() - others <= 4, `${begun() - others} of 20 were begun`);
});

Deno.test("a series that cannot begin", async (t) => {
  await using service = await openSeries({
    MAX_SERIES_BYTES: "1000000",
    MAX_BYTES: "500000",
  });
  const { series } = service;
  const multipart = { "content-type": "multipart/form-data; boundary=x" };
  const part = '--x\r\ncontent-disposition: form-data; name="image"; ' +
    'filename="a"\r\n\r\n';
  const bytes = files.next;
  const bomb = new Uint8Array(600_000);
  const streamed = (count: number) => {
    let left = count;
    return new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(new Uint8Array(100_000));
        else controller.close();
      },
    }) as unknown as Body;
  };
  const cases: [string, number, string, RegExp, () => Body, object?][] = [
    ["empty body", 400, "empty", /0 bytes/, () => new Uint8Array()],
    ["no field", 422, "invalid-input", /no image/, () => new FormData()],
    ["empty zip", 422, "invalid-input", /no image/, () => zipOf([])],
    [
      "text",
      415,
      "unsupported-type",
      /wanted/,
      () => text("these are no images"),
    ],
    [
      "text declared as a zip",
      415,
      "unsupported-type",
      /got text/,
      () => text("these are no images"),
      { "content-type": "application/zip" },
    ],
    ["another field", 422, "validation", /image, many times/, () =>
      form({
        mask: files.mask,
      })],
    ["text in the field", 422, "validation", /file name/, () =>
      form({
        image: "text",
      })],
    [
      "broken multipart",
      400,
      "malformed-request",
      /not a complete multipart body/,
      () => `${part}abc`,
      multipart,
    ],
    [
      "no multipart",
      400,
      "malformed-request",
      /not a complete multipart body/,
      () => "abc",
      multipart,
    ],
    [
      "no boundary",
      400,
      "malformed-request",
      /boundary/,
      () => "abc",
      { "content-type": "multipart/form-data" },
    ],
    [
      "cut zip",
      422,
      "invalid-input",
      /damaged or cut short/,
      () => zipOf([{ name: "a.png", bytes }]).slice(0, -3),
    ],
    ...["../a.png", "/a.png", "a/../../b.png", "C:/a.png", "a\\b.png"].map((
      name,
    ): typeof cases[number] => [
      `path ${name}`,
      422,
      "invalid-input",
      /leaves the archive/,
      () => zipOf([{ name, bytes }]),
    ]),
    [
      "zip bomb",
      413,
      "too-many-bytes",
      /unpacked/,
      () => zipOf(["a", "b"].map((name) => ({ name, bytes: bomb }))),
    ],
    [
      "too many bytes",
      413,
      "too-many-bytes",
      /larger than 1000000/,
      () => new Uint8Array(1_000_001),
    ],
    [
      "too many bytes, of unknown length",
      413,
      "too-many-bytes",
      /larger than 1000000/,
      () => streamed(11),
    ],
    [
      "too many images",
      422,
      "validation",
      /more than 10000/,
      () => part.slice(0, -2) + `\r\n\r\n${part}`.repeat(10_001) + "--x--",
      multipart,
    ],
  ];
  for (const [name, status, code, detail, body, headers] of cases) {
    await t.step(`${name}: ${status} ${code}`, async () => {
      const response = await series(body(), "", headers);
      const problem = await response.json();
      equal(response.status, status, JSON.stringify(problem));
      equal(problem.type, `/problems/${code}`);
      match(problem.detail, detail);
    });
  }
  await t.step("an unknown patient: 404", async () => {
    const response = await series(seriesForm([bytes]), "", {}, "q");
    equal(response.status, 404);
    await response.body?.cancel();
  });
  await t.step("a zip that lies about its sizes", async () => {
    const lies = [
      { name: "a.png", bytes: bomb, stated: 100 },
      { name: "b.png", bytes, crc: 1 },
      { name: "c.png", bytes, stated: bytes.length + 1 },
    ];
    const response = await series(zipOf(lies));
    const received = await Array.fromAsync(linesOf(response));
    deepEqual(
      received.map(({ problem }) => problem.type),
      Array(3).fill("/problems/malformed"),
    );
  });
});
