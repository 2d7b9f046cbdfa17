import { deepEqual, equal, match } from "node:assert/strict";
import { files, segment } from "../support/requests.ts";
import { zipOf } from "../support/series_bodies.ts";
import { openService } from "../support/service.ts";

Deno.test("an archive in PerSeg layout enrols a patient for every object", async (t) => {
  await using service = await openService();
  const { app } = service;
  const post = (entries: Parameters<typeof zipOf>[0], query = "") =>
    app.request(`/v1/enrolments${query}`, {
      method: "POST",
      headers: { "content-type": "application/zip" },
      body: zipOf(entries),
    });
  const pair = (object: string, name: string) => [
    { name: `Images/${object}/${name}.jpg`, bytes: files.image },
    { name: `Annotations/${object}/${name}.png`, bytes: files.mask },
  ];
  const linesOf = async (answer: Response) => {
    equal(answer.status, 200, await answer.clone().text());
    return (await answer.text()).trim().split("\n").map((line) =>
      JSON.parse(line)
    );
  };

  await t.step("with a line for each annotated image, in order", async () => {
    const lines = await linesOf(
      await post([
        ...pair("dog", "10"),
        ...pair("dog", "9"),
        ...pair("cat", "00"),
        { name: "README.txt", bytes: new TextEncoder().encode("hello") },
      ], "?label=pet"),
    );
    deepEqual(
      lines.map(({ index, total, patient, reference, enrolled }) => [
        index,
        total,
        patient,
        reference,
        enrolled.label,
      ]),
      [
        [0, 3, "cat", "00", "pet"],
        [1, 3, "dog", "9", "pet"],
        [2, 3, "dog", "10", "pet"],
      ],
    );
    const answer = await segment(app, "dog", files.next, "?label=pet");
    equal((await answer.json()).profile.references.length, 2);
    const trail = await (await app.request("/v1/audit")).text();
    const begun = trail.trim().split("\n").map((line) => JSON.parse(line))
      .filter(({ operation, phase, names }) =>
        operation === "POST /v1/enrolments" && phase === "begun" &&
        names.length === 2
      );
    equal(begun.length, 3);
  });

  await t.step(
    "what cannot be enrolled is named, and holds up nothing",
    async () => {
      const [image, mask] = pair("cow", "00");
      const lines = await linesOf(
        await post([
          image!,
          ...pair("an owl", "00"),
          { ...mask!, name: "Annotations/hen/00.png" },
          ...pair("rat", "00").map((file) => ({ ...file, bytes: files.image })),
          ...pair("yak", "00"),
        ]),
      );
      const problems = lines.map(({ patient, problem, enrolled }) => [
        patient,
        problem?.detail ?? enrolled.label,
      ]);
      const wanted = [
        ["an owl", /must be 1 to 128 letters/],
        ["cow", /holds an image of this name, and no annotation/],
        ["hen", /holds an annotation of this name, and no image/],
        ["rat", /mask|annotation|values/i],
        ["yak", /^target$/],
      ] as const;
      for (const [i, [patient, detail]] of wanted.entries()) {
        equal(problems[i]![0], patient);
        match(problems[i]![1], detail);
      }
    },
  );

  await t.step(
    "an archive of another layout, or none, is refused",
    async () => {
      const other = await post([{ name: "a/b.png", bytes: files.image }]);
      equal(other.status, 422);
      match((await other.json()).detail, /holds no Images\/<object>/);
      const twice = pair("dog", "00");
      const again = await post([...twice, {
        ...twice[0]!,
        name: "Images/dog/00.png",
      }]);
      equal(again.status, 422);
      const inFolder = (folder: string, files: typeof twice) =>
        files.map((file) => ({ ...file, name: `${folder}/${file.name}` }));
      for (
        const entries of [
          [...inFolder("one", twice), ...inFolder("two", twice)],
          [...twice, ...inFolder("two", twice)],
          // An image of one set and a mask of another are no pair.
          [
            ...inFolder("one", twice.slice(0, 1)),
            ...inFolder("two", twice.slice(1)),
          ],
        ]
      ) {
        const mixed = await post(entries);
        equal(mixed.status, 422);
        match((await mixed.json()).detail, /two of its folders/);
      }
      const sets = [
        ...inFolder("one", twice),
        ...inFolder("b", pair("c", "0")),
      ];
      equal((await linesOf(await post(sets))).length, 2);
      const none = await app.request("/v1/enrolments", {
        method: "POST",
        body: files.image,
      });
      equal(none.status, 415);
    },
  );
});
