import { byId, input, showText } from "./dom.js";

/** The key is kept in the tab's session storage and goes with the tab. */
const STORED = "p2sam-key";

/** The header that identifies the caller; none until a key was entered. @returns {Record<string, string>} */
export function keyHeader() {
  const key = sessionStorage.getItem(STORED);
  return key === null ? {} : { authorization: `Bearer ${key}` };
}

/** @type {Promise<boolean> | null} */ let asking = null;

/** Asks for the key once, for all requests that wait for it; false when none is entered. */
export function askKey() {
  asking ??= openDialog().finally(() => asking = null);
  return asking;
}

/** @returns {Promise<boolean>} */
function openDialog() {
  const dialog = byId("key", HTMLDialogElement);
  const field = input("key-field");
  const isKnown = sessionStorage.getItem(STORED) !== null;
  const problem = isKnown ? "This server did not accept that key." : "";
  showText("key-problem", problem);
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      // Other characters cannot be sent in a header; fetch would only fail later, with a worse message.
      const key = field.value.trim().replace(/[^\x21-\x7e]/g, "");
      field.value = "";
      const isGiven = dialog.returnValue === "given" && key !== "";
      if (isGiven) sessionStorage.setItem(STORED, key);
      resolve(isGiven);
    }, { once: true })
  );
}
