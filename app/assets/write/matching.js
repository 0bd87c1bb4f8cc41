// What a pattern matches while it is typed: replies that are stored for this constitution, or the statement, with the matches marked.
import { h, problemOf } from "../studio.js";
import { fieldOf } from "./principles.js";

const PAUSE_MS = 350;

export function listenToPatterns(page) {
  const timers = new WeakMap();
  const turns = new WeakMap();
  const follow = (event) => {
    const item = event.target.closest(".cs-principle");
    if (!item || !["argument", "check"].includes(event.target.dataset.field)) return;
    clearTimeout(timers.get(item));
    const turn = (turns.get(item) ?? 0) + 1;
    turns.set(item, turn);
    const pattern = fieldOf(item, "argument").value;
    if (fieldOf(item, "check").value !== "regex" || !pattern) return panelOf(item)?.remove();
    timers.set(item, setTimeout(() => showMatches(page, item, pattern, () => turn === turns.get(item)), PAUSE_MS));
  };
  page.list.addEventListener("input", follow);
  page.list.addEventListener("focusin", follow);
}

function panelOf(item) {
  return item.querySelector(".cs-matches");
}

async function showMatches(page, item, pattern, wanted) {
  const reply = await page.ask("matches", () => ({ constitution: page.draft.id, pattern, statement: fieldOf(item, "statement").value }));
  if (!wanted() || !item.isConnected) return;
  const panel = panelOf(item) ?? h("div", { class: "cs-matches", role: "status" });
  if (reply?.kind !== "matches") panel.replaceChildren(h("p", { class: "cs-quiet" }, problemOf(reply)));
  else panel.replaceChildren(h("p", { class: "cs-quiet" }, reply.says), h("ul", { tabindex: "0", "aria-label": "Where it matches" }, reply.texts.map(sample)));
  if (!panel.isConnected) item.querySelector(".cs-check").append(panel);
}

function sample({ pieces, follows }) {
  const parts = pieces.map(({ text, matched }) => (matched ? h("mark", {}, text) : text));
  const says = follows === null ? "too slow to tell" : follows ? "matches" : "no match";
  return h("li", {}, h("span", { class: "cs-quiet" }, `${says}: `), h("span", { dir: "auto" }, parts));
}
