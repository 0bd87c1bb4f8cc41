// Ctrl+Z over the whole document. The browser's own undoing knows what was typed, and nothing of principles that were moved, removed or loaded:
// after one of these it took back typing somewhere else.
import { listenWhile } from "../studio.js";
import { allItems, fieldOf, fillItem, fillRule, principleItem, readAll, renumber } from "./principles.js";
import { showProposingAll } from "./proposing-all.js";
import { touched } from "./saving.js";
import { back, forth, newSteps, placeOf } from "./steps.js";

export function stateOf(page) {
  return { name: page.name.value, rule: page.rule.value, rows: readAll(page) };
}

// The document as it was opened: nothing goes back beyond it.
export function beginSteps(page) {
  Object.assign(page.steps, newSteps(stateOf(page)));
}

export function listenToUndo(page, element) {
  listenWhile(element, document, "keydown", (event) => {
    const step = keyed(event);
    if (step && isOurs(page, event.target)) take(page, event, step);
  });
  listenWhile(element, document, "beforeinput", (event) => {
    const step = { historyUndo: back, historyRedo: forth }[event.inputType]; // from a menu
    if (step && isOurs(page, event.target)) take(page, event, step);
  });
}

function keyed(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? forth : back;
  return key === "y" && !event.shiftKey ? forth : null;
}

// Fields that are no part of the document (a wish, a proposal, a message) keep what the browser does.
function isOurs({ draft, name }, target) {
  if (draft.id == null || document.querySelector("dialog[open]")) return false;
  return target === name || Boolean(target.dataset?.field) || !target.matches?.("input, textarea, select");
}

function take(page, event, step) {
  event.preventDefault();
  const before = page.steps.now;
  const after = step(page.steps);
  if (!after) return;
  const focused = document.activeElement;
  put(page, after.rows);
  fillRule(page, after.rule);
  if (page.name.value !== after.name) {
    page.name.value = after.name;
    page.name.dispatchEvent(new Event("change"));
  }
  showProposingAll(page);
  touched(page);
  goTo(page, placeOf(before, after));
  if (document.activeElement === document.body && focused?.isConnected) focused.focus(); // principles only changed places, and the one that one was in went along
}

// Other rows in the fields that are there, so that the focus stays where it is.
export function put({ list, kinds }, rows) {
  list.querySelectorAll(":scope > .cs-removed").forEach((note) => note.remove());
  const there = allItems(list);
  const items = new Map(there.map((item) => [item.dataset.id, item]));
  const wanted = rows.map((row) => (items.has(row.id) ? fillItem(items.get(row.id), row) : comeBack(kinds, row)));
  if (wanted.length !== there.length || wanted.some((item, i) => item !== there[i])) list.replaceChildren(...wanted);
  renumber(list);
}

function comeBack(kinds, row) {
  const item = principleItem(kinds, row);
  item.querySelectorAll("[data-field]").forEach((field) => (field.dataset.seen = "1"));
  return item;
}

function unfolded(item, name) {
  const field = fieldOf(item, name) ?? item.querySelector('[data-scenario="add"]'); // no scenario is left
  if (field.closest("details")) field.closest("details").open = true;
  return field;
}

function goTo({ list, name, rule, root }, place) {
  if (!place) return;
  const item = allItems(list).find(({ dataset }) => dataset.id === place.id);
  const field = item ? unfolded(item, place.field) : ({ name, rule })[place.field] ?? root.querySelector(".cs-add button");
  field.focus();
  if (place.at != null) field.setSelectionRange(place.at, place.at);
}
