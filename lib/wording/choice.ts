import { AVERAGED } from "../pipeline/pool.ts";
import type { Candidate } from "../pipeline/segment.ts";

/** The facts of a choice between candidates. */
export type Scored = Pick<
  Candidate,
  "parts" | "negatives" | "profile" | "distance"
>;

/** The name of the candidate without prototypes. */
const WHOLE_MATCH = "the match without points";

/** The same for pooled references, whose mask is not the winner's alone. */
export function explainPooledChoice(
  winner: Scored,
  candidates: Scored[],
  referenceOf: (profile: number) => string,
): string {
  const why = explainChoice(winner, candidates, referenceOf);
  if (!Number.isFinite(winner.distance)) return why;
  return `${why} The mask is what the ${AVERAGED} nearest have in common, as far as its patches are like those of ` +
    "the references; distances are to all references together.";
}

/**
 * Why the winner was chosen among candidates whose distances were all solved, for people.
 *
 * @param referenceOf the name of the reference of a profile.
 */
export function explainChoice(
  winner: Scored,
  candidates: Scored[],
  referenceOf: (profile: number) => string,
): string {
  const references = new Set(candidates.map(({ profile }) => profile));
  const negatives = new Set(candidates.map(({ negatives }) => negatives));
  const name = (one: Scored) =>
    (one.parts === 0 ? WHOLE_MATCH : `n = ${one.parts}`) +
    (one.parts > 0 && negatives.size > 1 ? `, m = ${one.negatives}` : "") +
    (references.size > 1 ? ` of "${referenceOf(one.profile)}"` : "");
  const others = candidates.filter((one) =>
    one.parts !== winner.parts || one.negatives !== winner.negatives ||
    one.profile !== winner.profile
  );
  if (!Number.isFinite(winner.distance)) {
    return "No candidate found a patch of the structure, so " +
      `${name(winner)} stands for all with an empty mask.`;
  }
  const found = others.filter(({ distance }) => Number.isFinite(distance))
    .sort((a, b) => a.distance - b.distance);
  const empty = others.length - found.length;
  const many = empty === 1 ? "One candidate" : `${empty} candidates`;
  const rest = empty === 0 ? "" : ` ${many} found nothing.`;
  if (found.length === 0) {
    const only = others.length === 0
      ? `${name(winner)} is the only candidate`
      : `${name(winner)} is the only candidate that found something`;
    return `${only}; its distance is ${winner.distance.toPrecision(3)}.`;
  }
  const equal = found.filter(({ distance }) => distance === winner.distance);
  const next = found.find(({ distance }) => distance > winner.distance);
  const [least, more] = apart(winner.distance, next?.distance);
  const tie = equal.length === 0
    ? ""
    : ` (${listed(equal.map(name))} ${equal.length === 1 ? "has" : "have"} ` +
      "the same, and the earliest counts)";
  const behind = next === undefined ? "" : `; the next, ${name(next)}, ${more}`;
  return `${name(winner)} has the smallest distance, ` +
    `${least}${tie}${behind}.${rest}`;
}

/**
 * Why the winner was chosen among candidates of dense matching, for people.
 *
 * @param referenceOf the name of the reference of a profile.
 */
export function explainDenseChoice(
  winner: Rated,
  candidates: Rated[],
  referenceOf: (profile: number) => string,
): string {
  const references = new Set(candidates.map(({ profile }) => profile));
  const name = (one: Rated) =>
    (one.parts === 0 ? WHOLE_MATCH : `n = ${one.parts}`) +
    (references.size > 1 ? ` of "${referenceOf(one.profile)}"` : "");
  const others = candidates.filter((one) =>
    one.parts !== winner.parts || one.profile !== winner.profile
  ).sort((a, b) => expected(b) - expected(a));
  const [next] = others;
  const rated = (one: Rated) => expected(one).toFixed(3);
  const behind = next === undefined
    ? ""
    : `; the next, ${name(next)}, ${rated(next)}`;
  return "Every patch was matched with all patches of the references. Of the first masks, the decoder expects the " +
    `largest overlap with the structure of that of ${name(winner)}, IoU ${
      rated(winner)
    }${behind}.`;
}

interface Rated extends Pick<Candidate, "parts" | "profile"> {
  /** Its traced outputs, of which the first decides. */
  passes?: { predictedIou: number; mask: { area: number } }[];
}

/** The IoU that the decoder expects of the first mask; an empty one has none. */
function expected({ passes }: Rated): number {
  const { mask, predictedIou } = passes![0]!;
  return mask.area === 0 ? 0 : predictedIou;
}

/** Names as a sentence lists them, the first few of many. */
function listed(names: string[]): string {
  const more = names.length - 3;
  const told = more > 1 ? [...names.slice(0, 3), `${more} more`] : names;
  return new Intl.ListFormat("en").format(told);
}

/** Two different numbers with as many digits as tell them apart, three at least. */
function apart(a: number, b: number | undefined): [string, string] {
  for (let digits = 3; digits < 17; digits++) {
    const texts = [a, b ?? a].map((value) => plain(value, digits));
    if (b === undefined || texts[0] !== texts[1]) {
      return texts as [string, string];
    }
  }
  return [String(a), String(b)];
}

/** At least so many significant digits, never with an exponent for numbers of this size. */
function plain(value: number, digits: number): string {
  const before = Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1);
  return value.toFixed(Math.min(20, Math.max(0, digits - before)));
}
