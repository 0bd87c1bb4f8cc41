// Two principles against each other, in a fold of the Train page: which two, what that would be, and what came of it. Nothing is asked while the fold is shut.
import { copyFrom, field, fragment, h, isolated, problemOf, setText } from "../studio.js";
import { askable, askingParts, makeAsking, showKept, showStale } from "./asking.js";

const WORDS = { go: "Ask which one wins", progress: "Progress of the conflict", begun: "Asking", left: "The asking ended when this page was left. Ask again." };
const SAYS = "Both stand in the prompt of the base, with the constitution’s rule for conflicts, in every order of priority. The checks of both say which of them its replies follow. Nothing is trained.";
const NOT_YET = "What is chosen above cannot be used yet. The reason stands beside Train.";
const PAUSE_MS = 250;
const QUERIES = 24;

// `form`: what is chosen above: its present `key`, `data()`, and `kept()`.
export function makeConflict(element, channel, form) {
  const conflict = { form, ask: channel.ask, own: 0, version: null, wanted: { first: null, second: null }, usable: null, planning: null, timer: null };
  conflict.fields = {
    first: h("select", { class: "cs-input", id: "conflict-first" }),
    second: h("select", { class: "cs-input", id: "conflict-second" }),
    queries: h("input", { class: "cs-input cs-short", id: "conflict-queries", type: "number", min: "2", max: "500", step: "1", value: QUERIES, inputmode: "numeric", "aria-describedby": "conflict-problem" }),
  };
  conflict.told = h("div", { class: "cs-conflict-plan", "aria-live": "polite" });
  conflict.reason = h("p", { class: "cs-problem", id: "conflict-problem", role: "alert" });
  conflict.command = h("code", { class: "cs-command-text" });
  conflict.before = h("div");
  conflict.asking = makeAsking(element, channel, { name: "conflict", words: WORDS, data: () => dataOf(conflict), formKey: () => `${form.key} ${conflict.own}`, kept: form.kept });
  conflict.fold = conflictBox(conflict);
  return conflict;
}

function conflictBox(conflict) {
  const { fields, told, reason, asking, before } = conflict;
  const chosen = h("div", { class: "cs-conflict-fields" }, field(fields.first.id, "One principle", fields.first), field(fields.second.id, "Against", fields.second), field(fields.queries.id, "Held-out queries, at most", fields.queries));
  chosen.addEventListener("input", (event) => changed(conflict, event));
  chosen.addEventListener("keydown", (event) => event.key === "Enter" && event.target === fields.queries && event.preventDefault()); // it would begin a run
  const inside = h("section", { class: "cs-checking cs-conflict", "aria-labelledby": "train-conflict-title" }, h("p", { class: "cs-quiet", id: "conflict-says" }, SAYS), chosen, reason, told, commandBox(conflict), askingParts(asking), before);
  const fold = h("details", { class: "cs-fold cs-conflict-fold" }, h("summary", {}, h("h2", { id: "train-conflict-title" }, "Two principles against each other")), inside);
  fold.addEventListener("toggle", () => plan(conflict));
  return fold;
}

function commandBox(conflict) {
  const copy = h("button", { type: "button", class: "cs-link" }, "Copy");
  copy.addEventListener("click", () => void copyFrom(copy, conflict.command));
  conflict.terminal = h("div", { class: "cs-command", hidden: true }, h("div", { class: "cs-command-head" }, h("h3", {}, "The same from a terminal"), copy), h("pre", { tabindex: "0" }, conflict.command));
  return conflict.terminal;
}

// One that the address names, with what was chosen for it.
export function openConflict(conflict, reply) {
  conflict.wanted = { first: reply.first, second: reply.second };
  conflict.version = conflict.form.data().version;
  conflict.fields.queries.value = reply.queries;
  conflict.fold.open = true;
  showKept(conflict.asking, reply);
}

// The form above has changed; whether it can be used is known a little later.
export function formChanged(conflict) {
  conflict.usable = null;
  askable(conflict.asking, false);
  showStale(conflict.asking);
}

export function formKnown(conflict, usable) {
  conflict.usable = usable;
  void plan(conflict);
}

// Its own fields are no part of the form: the check and the run beside it stay what they are.
function changed(conflict, event) {
  event.stopPropagation();
  const { fields } = conflict;
  if (event.target !== fields.queries) conflict.wanted = { first: Number(fields.first.value), second: Number(fields.second.value) };
  conflict.own += 1;
  askable(conflict.asking, false);
  showStale(conflict.asking);
  clearTimeout(conflict.timer);
  conflict.timer = setTimeout(() => void plan(conflict), PAUSE_MS);
}

function dataOf({ form, wanted, version, fields }) {
  const data = form.data();
  const same = version === data.version; // the numbers of another version's principles say nothing of this one
  return { ...data, first: same ? wanted.first : null, second: same ? wanted.second : null, queries: fields.queries.value.trim() === "" ? null : Number(fields.queries.value) };
}

async function plan(conflict) {
  const { form, asking, fold } = conflict;
  if (!fold.open || conflict.usable == null) return;
  if (!conflict.usable) return showWrong(conflict, NOT_YET, "");
  const planning = `${form.key} ${conflict.own}`;
  if (conflict.planning === planning) return;
  conflict.planning = planning;
  const sent = dataOf(conflict);
  const reply = await conflict.ask("plan_conflict", sent);
  conflict.planning = null;
  if (planning !== `${form.key} ${conflict.own}` || !conflict.usable) return; // asked again, or about to be
  if (reply?.kind !== "conflict_plan") return showWrong(conflict, problemOf(reply), reply?.setting);
  conflict.version = sent.version;
  conflict.wanted = { first: reply.first, second: reply.second };
  offer(conflict, reply);
  fragment(conflict.before, reply.kept);
  if (reply.problem) return showWrong(conflict, reply.problem, reply.setting);
  showWrong(conflict, "", "");
  fragment(conflict.told, reply.html);
  setText(conflict.command, reply.command);
  conflict.terminal.hidden = false;
  askable(asking, true);
}

function offer({ fields }, { principles, first, second }) {
  for (const [select, chosen] of [[fields.first, first], [fields.second, second]]) {
    select.replaceChildren(...principles.map((each) => h("option", { value: each.number }, optionText(each))));
    select.value = chosen ?? "";
    select.disabled = chosen == null;
  }
}

export function optionText({ number, title, priority, judged }) {
  const says = [priority == null ? "" : `priority ${priority}`, judged ? "" : "no check judges it"].filter(Boolean).join(", ");
  return `${number}. ${isolated(title)}${says ? `: ${says}` : ""}`;
}

function showWrong({ reason, fields, told, terminal, asking }, message, setting) {
  setText(reason, message);
  for (const [name, input] of Object.entries(fields)) {
    if (message && (name === setting || (!setting && name !== "queries" && message !== NOT_YET))) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  if (!message) return;
  told.replaceChildren();
  terminal.hidden = true;
  askable(asking, false);
}
