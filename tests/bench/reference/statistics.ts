/** Median, least and most of some measurements. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return {
    median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2,
    least: sorted[0],
    most: sorted[sorted.length - 1],
  };
}

/** As a cell of a table: median (least to most), each to three significant digits. */
export function cell(values: number[]): string {
  const { median, least, most } = spread(values);
  const [a, b, c] = [median, least, most].map((value) =>
    value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)))
  );
  return `${a} (${b} to ${c})`;
}
