/** Tenants or callers whose last turn is remembered. */
const REMEMBERED = 1000;

/**
 * What waits, by tenant and caller: first in, first out within each caller. The tenant that was served longest ago is
 * next, and of its callers the one that was, so that none waits for all that another has sent: what one left behind
 * delays a caller that was not served lately by nothing but the item in progress. Those who share a key are one caller.
 */
export class FairQueue<T> {
  /** The callers of every tenant that waits; none is empty. */
  #waiting = new Map<string, Map<string, T[]>>();
  /** When tenants and their callers were last served. */
  #turns = new Turns();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(tenant: string): number {
    const callers = this.#waiting.get(tenant)?.values() ?? [];
    return [...callers].reduce((sum, { length }) => sum + length, 0);
  }

  push(tenant: string, item: T, caller = ""): void {
    const callers = this.#waiting.get(tenant) ?? new Map<string, T[]>();
    this.#waiting.set(tenant, callers);
    const own = callers.get(caller);
    if (own === undefined) callers.set(caller, [item]);
    else own.push(item);
    this.#size++;
  }

  /** The oldest item that is accepted of the caller whose turn it is. */
  take(accept: (item: T) => boolean = () => true): T | undefined {
    const tenants = this.#turns.order(this.#waiting.keys(), (name) => [name]);
    for (const tenant of tenants) {
      const callers = this.#waiting.get(tenant)!;
      const place = (caller: string) => [tenant, caller];
      for (const caller of this.#turns.order(callers.keys(), place)) {
        const item = callers.get(caller)!.find(accept);
        if (item === undefined) continue;
        this.remove(tenant, item);
        this.#turns.serve([tenant]);
        this.#turns.serve(place(caller));
        return item;
      }
    }
  }

  /** Takes an item out of its place; false when it is not there any more. */
  remove(tenant: string, item: T): boolean {
    const callers = this.#waiting.get(tenant);
    for (const [caller, own] of callers ?? []) {
      const found = own.indexOf(item);
      if (found === -1) continue;
      own.splice(found, 1);
      this.#size--;
      if (own.length === 0) callers!.delete(caller);
      if (callers!.size === 0) this.#waiting.delete(tenant);
      return true;
    }
    return false;
  }
}

/** Remembers who was served when. */
class Turns {
  /** The number of the last turn, in the order of these. */
  #last = new Map<string, number>();
  #count = 0;

  /** Names by their last turns, those that had none first. */
  order(names: Iterable<string>, place: (name: string) => string[]): string[] {
    const turn = (name: string) =>
      this.#last.get(JSON.stringify(place(name))) ?? 0;
    return [...names].sort((a, b) => turn(a) - turn(b));
  }

  serve(place: string[]): void {
    const key = JSON.stringify(place);
    this.#last.delete(key);
    this.#last.set(key, ++this.#count);
    if (this.#last.size <= REMEMBERED) return;
    const [oldest] = this.#last.keys();
    this.#last.delete(oldest!);
  }
}
