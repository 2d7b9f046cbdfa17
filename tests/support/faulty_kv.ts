import type { Kv } from "../../lib/store/kv/kv.ts";

/** An operation on a database. */
export type KvStep = "get" | "list" | "set" | "delete" | "commit";

/**
 * The faults of a database. `before` is called before every step and may throw or wait; `after` is called after it and
 * may throw although the step was done, as when the answer is lost.
 */
export interface KvFaults {
  before?(step: KvStep, count: number): void | Promise<void>;
  after?(step: KvStep, count: number): void | Promise<void>;
}

/** A real database with faults, which may be changed at any time. */
export function faultyKv(kv: Kv, faults: KvFaults): Kv {
  let count = 0;
  const doing = async <T>(step: KvStep, act: () => Promise<T>): Promise<T> => {
    const nth = ++count;
    await faults.before?.(step, nth);
    const done = await act();
    await faults.after?.(step, nth);
    return done;
  };
  const list = (...args: Parameters<Kv["list"]>) => {
    const entries = kv.list(...args);
    const reading = async function* () {
      await doing("list", () => Promise.resolve());
      yield* entries;
    };
    return reading() as never;
  };
  const atomic = () => {
    const operation = kv.atomic();
    const commit = operation.commit.bind(operation);
    operation.commit = () => doing("commit", commit);
    return operation;
  };
  return new Proxy(kv, {
    get(target, name) {
      if (name === "list") return list;
      if (name === "atomic") return atomic;
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = value.bind(target);
      return name === "get" || name === "set" || name === "delete"
        ? (...args: unknown[]) => doing(name, () => call(...args))
        : call;
    },
  });
}

/** The error of SQLite in Deno KV when the disk is full. */
export const DISK_FULL = () => new TypeError("database or disk is full");
