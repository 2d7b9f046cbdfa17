const WIDTH = 30;

/** A progress bar on stderr; silent where stderr is no terminal. */
export function createProgress(total: number): { step(): void; end(): void } {
  const shown = Deno.stderr.isTerminal();
  let done = 0;
  const write = (text: string) =>
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  const draw = () => {
    const filled = Math.round(WIDTH * done / total);
    write(
      `\r[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${done}/${total}`,
    );
  };
  if (shown) draw();
  return {
    step() {
      done++;
      if (shown) draw();
    },
    end() {
      if (shown) write("\n");
    },
  };
}
