/** An unforeseen error of another thread: its class and where it was thrown. Its message may quote input: it is dropped. */
export class InternalError extends Error {
  constructor(override readonly name: string, readonly frames: string[]) {
    super("An unforeseen error in a worker.");
  }
}

/** What may be logged of an error: its class and its stack frames, never its message. */
export function traceOf(error: unknown): { name: string; frames: string[] } {
  if (error instanceof InternalError) {
    return { name: error.name, frames: error.frames };
  }
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const lines = (error.stack ?? "").split("\n").map((line) => line.trim());
  return {
    name: error.name,
    frames: lines.filter((line) => line.startsWith("at ")),
  };
}
