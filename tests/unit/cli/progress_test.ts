import { deepEqual, equal, match } from "node:assert/strict";
import { createProgress } from "../../../lib/cli/progress.ts";

/** What a progress of so many steps writes, each step after so many seconds. */
function watch(isTerminal: boolean, total: number, seconds: number[]) {
  const written: string[] = [];
  let ms = 0;
  const stderr = {
    isTerminal: () => isTerminal,
    writeSync(bytes: Uint8Array) {
      written.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
  const { step, end } = createProgress(total, stderr, () => ms);
  for (const wait of seconds) {
    ms += wait * 1000;
    step();
  }
  end();
  return written;
}

Deno.test("without a terminal, plain lines come no sooner than ten seconds apart", () => {
  deepEqual(watch(false, 8, [4, 4, 4, 4, 4, 4, 30, 1]), [
    "3/8, 20 s left\n",
    "6/8, 8 s left\n",
    "7/8, 8 s left\n",
  ]);
});

Deno.test("without a terminal, what ends within ten seconds or in one step says nothing", () => {
  deepEqual(watch(false, 4, [2, 2, 2, 2]), []);
  deepEqual(watch(false, 1, [60]), []);
});

Deno.test("a terminal shows a bar from the start, drawn anew at every step", () => {
  const written = watch(true, 2, [3, 3]);
  equal(written.length, 4);
  match(written[0], /^\r\[\.{30}\] 0\/2/);
  match(written[1], /^\r\[#{15}\.{15}\] 1\/2, 3 s left/);
  match(written[2], /^\r\[#{30}\] 2\/2/);
  equal(written[3], "\n");
});
