import { parse, type Token } from "acorn";

/** Scripts that were packed, by their source. */
const packed = new Map<string, string>();
/** Scripts that are remembered; the page has fewer. */
const MOST = 200;

/**
 * A script without its comments and blanks that it does not need. Tokens and lines stay what and where they are, so
 * that it does the same, and an error names the line that its author wrote. A script that is none stays as it is, for
 * the browser to say where.
 */
export function packScript(source: string): string {
  const known = packed.get(source);
  if (known !== undefined) return known;
  const made = pack(source) ?? source;
  if (packed.size >= MOST) packed.clear();
  packed.set(source, made);
  return made;
}

function pack(source: string): string | null {
  const tokens: Token[] = [];
  try {
    parse(source, {
      ecmaVersion: "latest",
      sourceType: "module",
      onToken: tokens,
    });
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  let text = "";
  let end = 0;
  for (const token of tokens) {
    const next = source.slice(token.start, token.end);
    text += between(text.at(-1) ?? "", source.slice(end, token.start), next) +
      next;
    end = token.end;
  }
  return text;
}

/**
 * What is needed of the blanks and comments between two tokens: a line end ends statements, and words need a blank
 * between them, as two operators do.
 */
function between(before: string, gap: string, after: string): string {
  if (gap === "") return "";
  const lines = gap.match(/\r\n|[\n\r\u2028\u2029]/g);
  if (lines !== null) return lines.join("");
  const joins = isWord(before)
    ? isWord(after) || after.startsWith(".")
    : isOperator(before) && isOperator(after) && !isWord(after);
  return joins ? " " : "";
}

/** Of operators that may go on in the next one, as brackets, commas, semicolons and quotes do not. */
const isOperator = (text: string) => /[^\s()[\]{},;"'`]/.test(text.charAt(0));

const isWord = (text: string) => /[\p{ID_Continue}$/]/u.test(text.charAt(0));
