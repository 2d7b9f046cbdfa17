import { equal, ok } from "node:assert/strict";
import { encodePng } from "../../lib/codecs/png/encode.ts";
import { files, form, visits } from "../support/requests.ts";
import { length } from "../support/length.ts";
import { Server } from "../support/server.ts";

/** Memory after this many answers is compared with memory after 20. */
const ANSWERS = length(60, 200);

/** The most memory that the serving process may hold, bytes. */
const LIMIT = 400e6;

Deno.test({
  name:
    `memory after ${ANSWERS} segmentations is at most 400 MB, within 10 % of memory after 20`,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await using server = await Server.start({
        MODEL: "nano",
        KV_PATH: `${folder}/edge.kv`,
      });
      const body = form({ image: files.image, mask: files.mask });
      equal((await server.enrol("p", "r", body)).status, 201);
      const resident: number[] = [];
      for (let i = 1; i <= ANSWERS; i++) {
        const image = visits.second.image;
        image.data[i] ^= 1;
        const response = await server.segment("p", encodePng(image));
        equal(response.status, 200);
        await response.body?.cancel();
        if (i === 20 || i === ANSWERS) {
          resident.push(await server.residentMemory());
        }
      }
      const [early, late] = resident;
      const [before, after] = resident.map((bytes) =>
        `${Math.round(bytes / 1e6)} MB (${Math.round(bytes / 2 ** 20)} MiB)`
      );
      console.log(`resident after 20: ${before}, after ${ANSWERS}: ${after}`);
      ok(late <= LIMIT, after);
      ok(late <= 1.1 * early, `${before} to ${after}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
