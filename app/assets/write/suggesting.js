// The check that a statement allows, proposed beside “no program checks it”. Nothing changes before the click, and Ctrl+Z takes it back.
import { h, isSecond, listenWhile } from "../studio.js";
import { allItems, fieldOf } from "./principles.js";
import { checkParts } from "./rows.js";

const PAUSE_MS = 400;

export function listenToSuggestions(page, element) {
  const state = { timer: null, known: new Map() }; // what is proposed for a statement; null: nothing
  const soon = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => void suggest(page, state), PAUSE_MS);
  };
  page.list.addEventListener("input", soon);
  page.list.addEventListener("change", soon, true); // of a check that was put back it does not bubble
  listenWhile(element, document, "keyup", soon); // what Ctrl+Z puts back is no input
  new window.MutationObserver((changes) => changes.some(({ target }) => target === page.list) && soon()).observe(page.list, { childList: true });
}

function statementOf(item) {
  return fieldOf(item, "check").value ? "" : fieldOf(item, "statement").value.trim();
}

async function suggest(page, { known }) {
  const asked = [...new Set(allItems(page.list).map(statementOf))].filter((text) => text && !known.has(text));
  if (asked.length) {
    const reply = await page.ask("suggest", { statements: asked });
    if (reply?.kind !== "suggested") return; // told by the page itself; asked again with the next change
    asked.forEach((text, i) => known.set(text, reply.checks[i]));
  }
  for (const item of allItems(page.list)) show(item, known.get(statementOf(item)) ?? null);
}

function show(item, proposed) {
  const there = item.querySelector(".cs-suggested");
  if ((there?.dataset.says ?? "") === (proposed?.says ?? "")) return;
  there?.remove();
  if (!proposed) return;
  const button = h("button", { type: "button", class: "cs-link", "aria-label": `Take it: ${proposed.says}`, onclick: (event) => isSecond(event) || take(item, proposed) }, "Take it");
  const trial = h("button", { type: "button", class: "cs-link", "aria-label": `Try it on replies: ${proposed.says}`, "data-try": JSON.stringify(proposed.check) }, "Try it on replies");
  item.querySelector(".cs-check").append(h("p", { class: "cs-suggested", "data-says": proposed.says }, `Proposed: ${proposed.says} `, button, " ", trial));
}

function take(item, { check }) {
  const [name, argument] = checkParts(check);
  const select = fieldOf(item, "check");
  select.value = name;
  fieldOf(item, "argument").value = argument ?? "";
  item.querySelector(".cs-suggested").remove();
  select.dispatchEvent(new Event("change"));
  select.dispatchEvent(new Event("input", { bubbles: true }));
  select.focus();
}
