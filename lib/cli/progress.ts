const WIDTH = 30;

/** Time between lines without a terminal, milliseconds: commands that end sooner print none. */
const PAUSE_MS = 10_000;

/** Shows progress on stderr: as a bar on a terminal, else as a plain line every ten seconds. */
export function createProgress(
  total: number,
  stderr: Pick<typeof Deno.stderr, "isTerminal" | "writeSync"> = Deno.stderr,
  now: () => number = () => performance.now(),
) {
  const isTerminal = stderr.isTerminal();
  const started = now();
  let printed = started;
  let done = 0;
  const write = (text: string) =>
    stderr.writeSync(new TextEncoder().encode(text));
  const left = () => {
    if (done === 0 || done === total) return "";
    const ms = (now() - started) / done * (total - done);
    return `, ${Math.ceil(ms / 1000)} s left`;
  };
  const state = () => `${done}/${total}${left()}`;
  const draw = () => {
    const filled = Math.round(WIDTH * done / total);
    const bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
    write(`\r[${bar}] ${state()}\x1b[K`);
  };
  const above = (print: () => void) => {
    if (isTerminal) write("\r\x1b[K");
    print();
    if (isTerminal) draw();
  };
  if (isTerminal) draw();
  return {
    step() {
      done++;
      if (isTerminal) return draw();
      if (done === total || now() - printed < PAUSE_MS) return;
      printed = now();
      write(`${state()}\n`);
    },
    /** Prints a line on stdout, above the bar. */
    say: (line: string) => above(() => console.log(line)),
    /** Prints a line on stderr, above the bar. */
    warn: (line: string) => above(() => console.error(line)),
    end() {
      if (isTerminal) write("\n");
    },
  };
}
