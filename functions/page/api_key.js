import { byId, input, tell } from "./dom.js";

/** Where the key is kept: with this tab, and gone with it. */
const PLACE = "p2sam-key";

/** The header that says who calls, once a key was put in. @returns {Record<string, string>} */
export function keyHeader() {
  const key = sessionStorage.getItem(PLACE);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** @type {Promise<boolean> | null} */
let asking = null;

/** Asks for the key that the server wants, once for all requests that wait; false when none is given. */
export function askKey() {
  asking ??= ask().finally(() => asking = null);
  return asking;
}

/** @returns {Promise<boolean>} */
function ask() {
  const dialog = byId("key", HTMLDialogElement);
  const field = input("key-field");
  const known = sessionStorage.getItem(PLACE) !== null;
  tell("key-problem", known ? "That key opens nothing here." : "");
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      // What is no header value would only fail later, and less plainly.
      const given = field.value.trim().replace(/[^\x21-\x7e]/g, "");
      field.value = "";
      const isGiven = dialog.returnValue === "given" && given !== "";
      if (isGiven) sessionStorage.setItem(PLACE, given);
      resolve(isGiven);
    }, { once: true })
  );
}
