import { referencesOf } from "./api.js";
import { button, byId, html, input, showText } from "./dom.js";
import { explainError } from "./messages.js";
import { Viewer } from "./viewer.js";

/** @import { Item } from "./item.js" */
/** @import { MaskEditor } from "./mask_editor.js" */

export const viewer = new Viewer(byId("viewer", HTMLCanvasElement));

/** What the page knows of the patient at hand. */
export const session = {
  /** In the order of the filmstrip, the outlined one first. @type {Item[]} */
  items: [],
  /** @type {Item | null} */ shown: null,
  /** @type {MaskEditor | null} */ editor: null,
  /** Whether the server has a reference of the patient. */ enrolled: false,
  /** Whether each new result is shown as soon as it is ready; ends when the user selects an image. */
  following: true,
  /** Name of the structure. */ label: "target",
  /** Names of the references that the server has. @type {string[]} */
  references: [],
  /** Whether images are being segmented. */ segmenting: false,
  /** Images that wait until the first one is outlined. @type {Item[]} */
  later: [],
};

export const patient = () => input("patient").value.trim();

export function randomPatient() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  return "p-" +
    Array.from(bytes, (byte) => letters.charAt(byte % letters.length)).join("");
}

/** Reads the patient's references; with some, no new outline is needed. False when the server refuses. */
export async function lookUpPatient() {
  showText("patient-problem", "");
  if (patient() === "") input("patient").value = randomPatient();
  try {
    const known = await referencesOf(patient());
    session.references = known.map(({ reference }) => reference);
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
    if (first) session.label = first.label;
    return true;
  } catch (error) {
    const fault = explainError(error, "path.patient");
    showText("patient-problem", fault || explainError(error));
    input("patient").focus();
    return false;
  }
}
