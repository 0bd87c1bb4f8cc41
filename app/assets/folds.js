// What is folded away, and stays as a person left it: while parts are drawn again, and around a print, which has everything.
import { h, listenWhile } from "./studio.js";

// A folded part of a page with its own name.
export function fold(name, label, open, ...nodes) {
  return h("details", { class: "cs-fold", "data-fold": name, open }, h("summary", {}, label), nodes);
}

// Which folds within a node are open; for `openAgain`, after it was drawn again.
export function openFolds(node) {
  return new Set([...node.querySelectorAll("details[data-fold][open]")].map((each) => each.dataset.fold));
}

export function openAgain(node, names) {
  for (const each of node.querySelectorAll("details[data-fold]")) if (names.has(each.dataset.fold)) each.open = true;
}

// On paper nobody can unfold: all is open for the print, and as before after it.
export function openForPrint(element, root) {
  let opened = [];
  listenWhile(element, window, "beforeprint", () => {
    opened = [...root.querySelectorAll("details:not([open])")];
    for (const each of opened) each.open = true;
  });
  listenWhile(element, window, "afterprint", () => {
    for (const each of opened) each.open = false;
    opened = [];
  });
}
