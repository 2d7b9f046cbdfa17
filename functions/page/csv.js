/** A value of a cell; null for an empty one. @typedef {string | number | boolean | null} Cell */

/** Rows as comma-separated values (RFC 4180). @param {Cell[][]} rows */
export function csvOf(rows) {
  const cell = (/** @type {Cell} */ value) => {
    if (typeof value !== "string") return String(value ?? "");
    // A spreadsheet would run a name that begins like a formula.
    const text = value.replace(/^[=+\-@\t\r]/, "'$&");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}
