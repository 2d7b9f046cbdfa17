import { EdgeError } from "../core/errors.ts";

/** How much there is of something that tenants share, and how much of it one may hold. */
export interface TenantQuotaOptions {
  /** For all tenants together. */
  most: number;
  perTenant: number;
  /** What is shared, as a refusal calls it: `series`. */
  what: string;
}

/**
 * Counts what each tenant holds of something at this moment, as bytes of request bodies or running series. Requests
 * per minute are counted in `rate_limit.ts`, calls that wait for a worker in `lib/engine/fair_queue.ts`, and the
 * references of a patient in `functions/patients/reference_quota.ts`.
 *
 * @example
 * ```ts
 * import { throws } from "node:assert/strict";
 *
 * const quota = new TenantQuota({ most: 3, perTenant: 2, what: "series" });
 * const release = quota.take("clinic", 2);
 * throws(() => quota.take("clinic"), { code: "too-many-requests" });
 * throws(() => quota.take("other", 2), { code: "busy" });
 * release();
 * quota.take("clinic");
 * ```
 */
export class TenantQuota {
  readonly #held = new Map<string, number>();
  #sum = 0;

  constructor(private readonly options: TenantQuotaOptions) {}

  /**
   * Takes an amount.
   *
   * @returns gives the amount back; to be called once.
   * @throws EdgeError `busy` when too little is left for anybody, `too-many-requests` when the tenant may hold no more.
   */
  take(tenant: string, amount = 1): () => void {
    const { most, perTenant, what } = this.options;
    if (this.#sum + amount > most) {
      throw new EdgeError(
        "busy",
        `Limit reached: the server handles at most ${most} ${what} at once; try again shortly.`,
      );
    }
    if (this.#heldBy(tenant) + amount > perTenant) {
      throw new EdgeError(
        "too-many-requests",
        `Limit reached: a tenant may use at most ${perTenant} ${what} at once; try again shortly.`,
      );
    }
    this.#add(tenant, amount);
    return () => this.#add(tenant, -amount);
  }

  #heldBy(tenant: string): number {
    return this.#held.get(tenant) ?? 0;
  }

  #add(tenant: string, amount: number): void {
    const held = this.#heldBy(tenant) + amount;
    this.#sum += amount;
    if (held === 0) this.#held.delete(tenant);
    else this.#held.set(tenant, held);
  }
}
