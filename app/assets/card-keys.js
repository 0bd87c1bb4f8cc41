// Cards that are answered one at a time, by keys too: what Mark and the laboratory share.
import { h } from "./studio.js";

// The key that was pressed, in small letters; null where who types into a field, or holds another key, means something else.
export function keyPressed({ key, ctrlKey, metaKey, altKey, repeat, target }) {
  if (ctrlKey || metaKey || altKey || repeat || (/^(INPUT|SELECT|TEXTAREA)$/.test(target?.tagName ?? "") && target.type !== "checkbox")) return null;
  return key.toLowerCase();
}

// A box that switches the keys off, for whoever does not want them; kept in this browser.
export function keysBox(id, keptAs, label) {
  const input = h("input", { type: "checkbox", id });
  input.checked = localStorage.getItem(keptAs) === null;
  input.addEventListener("change", () => (input.checked ? localStorage.removeItem(keptAs) : localStorage.setItem(keptAs, "1")));
  return { node: h("label", { class: "cs-quiet cs-mark-keys", for: id }, input, ` ${label}`), on: () => input.checked };
}

// The next card begins where it can be read, however far the one before was scrolled; a phone then shows what is asked, query and answers.
export function showFromTop(said, at) {
  const { top } = said.getBoundingClientRect();
  if (top < 0 || top > window.innerHeight * 0.6) at.scrollIntoView({ block: "start" });
}
