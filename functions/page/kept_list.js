import { html, nothing, render } from "./libraries/lit-html/lit-html.js";
import * as dom from "./dom.js";
import { forget, keptSessions } from "./kept.js";
import { counted, showProblem, when } from "./messages.js";

/** Lists the patients whose work is kept in this browser. */
export async function showKept() {
  const sessions = await keptSessions().catch(() => []);
  const list = sessions.map(({ patient, at, items, later, structures }) => {
    const what = [
      counted(items.length + later.length, "image"),
      structures.map(({ label }) => label).join(", "),
      when.format(at),
    ].filter(Boolean).join(" · ");
    return html`
      <li>
        <a href="#/patients/${encodeURIComponent(patient)}">${patient}</a>
        <span class="hint">${what}</span>
        <button type="button" class="small" @click=${() => erase(patient)}
          aria-label="Erase ${patient} from this browser">Erase</button>
      </li>
    `;
  });
  const part = list.length === 0 ? nothing : html`
    <h2>Go on with</h2>
    <ul>${list}</ul>
  `;
  render(part, dom.html("kept"));
}

/** @param {string} patient */
async function erase(patient) {
  const question =
    `Erase the images and outlines of ${patient} from this browser? References on the server stay.`;
  if (!confirm(question)) return;
  dom.showText("start-problem", "");
  try {
    await forget(patient);
  } catch (error) {
    showProblem("start-problem", error);
  }
  await showKept();
}
