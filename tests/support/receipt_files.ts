import { createHash } from "node:crypto";
import type { Receipt } from "../../lib/receipt/receipt.ts";

/** A value as canonical JSON (RFC 8785), written apart from the library that the product uses. */
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

/** A receipt with the id that its contents have. */
export function resealed({ id: _, ...rest }: Receipt): Receipt {
  return { id: sha256(canonical(rest)), ...rest };
}

/** A receipt with other contents in one place, `model.digest`, and an id that fits. */
export function altered(
  receipt: Receipt,
  path: string,
  value: unknown,
): Receipt {
  const copy = structuredClone(receipt);
  const keys = path.split(".");
  const last = keys.pop()!;
  // deno-lint-ignore no-explicit-any -- a place anywhere in the document
  const place = keys.reduce((at: any, key) => at[key], copy);
  if (value === undefined) delete place[last];
  else place[last] = value;
  return resealed(copy);
}
