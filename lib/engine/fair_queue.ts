/**
 * What waits, by tenant and caller: first in, first out within each caller. Tenants take turns, and so do the callers
 * of one, so that none waits for all that another has sent: what one left behind delays the next by one item.
 */
export class FairQueue<T> {
  /** Tenants, and the callers of each, in the order in which they are next; none is empty. */
  #waiting = new Map<string, Map<string, T[]>>();
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

  /** The next caller's oldest item that is accepted; the caller and its tenant are then the last to be next. */
  take(accept: (item: T) => boolean = () => true): T | undefined {
    for (const [tenant, callers] of this.#waiting) {
      for (const [caller, own] of callers) {
        const found = own.findIndex(accept);
        if (found === -1) continue;
        const [item] = own.splice(found, 1);
        this.#size--;
        moveToEnd(callers, caller, own.length === 0);
        moveToEnd(this.#waiting, tenant, callers.size === 0);
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

/** Makes a key the last one, or drops it. */
function moveToEnd<V>(map: Map<string, V>, key: string, drop: boolean): void {
  const value = map.get(key)!;
  map.delete(key);
  if (!drop) map.set(key, value);
}
