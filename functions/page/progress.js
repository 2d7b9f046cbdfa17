import { session } from "./session.js";

/** @import { Item } from "./item.js" */

/** @param {Item} item */
export const isWaiting = ({ overall }) => overall === "waiting";

/** Whether an image is to be tried again, for any of its structures. @param {Item} item */
export const hasFailed = ({ overall, findings }) =>
  overall === "failed" || overall === "cancelled" ||
  overall === "done" && [...findings.values()].some(({ error }) => error);

/** When the present run began, milliseconds, how many images it has done, and what is waited for, in words. */
export const run = { started: 0, done: 0, wait: "" };

/** How far the present run is. */
export function queueProgress() {
  const { started, done } = run;
  const left =
    session.items.filter(({ overall }) =>
      overall === "waiting" || overall === "working"
    ).length;
  const total = done + left;
  const each = (performance.now() - started) / done / 1000;
  const text = `Image ${Math.min(done + 1, total)} of ${total}` +
    (run.wait || (done > 0 ? `, about ${Math.ceil(each * left)} s left` : ""));
  return { text, done, total };
}
