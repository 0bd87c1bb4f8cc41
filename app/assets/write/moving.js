// Principles added, moved and removed.
import { h, newId } from "../studio.js";
import { allItems, fieldOf, principleItem, readItem, renumber } from "./principles.js";
import { touched } from "./saving.js";

export function appendPrinciple({ list, kinds }) {
  const item = principleItem(kinds, { id: newId(), title: "", statement: "", antithesis: "", check: null });
  list.append(item);
  renumber(list);
  return item;
}

export function addPrinciple(page) {
  fieldOf(appendPrinciple(page), "title").focus();
  touched(page);
}

export function move(page, item, by) {
  const items = allItems(page.list);
  const target = items[items.indexOf(item) + by];
  if (!target) return;
  const focused = document.activeElement;
  const [from, to] = [focused?.selectionStart, focused?.selectionEnd];
  if (by < 0) target.before(item);
  else target.after(item);
  renumber(page.list);
  const again = focused?.disabled ? item.querySelector(`[data-action="${by < 0 ? "down" : "up"}"]`) : focused;
  again?.focus();
  if (from != null && again === focused) focused.setSelectionRange(from, to);
  touched(page);
}

export function remove(page, item) {
  const { list } = page;
  const said = readItem(page.kinds, item).title.trim() || "without a title";
  const undo = h("button", { type: "button", class: "cs-link" }, "Undo");
  const note = h("li", { class: "cs-removed" }, h("span", { role: "status" }, `Principle “${said}” is removed. `), undo);
  undo.addEventListener("click", () => {
    note.replaceWith(item);
    renumber(list);
    fieldOf(item, "title").focus();
    touched(page);
  });
  item.replaceWith(note);
  list.querySelectorAll(".cs-removed").forEach((other) => other !== note && other.remove());
  renumber(list);
  undo.focus();
  touched(page);
}
