/**
 * How long /healthz takes while segmentations of a 12-megapixel photo run in a real server.
 *
 *     deno run --allow-all tests/bench/responsiveness.ts
 */
import { drawPatient } from "../../lib/sample/patient.ts";
import { resizeNearest } from "../../lib/image/resize.ts";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { form } from "../support/requests.ts";
import { Server } from "../support/server.ts";

const SIZE = [4000, 3000] as const;
const SEGMENTATIONS = 6;

const { first } = drawPatient();
const large = (data: Uint8Array) => {
  const small = { width: 384, height: 384, data };
  return encodePng(resizeNearest(small, ...SIZE));
};

const folder = await Deno.makeTempDir();
{
  await using server = await Server.start({
    MODEL: "nano",
    KV_PATH: `${folder}/edge.kv`,
  });
  const image = large(first.image.data);
  const enrolled = await server.enrol(
    "p",
    "r",
    form({ image, mask: large(first.mask.data) }),
  );
  if (enrolled.status !== 201) throw new Error(await enrolled.text());

  let running = true;
  const delays: number[] = [];
  const watch = async () => {
    while (running) {
      const started = performance.now();
      await (await fetch(`${server.url}/healthz`)).body?.cancel();
      delays.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const watching = watch();
  const started = performance.now();
  for (let i = 0; i < SEGMENTATIONS; i++) {
    const response = await server.segment("p", image);
    await response.body?.cancel();
  }
  const seconds = (performance.now() - started) / 1000;
  running = false;
  await watching;

  delays.sort((a, b) => a - b);
  const at = (share: number) =>
    delays[Math.min(delays.length - 1, Math.floor(share * delays.length))]
      .toFixed(1);
  console.log(
    `${SEGMENTATIONS} segmentations of ${SIZE.join("×")} pixels in ${
      seconds.toFixed(1)
    } s; ` +
      `/healthz asked ${delays.length} times: median ${at(0.5)} ms, p99 ${
        at(0.99)
      } ms, worst ${at(1)} ms`,
  );
}
await Deno.remove(folder, { recursive: true });
