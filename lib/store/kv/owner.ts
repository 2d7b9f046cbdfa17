import type { Kv } from "./kv.ts";
/**
 * Whose data a record is: a patient's, or an embedding's own. All of an owner is encrypted under one data key and
 * erased together. In an encrypted store the name is a tag that stands for the name.
 */
export type Owner = readonly [
  kind: "patient" | "embedding",
  tenant: string,
  name: string,
];

/** Kinds of keys that hold no records of patients. */
const OTHER_KINDS = new Set(
  ("audit changed chunk copying datakey embedding erasing lease link pending rate scrub seal " +
    "sealing").split(" "),
);

/** Kinds of what is kept for some hours and can be made or sent again. */
export const PASSING_KINDS = [
  "answer",
  "claim",
  "embedding",
  "image",
  "link",
  "upload",
  "uploads",
];

/** The owner of the record at a key, `[kind, tenant, name, …]`. */
export function ownerOf(at: Deno.KvKey): Owner {
  const [kind, tenant, name] = at as [string, string, string];
  return [kind === "embedding" ? kind : "patient", tenant, name];
}

/** The owner in a key of the forms below, or `["link", ...owner, embedding]`. */
export function ownerIn(at: Deno.KvKey): Owner {
  const [, kind, tenant, name] = at as [string, ...Owner];
  return [kind, tenant, name];
}

/** Where the wrapped data key lies. */
export const dataKeyAt = (owner: Owner): Deno.KvKey => ["datakey", ...owner];

/** Where the time of a patient's last change lies, milliseconds since 1970. */
export const changedAt = (owner: Owner): Deno.KvKey => ["changed", ...owner];

/** Where it is noted that an owner's erasure has begun. */
export const erasingAt = (owner: Owner): Deno.KvKey => ["erasing", ...owner];

/** Set while a store is being copied here: some of it may still be missing. */
export const COPYING: Deno.KvKey = ["copying"];

/** The kinds of keys that are stored; each is found by a jump past the keys of the one before. */
export async function kindsIn(kv: Kv): Promise<string[]> {
  const kinds: string[] = [];
  for (let start: Deno.KvKey = [""];;) {
    const next = kv.list({ start, end: [true] }, { limit: 1 });
    const { value } = await next.next();
    const kind = value?.key[0];
    if (typeof kind !== "string") return kinds;
    kinds.push(kind);
    start = [kind, true];
  }
}

/** The kinds of patients' records that are stored. */
export async function recordKinds(kv: Kv): Promise<string[]> {
  return (await kindsIn(kv)).filter((kind) => !OTHER_KINDS.has(kind));
}
