/**
 * What waits, by tenant: first in, first out within each; tenants take turns, so that none waits for all
 * that another has sent.
 */
export class FairQueue<T> {
  /** In the order in which tenants are next; none is empty. */
  #waiting = new Map<string, T[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  sizeOf(tenant: string): number {
    return this.#waiting.get(tenant)?.length ?? 0;
  }

  push(tenant: string, item: T): void {
    const own = this.#waiting.get(tenant);
    if (own === undefined) this.#waiting.set(tenant, [item]);
    else own.push(item);
    this.#size++;
  }

  /** The next tenant's oldest item that is accepted; that tenant is then the last to be next. */
  take(accept: (item: T) => boolean = () => true): T | undefined {
    for (const [tenant, own] of this.#waiting) {
      const found = own.findIndex(accept);
      if (found === -1) continue;
      const [item] = own.splice(found, 1);
      this.#size--;
      this.#waiting.delete(tenant);
      if (own.length > 0) this.#waiting.set(tenant, own);
      return item;
    }
  }

  /** Takes an item out of its place; false when it is not there any more. */
  remove(tenant: string, item: T): boolean {
    const own = this.#waiting.get(tenant) ?? [];
    const found = own.indexOf(item);
    if (found === -1) return false;
    own.splice(found, 1);
    this.#size--;
    if (own.length === 0) this.#waiting.delete(tenant);
    return true;
  }
}
