import {
  deepEqual,
  equal,
  match,
  ok,
  rejects,
  throws,
} from "node:assert/strict";
import {
  decodeBounded,
  type Library,
} from "../../../lib/codecs/decode_bounded.ts";
import { TimeLimitError, withinTime } from "../../../lib/codecs/time_limit.ts";
import { EdgeError } from "../../../lib/core/errors.ts";
import { readErrors } from "../../../lib/core/read_errors.ts";

/**
 * A program whose `spin` never ends and whose `grow` asks for pages, through its host as Emscripten's programs do.
 *
 *     (module (memory (export "memory") 1)
 *       (func (export "spin") (loop br 0)) (func (export "die") unreachable))
 */
const PROGRAM = new WebAssembly.Module(Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 4, 1, 96, 0, 0],
  ...[3, 3, 2, 0, 0],
  ...[5, 3, 1, 0, 1],
  ...[7, 23, 3],
  ...[6, 109, 101, 109, 111, 114, 121, 2, 0],
  ...[4, 115, 112, 105, 110, 0, 0],
  ...[3, 100, 105, 101, 0, 1],
  ...[10, 13, 2, 7, 0, 3, 64, 12, 0, 11, 11, 3, 0, 0, 11],
));

interface Codec {
  spin(): void;
  die(): void;
  grow(bytes: number): number;
}

const library: Library<Codec> = [
  (options) => {
    const exports = options.instantiateWasm({}, () => {});
    const memory = exports.memory as WebAssembly.Memory;
    return Promise.resolve({
      spin: exports.spin as () => void,
      die: exports.die as () => void,
      grow: (bytes) => memory.grow(bytes / 65_536),
    });
  },
  PROGRAM,
];
const errors = readErrors("test file");
const bounds = { bytes: 2 ** 20, pixels: 0 };
const run = <T>(decode: (codec: Codec) => T) =>
  decodeBounded(library, bounds, errors, decode);
const is = (code: string, text: RegExp) => (error: unknown) =>
  error instanceof EdgeError && error.code === code &&
  text.test(error.message);

Deno.test("a decoder that hangs is ended, and the next one works", async () => {
  await rejects(run(({ spin }) => spin()), is("too-large", /over 1 s/));
  equal(await run(() => 7), 7);
});

Deno.test("a decoder that other work keeps from the processor gets more time", async () => {
  let tries = 0;
  const shared = new Int32Array(new SharedArrayBuffer(4));
  const answer = await run(() => {
    tries++;
    // Sleeps as a thread does that gets no turn.
    Atomics.wait(shared, 0, 0, 1500);
    return 7;
  });
  deepEqual([answer, tries], [7, 2]);
});

Deno.test("a decoder that catches everything is ended too", () => {
  let caught = 0;
  const stubborn = () => {
    while (caught < Infinity) {
      try {
        throw new Error();
      } catch {
        caught++;
      }
    }
  };
  throws(() => withinTime(10, stubborn), TimeLimitError);
  ok(caught > 0);
  equal(withinTime(1000, () => 7), 7);
});

Deno.test("work that ends just before or after its time spoils nothing", () => {
  for (let i = 0; i < 10; i++) {
    const until = performance.now() + 4.5 + i / 10;
    try {
      withinTime(5, () => {
        while (performance.now() < until);
      });
    } catch (error) {
      ok(error instanceof TimeLimitError);
    }
  }
});

Deno.test("a decoder gets no more memory than its picture needs", async () => {
  equal(await run(({ grow }) => grow(2 ** 20)), 1);
  await rejects(
    run(({ grow }) => grow(2 ** 30)),
    (error: EdgeError) => {
      match(`${(error.cause as Error).message}`, /more memory/);
      return is("malformed", /damaged/)(error);
    },
  );
});

Deno.test("a decoder that dies is an EdgeError, and the next one works", async () => {
  await rejects(run(({ die }) => die()), is("malformed", /damaged/));
  equal(await run(() => 7), 7);
});

Deno.test("an error of the work itself is passed on", async () => {
  const truncated = () => {
    throw errors.truncated("here");
  };
  await rejects(run(truncated), is("truncated", /it ends here/));
  throws(() =>
    withinTime(1000, () => {
      throw new RangeError("mine");
    }), RangeError);
});
