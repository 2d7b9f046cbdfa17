type Cell = string | number;

/** A Markdown table: the first column is aligned to the left, the others, of figures, to the right. */
export function markdownTable(heading: string[], rows: Cell[][]): string {
  const rule = heading.map((_, column) => column === 0 ? "---" : "--:");
  return [heading, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
