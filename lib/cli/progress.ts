const WIDTH = 30;

export interface Progress {
  step(): void;
  /** Prints a line above the bar. */
  say(line: string): void;
  /** The same on stderr. */
  warn(line: string): void;
  end(): void;
}

/** A progress bar on stderr; silent where stderr is no terminal. */
export function createProgress(total: number): Progress {
  const shown = Deno.stderr.isTerminal();
  const started = performance.now();
  let done = 0;
  const write = (text: string) =>
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  const draw = () => {
    const filled = Math.round(WIDTH * done / total);
    const bar = "#".repeat(filled) + ".".repeat(WIDTH - filled);
    write(`\r[${bar}] ${done}/${total}${left()}\x1b[K`);
  };
  const left = () => {
    if (done === 0 || done === total) return "";
    const ms = (performance.now() - started) / done * (total - done);
    return `, ${Math.ceil(ms / 1000)} s left`;
  };
  const above = (print: () => void) => {
    if (shown) write("\r\x1b[K");
    print();
    if (shown) draw();
  };
  if (shown) draw();
  return {
    step() {
      done++;
      if (shown) draw();
    },
    say: (line) => above(() => console.log(line)),
    warn: (line) => above(() => console.error(line)),
    end() {
      if (shown) write("\n");
    },
  };
}
