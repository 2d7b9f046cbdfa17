import { EdgeError } from "../core/errors.ts";

/** How much there is of something that tenants share, and how much of it one may hold. */
export interface QuotaOptions {
  most: number;
  perTenant: number;
  /** What is shared, as a refusal calls it: `series`. */
  what: string;
}

/** Counts what tenants hold of something. */
export class Quota {
  #options: QuotaOptions;
  #held = new Map<string, number>();
  #sum = 0;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /**
   * Takes an amount until the function that it gives is called, once.
   *
   * @throws EdgeError `busy` when there is not so much left, `too-many-requests` when the tenant may hold
   * no more.
   */
  take(tenant: string, amount = 1): () => void {
    const { most, perTenant, what } = this.#options;
    const own = this.#held.get(tenant) ?? 0;
    const refuse = (code: "busy" | "too-many-requests", whose: string) =>
      new EdgeError(
        code,
        `${whose} as many ${what} under way as may be; try again shortly.`,
      );
    if (this.#sum + amount > most) throw refuse("busy", "There are");
    if (own + amount > perTenant) {
      throw refuse("too-many-requests", "You have");
    }
    this.#set(tenant, own + amount, amount);
    return () => this.#set(tenant, this.#held.get(tenant)! - amount, -amount);
  }

  #set(tenant: string, own: number, change: number): void {
    this.#sum += change;
    if (own === 0) this.#held.delete(tenant);
    else this.#held.set(tenant, own);
  }
}
