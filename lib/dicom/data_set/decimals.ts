/** Characters of a number, for which the standard allows 16 (PS3.5 §6.2); longer text is not matched at all. */
const MAX_NUMBER = 64;

const NUMERIC = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/;

/** The values of a text, each without the blanks and zero bytes around it. */
export function splitValues(text: string): string[] {
  return text.split("\\").map((value) => {
    let [from, to] = [0, value.length];
    const isBlank = (i: number) => value.charCodeAt(i) <= 0x20;
    while (from < to && isBlank(from)) from++;
    while (from < to && isBlank(to - 1)) to--;
    return value.slice(from, to);
  });
}

/** The finite number of a decimal or integer string (PS3.5 §6.2), also with a decimal comma; undefined for other text. */
export function toDecimal(value: string): number | undefined {
  if (value.length > MAX_NUMBER || !NUMERIC.test(value)) return undefined;
  const number = Number(value.replace(",", "."));
  return Number.isFinite(number) ? number : undefined;
}

/** The numbers of a text; none where one of its values is no number. */
export function toDecimals(text: string): number[] {
  if (text === "") return [];
  const numbers: number[] = [];
  for (const value of splitValues(text)) {
    const number = toDecimal(value);
    if (number === undefined) return [];
    numbers.push(number);
  }
  return numbers;
}
