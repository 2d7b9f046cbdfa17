import process from "node:process";

/** `wall`, or `cpu`: CPU time of all threads of the process, which a busy machine hardly changes. */
export type ClockName = "wall" | "cpu";

/** A monotonic clock in milliseconds. */
export function createClock(name: ClockName): () => number {
  if (name === "wall") return () => performance.now();
  return () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
}
