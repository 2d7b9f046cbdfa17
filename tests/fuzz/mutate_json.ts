import type { Random } from "./random.ts";

/** Values as text at which readers of JSON go wrong. */
const VALUES = [
  ...["null", "true", "[]", "{}", '""', "0", "-0", "-1", "1.5", "1e308"],
  ...["1e999", "-1e999", "1e-400", "9007199254740993", "NaN", "0x10", "01"],
  ...['"0"', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"__proto__"', "[[]]"],
  ...['"../../etc/passwd"', '"%00"', '"' + "x".repeat(5000) + '"'],
  ...["[" + "0,".repeat(3000) + "0]", "[".repeat(3000) + "]".repeat(3000)],
  ...['{"__proto__":{"a":1}}', '{"constructor":0}', '{"toString":1}'],
];

/** A JSON text with values, names or characters changed; text that is not JSON has characters changed. */
export function mutateJson(text: string, random: Random): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return mutateText(text, random);
  }
  const marks: string[] = [];
  const mark = () => {
    const changed = random.chance(0.3)
      ? String(random.integer(random.below(1000), text.length))
      : random.pick(VALUES);
    marks.push(changed);
    return `@@${marks.length - 1}@@`;
  };
  for (let i = random.between(1, 3); i > 0; i--) {
    value = change(value, mark, random);
  }
  const made = (JSON.stringify(value) ?? "").replace(
    /"@@(\d+)@@"/g,
    (_, i) => marks[Number(i)],
  );
  return random.chance(0.1) ? mutateText(made, random) : made;
}

function change(value: unknown, mark: () => string, random: Random): unknown {
  if (typeof value !== "object" || value === null || random.chance(0.1)) {
    return mark();
  }
  if (Array.isArray(value)) {
    const list = [...value];
    const at = random.below(list.length + 1);
    switch (random.below(4)) {
      case 0:
        list.splice(at, 1);
        return list;
      case 1:
        list.splice(at, 0, list.length > 0 ? random.pick(list) : mark());
        return list;
      default:
        if (at < list.length) list[at] = change(list[at], mark, random);
        return list;
    }
  }
  const entries = Object.entries(value);
  const at = random.below(entries.length + 1);
  switch (random.below(6)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      if (at < entries.length) entries[at] = ["renamed", entries[at][1]];
      break;
    case 2:
      entries.push([
        random.pick(["extra", "__proto__", "constructor", ""]),
        mark(),
      ]);
      break;
    default:
      if (at < entries.length) {
        entries[at] = [entries[at][0], change(entries[at][1], mark, random)];
      }
  }
  return Object.fromEntries(entries);
}

function mutateText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + random.pick([...'{}[]",:\\\u0000', "e"]) +
        text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + random.length(50));
    default:
      return text.slice(0, at) + random.pick(VALUES) + text.slice(at + 1);
  }
}
