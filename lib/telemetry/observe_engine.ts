import { type Engine, forwardingEngine } from "../engine/engine.ts";
import type { Telemetry } from "./telemetry.ts";

/** The engine, with its operations and the stages of its segmentations timed and traced. */
export function observeEngine(
  engine: Engine,
  { metrics, tracing }: Telemetry,
): Engine {
  const observe = (operation: string, work: () => Promise<unknown>) =>
    tracing.span(`engine.${operation}`, {}, async () => {
      const done = metrics.operations.startTimer({ operation });
      try {
        const result = await work();
        done({ outcome: "ok" });
        return result;
      } catch (error) {
        done({ outcome: "error" });
        throw error;
      }
    });
  const observed = forwardingEngine((operation, args) => {
    const call = engine[operation] as (...args: unknown[]) => Promise<unknown>;
    return observe(operation, () => call(...args));
  });
  return {
    ...observed,
    async segment(...args) {
      const result = await observed.segment(...args);
      for (const [stage, ms] of Object.entries(result.timings)) {
        metrics.stages.observe({ stage }, ms / 1000);
      }
      return result;
    },
  };
}
