import { parse, type Token } from "acorn";

/** Scripts that were packed, by their source. */
const packed = new Map<string, string>();
/** Scripts that are remembered; the page has fewer. */
const MOST = 200;

/**
 * A script without its comments and its indentation. Tokens and lines stay what and where they are, so that it does
 * the same, and an error names the line that its author wrote. A script that is none stays as it is, for the browser
 * to say where.
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
    text += between(source.slice(end, token.start)) +
      source.slice(token.start, token.end);
    end = token.end;
  }
  return text;
}

/** What is needed of the blanks and comments between two tokens: a line end ends statements. */
function between(gap: string): string {
  if (gap === "") return "";
  return gap.match(/\r\n|[\n\r\u2028\u2029]/g)?.join("") ?? " ";
}
