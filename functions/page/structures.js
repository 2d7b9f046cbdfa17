import { referencesOf } from "./api.js";
import { button, html, input, showText } from "./dom.js";
import { explainError } from "./messages.js";
import { patient, randomPatient, session } from "./session.js";

/** @import { KnownReference, Structure } from "./session.js" */

/** Of outlines, to be seen on grey and on colour, in the order in which they are given. */
const COLOURS = [
  ...["#ffd23f", "#4cc9f0", "#ff7ab6", "#7ee081"],
  ...["#ff9f45", "#b79cff", "#5ee6d0", "#ff8a80"],
];

/** The structure of this name, which joins the list where it is new. @param {string} label @returns {Structure} */
export function structureOf(label) {
  const { structures } = session;
  const known = structures.find((one) => one.label === label);
  if (known) return known;
  const used = structures.map(({ colour }) => colour);
  const colour = COLOURS.find((one) => !used.includes(one)) ??
    COLOURS[structures.length % COLOURS.length] ?? "";
  const made = { label, colour, references: [] };
  structures.push(made);
  return made;
}

/** Takes a structure off the list, unless something is known of it or begun. @param {string} label */
export function dropStructure(label) {
  const { structures, items } = session;
  const isUsed = structureOf(label).references.length > 0 ||
    items.some(({ findings, drafts }) =>
      findings.has(label) || drafts.some((draft) => draft.label === label)
    );
  if (isUsed) return;
  session.structures = structures.filter((one) => one.label !== label);
  if (session.label !== label) return;
  session.label = session.structures[0]?.label ?? "target";
}

/** @param {string} label */
export const colourOf = (label) =>
  session.structures.find((one) => one.label === label)?.colour ??
    /** @type {string} */ (COLOURS[0]);

/** Names of all references. */
export const referenceNames = () =>
  session.structures.flatMap(({ references }) =>
    references.map(({ reference }) => reference)
  );

/** The structures that can be looked for. */
export const enrolledStructures = () =>
  session.structures.filter(({ references }) => references.length > 0);

/** Takes over the references that the server has; structures that are in the list stay in their places.
 * @param {KnownReference[]} known */
export function takeReferences(known) {
  for (const structure of session.structures) structure.references = [];
  for (const one of known) structureOf(one.label).references.push(one);
  const { structures, label } = session;
  const [first] = structures;
  if (first && structures.every((one) => one.label !== label)) {
    session.label = first.label;
  }
}

/** Reads the patient's references; with some, no new outline is needed. False when the server refuses. */
export async function lookUpPatient() {
  showText("patient-problem", "");
  if (patient() === "") input("patient").value = randomPatient();
  const asked = patient();
  try {
    const known = await referencesOf(asked);
    if (patient() !== asked) return await lookUpPatient();
    session.structures = [];
    takeReferences(known);
    const [first] = known;
    const list = known.map((one) => `${one.reference} (${one.label})`);
    html("patient-hint").textContent = first
      ? `This patient has references: ${
        list.join(", ")
      }. You can open the next images now.`
      : "A random code. To continue with a patient, enter their code, never a name.";
    button("open").textContent = `Open the ${
      first ? "next images" : "first image"
    }`;
    return true;
  } catch (error) {
    const fault = explainError(error, "path.patient");
    showText("patient-problem", fault || explainError(error));
    input("patient").focus();
    return false;
  }
}
