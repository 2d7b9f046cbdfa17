import { deepEqual, equal, rejects } from "node:assert/strict";
import { loadPackage } from "../../../lib/model/package.ts";
import { mulberry32 } from "../../../lib/numerics/random.ts";
import { createOnnxModel } from "../../../lib/runtime/onnx_model.ts";
import { openRuntime } from "../../../lib/runtime/open_runtime.ts";
import type { Runtime } from "../../../lib/runtime/runtime.ts";

const GOLDEN = new URL("../golden/models/", import.meta.url);

/** A runtime whose sessions record each run by the name of their first input. */
function recording(runtime: Runtime, runs: string[]): Runtime {
  return {
    description: runtime.description,
    async open(file) {
      const session = await runtime.open(file);
      return {
        ...session,
        run(feeds) {
          runs.push(session.inputNames[0]);
          return session.run(feeds);
        },
      };
    },
  };
}

const wasm = await openRuntime({ name: "wasm", threads: 1, encodes: true });

for (const name of ["random-natural", "random-sam2"]) {
  Deno.test(`${name}: the image graph runs once for an image and all its prompts`, async () => {
    const model = await loadPackage(new URL(`${name}/`, GOLDEN));
    const runs: string[] = [];
    const { encoder, decoder } = await createOnnxModel(
      model,
      recording(wasm, runs),
    );
    const random = mulberry32(3);
    const images = [1, 2].map(() =>
      Float32Array.from(
        { length: 3 * model.geometry.size ** 2 },
        () => 4 * random() - 2,
      )
    );
    const [first, second] = await encoder.encode(images);
    const decode = (x: number, tensors = first) =>
      decoder.decode(tensors, {
        coords: Float32Array.of(x, 90, 0, 0),
        labels: Float32Array.of(1, -1),
        mask: null,
      });
    runs.length = 0;
    const [alone] = [await decode(60), await decode(150), await decode(200)];
    const other = await decode(60, second);
    equal(runs.filter((input) => input === "centred").length, 4);
    equal(runs.filter((input) => input === "image_embeddings").length, 2);
    deepEqual(await decode(60), alone);
    deepEqual(await decode(60, structuredClone(second)), other);
  });
}

Deno.test("an image graph that does not fit its decoder or manifest is refused", async () => {
  const model = await loadPackage(new URL("random-natural/", GOLDEN));
  const { image } = await loadPackage(new URL("random-sam2/", GOLDEN));
  await rejects(
    createOnnxModel({ ...model, image }, wasm),
    /its image graph takes .*high_res_feats_0/,
  );
  await rejects(
    createOnnxModel({ ...model, image: null }, wasm),
    /its decoder takes .*centred/,
  );

  const folder = await Deno.makeTempDir();
  const from = new URL("random-natural/", GOLDEN);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), `${folder}/${name}`);
  }
  const copy = new URL(`file://${folder}/`);
  await Deno.writeFile(`${folder}/image.onnx`, image!);
  await rejects(loadPackage(copy), /image\.onnx has sha256/);
  equal((await loadPackage(copy, ["encoder"])).image, null);
  await Deno.remove(`${folder}/image.onnx`);
  await rejects(loadPackage(copy), /image\.onnx cannot be read/);
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/model.json`));
  delete manifest.files.image;
  await Deno.writeTextFile(`${folder}/model.json`, JSON.stringify(manifest));
  await rejects(loadPackage(copy), /digest does not match/);
  await Deno.remove(folder, { recursive: true });
});
