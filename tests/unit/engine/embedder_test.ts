import { READING_RULES } from "../../../lib/image/reading_rules.ts";
import { deepEqual, equal, rejects } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { concat } from "../../../lib/core/bytes.ts";
import { hexDigest } from "../../../lib/core/digest.ts";
import { createEmbedder } from "../../../lib/engine/embedder.ts";
import { createMemoryEmbeddings } from "../../../lib/store/embeddings/embedding_store.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { files } from "../../support/requests.ts";
import { workOf } from "../../support/work.ts";

const WORK = workOf("t");
const input = { bytes: files.image, mediaType: "image/png" };

/** An embedder over an engine whose calls are counted and end when told. */
function openEmbedder() {
  const calls: PromiseWithResolvers<void>[] = [];
  let stored = 0;
  const memory = createMemoryEmbeddings({ maxBytes: 1000, lifetime: 1000 });
  const embedder = createEmbedder(
    () => ({
      async embed({ bytes }) {
        const call = Promise.withResolvers<void>();
        calls.push(call);
        await call.promise;
        return { bytes: bytes.slice(0, 10), image: { width: 2, height: 1 } };
      },
    }),
    {
      ...memory,
      put: (...args) => {
        stored++;
        return memory.put(...args);
      },
    },
    "a".repeat(64),
  );
  /**
   * Waits until the engine has been asked that often, in vain for ten seconds at most, and then until
   * whoever asked beside it waits too: files are hashed beside each other, so that none is surely first.
   */
  const asked = async (count: number) => {
    for (let i = 0; i < 1000 && calls.length < count; i++) await delay(10);
    await delay(100);
    equal(calls.length, count);
  };
  return { embedder, calls, asked, stored: () => stored };
}

Deno.test("an image that arrives twice together is encoded once and stored once", async () => {
  const { embedder, calls, asked, stored } = openEmbedder();
  const both = [embedder.embed(WORK, input), embedder.embed(WORK, input)];
  await asked(1);
  calls[0].resolve();
  const [one, other] = await Promise.all(both);
  deepEqual(one, other);
  await embedder.embed(WORK, input);
  equal(calls.length, 1, "nor again between its making and its keeping");
  await Promise.all([embedder.keep("t", one), embedder.keep("t", other)]);
  equal(stored(), 1);
  equal((await embedder.embed(WORK, input)).expiresAt !== null, true);
  equal(calls.length, 1);
});

Deno.test("a failure is told to all that wait, and the next one tries again", async () => {
  const { embedder, calls, asked } = openEmbedder();
  const both = [embedder.embed(WORK, input), embedder.embed(WORK, input)];
  await asked(1);
  calls[0].reject(new Error("lost"));
  for (const waiting of both) await rejects(waiting, /lost/);
  const again = embedder.embed(WORK, input);
  await asked(2);
  calls[1].resolve();
  await again;
  equal(calls.length, 2);
});

Deno.test("what is held without being kept is bounded", async () => {
  const { embedder, calls, asked } = openEmbedder();
  const embed = (i: number) => {
    const bytes = files.image.slice();
    bytes[bytes.length - 1] = i;
    return embedder.embed(WORK, { ...input, bytes });
  };
  for (const i of [0, 1, 2, 3, 4]) {
    const made = embed(i);
    await asked(i + 1);
    calls[i].resolve();
    await made;
  }
  await embed(4);
  equal(calls.length, 5, "the youngest is held");
  const first = embed(0);
  await asked(6);
  calls[5].resolve();
  await first;
});

Deno.test("the address of a frame is that of no other frame or file", async () => {
  const digest = "a".repeat(64);
  const embedder = createEmbedder(
    () => ({
      embed: ({ bytes }) =>
        Promise.resolve({
          bytes: bytes.slice(0, 10),
          image: { width: 2, height: 1 },
        }),
    }),
    createMemoryEmbeddings({ maxBytes: 1000, lifetime: 1000 }),
    digest,
  );
  const { image } = files;
  const encode = (text: string) => new TextEncoder().encode(text);
  const idOf = async (bytes: Uint8Array<ArrayBuffer>, frame?: number) => {
    const which = frame === undefined ? {} : { frame };
    return (await embedder.embed(WORK, { ...input, bytes, ...which })).id;
  };
  const address = concat([encode(digest + READING_RULES), image]);
  equal(await idOf(image), await hexDigest(address));
  const ids = [await idOf(image), await idOf(image, 3), await idOf(image, 33)];
  for (const end of ["3", "#3", "#", "#3 "]) {
    const bytes = concat([image, encode(end)]);
    ids.push(await idOf(bytes), await idOf(bytes, 3));
  }
  equal(new Set(ids).size, ids.length);
});

Deno.test("one that gives up takes nobody along who waits for the same image", async () => {
  const { embedder, calls, asked } = openEmbedder();
  const caller = new AbortController();
  const first = embedder.embed(workOf("t", caller.signal), input);
  await asked(1);
  const second = embedder.embed(WORK, input);
  await asked(1);
  calls[0].reject(new EdgeError("given-up", "gone"));
  await rejects(first, { code: "given-up" });
  await asked(2);
  calls[1].resolve();
  equal((await second).model, "a".repeat(64));
});

Deno.test("what one tenant had encoded, another has encoded again", async () => {
  const { embedder, calls, asked, stored } = openEmbedder();
  const both = [
    embedder.embed(WORK, input),
    embedder.embed(workOf("u"), input),
  ];
  await asked(2);
  for (const call of calls) call.resolve();
  const [one, other] = await Promise.all(both);
  equal(one.id, other.id);
  await embedder.keep("t", one);
  await rejects(embedder.recall("u", one.id), { code: "not-found" });
  await embedder.keep("u", other);
  equal(stored(), 2);
});
