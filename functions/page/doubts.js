import { session } from "./session.js";
import { enrolledStructures } from "./structures.js";

/** @import { KnownReference } from "./session.js" */

/** References about which the user was told, and that are used all the same. */
const accepted = new Set();

/** @param {KnownReference} reference */
const keyOf = ({ label, reference, createdAt }) =>
  JSON.stringify([label, reference, createdAt]);

/** References that may not find the structure again, and that the user has not accepted yet. */
export const doubtfulReferences = () =>
  enrolledStructures().flatMap(({ references }) => references)
    .filter((one) =>
      (one.report?.verdict ?? "good") !== "good" && !accepted.has(keyOf(one))
    );

/** Uses all references from now on, whatever their tests said. */
export function acceptReferences() {
  for (const one of doubtfulReferences()) accepted.add(keyOf(one));
}

/** What the tests said of the references that are in doubt, a sentence or more for each. */
export function doubtTexts() {
  const isNamed = session.structures.length > 1;
  return doubtfulReferences().map(({ label, reference, report }) => {
    const of = isNamed ? ` of “${label}”` : "";
    const { verdict, advice } = report ?? { verdict: "good", advice: "" };
    const kind = verdict === "unusable" ? "not usable" : verdict;
    return `The reference ${reference}${of} is ${kind}. ${advice}`;
  });
}
