// A dialog over the page: closed by its button, by Escape, and by a click beside it.
import { h } from "../studio.js";

export function makeSheet(label, ...children) {
  const dialog = h("dialog", { class: "cs-sheet", "aria-label": label }, children);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return dialog;
}

export function closer(dialog, label = "Close") {
  return h("button", { type: "button", class: "cs-button", onclick: () => dialog().close() }, label);
}
