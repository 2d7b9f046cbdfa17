import { deepEqual, equal } from "node:assert/strict";
import type {
  Engine,
  ProfileFile,
  SelfTestRequest,
} from "../../../lib/engine/engine.ts";
import type { EncodeClient } from "../../../lib/remote/encode_client.ts";
import { encodeRemotely } from "../../../lib/remote/remote_engine.ts";

const work = { tenant: "clinic", signal: new AbortController().signal };
const bytes = new Uint8Array();
const mask = { size: [1, 1] as [number, number], counts: "1" };

/** What an enrolment asks of the local engine, where every augmentation takes a host so long. */
async function requestWith(
  { ms, budget }: { ms: number; budget: number },
): Promise<SelfTestRequest> {
  let time = 0;
  let asked: SelfTestRequest | undefined;
  const local = {
    augment: () =>
      Promise.resolve(
        ["brighter", "smaller", "moved", "noisy"].map((name) => ({
          name,
          image: bytes,
          mask,
        })),
      ),
    enrol: (
      _embedding: unknown,
      _annotation: unknown,
      tests: SelfTestRequest,
    ) => {
      asked = tests;
      return Promise.resolve(
        { bytes, patches: 1, report: null } as ProfileFile,
      );
    },
  } as unknown as Engine;
  const client: EncodeClient = {
    available: true,
    embed() {
      time += ms;
      return Promise.resolve({ bytes, image: { width: 1, height: 1 } });
    },
  };
  const engine = encodeRemotely(() => local, client, "m", () => time)(work);
  const image = { bytes };
  await engine.enrol(bytes, { file: image }, { image, budget });
  return asked!;
}

Deno.test("augmentations are encoded as long as the next one fits into the budget", async () => {
  const names = async (ms: number) =>
    (await requestWith({ ms, budget: 10_000 })).encoded!
      .augmentations.map(({ name }) => name);
  deepEqual(await names(100), ["brighter", "smaller", "moved", "noisy"]);
  deepEqual(await names(3500), ["brighter", "smaller"]);
  deepEqual(await names(20_000), ["brighter"]);
});

Deno.test("what slow hosts encoded is tested", async () => {
  const { budget, encoded } = await requestWith({ ms: 3300, budget: 10_000 });
  equal(encoded!.augmentations.length, 3);
  equal(budget, 5000);
});
