const CONTROLS = "button, a[href], input, select, summary, label:has(input)";

/**
 * Runs in the page. What is wrong with where things are: controls or lines of text that overlap, text that leaves its
 * control, a page that is wider than its window. Only what can be seen now counts: what is scrolled away or below an
 * open dialog does not.
 *
 * @param {string} controls
 * @returns {string[]}
 */
function find(controls) {
  const top = document.querySelector("dialog[open]") ?? document.body;
  const common = (a, b) => ({
    left: Math.max(a.left, b.left),
    right: Math.min(a.right, b.right),
    top: Math.max(a.top, b.top),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const isWorth = ({ left, right, top, bottom }, least) =>
    right - left > least && bottom - top > least;
  const screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  /** The part of a box that the elements that scroll or clip it let be seen. */
  const seenPart = (box, element, inside = false) => {
    let part = common(box, screen);
    for (let one = element; one && one !== document.body;) {
      const { position, clipPath, overflow } = getComputedStyle(one);
      if (clipPath !== "none") return { ...part, right: part.left };
      if ((inside || one !== element) && overflow !== "visible") {
        part = common(part, one.getBoundingClientRect());
      }
      one = position === "fixed" ? null : one.parentElement;
    }
    return part;
  };
  const isVisible = (element) =>
    element.checkVisibility({
      opacityProperty: true,
      visibilityProperty: true,
    });
  const nameOf = ({ element, text }) =>
    `${element.tagName.toLowerCase()}${element.id && `#${element.id}`} “${
      text.trim().replace(/\s+/g, " ").slice(0, 40)
    }”`;

  const wrong = new Set();
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) wrong.add(`the page is ${width} wide`);

  const seen = [];
  for (const element of top.querySelectorAll(controls)) {
    if (!isVisible(element) || element.matches("label input")) continue;
    const box = seenPart(element.getBoundingClientRect(), element);
    const text = element.ariaLabel ?? element.textContent;
    if (isWorth(box, 1)) seen.push({ box, element, text, isControl: true });
  }
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    const text = node.textContent;
    if (text.trim() === "" || !isVisible(element)) continue;
    if (element.closest("option, script, svg")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const line of range.getClientRects()) {
      const box = seenPart(line, element, true);
      if (!isWorth(box, 2)) continue;
      const one = { box, element, text, isControl: false };
      seen.push(one);
      const control = element.closest("button, summary");
      if (control === null) continue;
      const around = seenPart(control.getBoundingClientRect(), control);
      const leaves = box.left < around.left - 1 || box.top < around.top - 1 ||
        box.right > around.right + 1 || box.bottom > around.bottom + 1;
      if (leaves) wrong.add(`${nameOf(one)} leaves its control`);
    }
  }

  const block = (element) => element.closest("p, h1, h2, li, dt, button");
  /** What stays in sight while its panel scrolls covers what is below it. */
  const staying = (element) => {
    for (let one = element; one; one = one.parentElement) {
      if (getComputedStyle(one).position === "sticky") return one;
    }
    return null;
  };
  seen.forEach((a, i) => {
    for (const b of seen.slice(i + 1)) {
      if (!isWorth(common(a.box, b.box), 2)) continue;
      const [one, other] = [a.element, b.element];
      if (one.contains(other) || other.contains(one)) continue;
      // The lines of a paragraph are the browser's to set.
      const isText = !a.isControl && !b.isControl;
      if (isText && block(one) && block(one) === block(other)) continue;
      if (staying(one) !== staying(other)) continue;
      wrong.add(`${nameOf(a)} and ${nameOf(b)} overlap`);
    }
  });
  return [...wrong];
}

/** @param {import("playwright-core").Page} page @returns {Promise<string[]>} */
export const overlaps = (page) => page.evaluate(find, CONTROLS);
