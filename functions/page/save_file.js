/**
 * Hands a file to the browser's downloads.
 *
 * @param {Blob} blob
 * @param {string} name
 */
export function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {unknown} value @param {string} name */
export function saveJson(value, name) {
  const text = JSON.stringify(value);
  saveFile(new Blob([text], { type: "application/json" }), name);
}

/**
 * Saves rows as comma-separated values (RFC 4180).
 *
 * @param {(string | number)[][]} rows
 * @param {string} name
 */
export function saveTable(rows, name) {
  const cell = (/** @type {string | number} */ value) => {
    // A spreadsheet would run a name that begins like a formula.
    const text = String(value).replace(/^[=+\-@\t\r]/, "'$&");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const text = rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
  saveFile(new Blob([text], { type: "text/csv" }), name);
}
