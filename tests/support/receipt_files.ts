import { createHash } from "node:crypto";
import type { Receipt } from "../../lib/receipt/receipt.ts";

/** A value as canonical JSON (RFC 8785), independently of the library that the product uses. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  const members = entries.map(([key, member]) =>
    `${JSON.stringify(key)}:${canonical(member)}`
  );
  return `{${members.join()}}`;
}

export const sha256 = (data: string | Uint8Array) =>
  createHash("sha256").update(data).digest("hex");

/** A receipt whose id matches its contents. */
export function resealed({ id: _, ...rest }: Receipt): Receipt {
  return { id: sha256(canonical(rest)), ...rest };
}

/** A receipt with another value at a path such as `model.digest`, and an id that matches. */
export function altered(
  receipt: Receipt,
  path: string,
  value: unknown,
): Receipt {
  const copy = structuredClone(receipt);
  const keys = path.split(".");
  const last = keys.pop()!;
  type Tree = Record<string, unknown>;
  const place = keys.reduce((at, key) => at[key] as Tree, copy as Tree);
  if (value === undefined) delete place[last];
  else place[last] = value;
  return resealed(copy);
}
