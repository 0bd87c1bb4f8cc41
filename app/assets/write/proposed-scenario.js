// One scenario that a model proposes, and the words around it: to be taken, marked for test or train, or left.
import { h, isSecond } from "../studio.js";

const MOST_NAMED = 100; // characters of a query that a button is named after

// What would go where, and the name of the click that sends it.
export function whatIsAsked({ writer, writerPlace, writerWeak }) {
  const what = "this principle’s statement and antithesis, and the queries of its scenarios";
  const says = writerPlace ? `${writer} at ${writerPlace} would be sent ${what}. Nothing is sent before you say so.` : `${writer}, on this machine, would read ${what}. Nothing leaves this machine.`;
  const weak = " It is small, and hardly of use for this: expect to leave most of what it writes.";
  return { says: writerWeak ? says + weak : says, sends: writerPlace ? `Send it to ${writerPlace}` : `Ask ${writer}` };
}

// Queries that need not be proposed again: those of the principle, and whatever was proposed so far.
export function knownQueries(scenarios, entries) {
  return [...new Set([...scenarios.map(({ query }) => query), ...entries.map(({ scenario }) => scenario.query)])].filter((query) => query.trim());
}

// Whether a proposal is in the draft: its query stands there. Where it was taken back it does not.
export function isTaken(scenario, scenarios) {
  return scenarios.some(({ query }) => query === scenario.query);
}

export function howMany(count) {
  return count === 1 ? "one scenario" : `${count} scenarios`;
}

// What was read in the answer and is not proposed, each with why.
export function leftOut(rows) {
  if (!rows.length) return null;
  const items = rows.map(({ query, why }) => h("li", {}, query ? [h("span", { dir: "auto" }, `“${query}”`), " "] : "One ", why, "."));
  return h("details", { class: "cs-left-out" }, h("summary", {}, `Left out of its answer (${rows.length})`), h("ul", {}, items));
}

// `take` is called with what is to be in the draft, `leave` with nothing. `show` says whether it is in the draft.
export function proposedScenario(scenario, { id, take, leave }) {
  const name = [...scenario.query].slice(0, MOST_NAMED).join("");
  const use = h("select", { id, class: "cs-check-select", "aria-label": `For test or train: ${name}` }, h("option", { value: "test" }, "test"), h("option", { value: "train" }, "train"));
  const button = (label, act) => h("button", { type: "button", class: "cs-button", "aria-label": `${label}: ${name}`, onclick: (event) => isSecond(event) || act() }, label);
  const first = button("Take it", () => take(use.value === "train" ? { ...scenario, use: "train" } : scenario));
  const foot = h("div", { class: "cs-scenario-foot" }, h("label", { class: "cs-label", for: id }, "For"), use, first, button("Leave", leave));
  const done = h("p", { class: "cs-quiet cs-taken", hidden: true }, "In the draft now.");
  const node = h("li", { class: "cs-proposed" }, h("div", { class: "cs-proposed-texts" }, texts(scenario)), foot, done);
  const show = (taken) => {
    foot.hidden = taken;
    done.hidden = !taken;
  };
  return { scenario, node, use, first, show };
}

function texts({ query, follows, fails }) {
  const text = (said) => h("p", { class: "cs-text", dir: "auto" }, said);
  const part = (label, said) => said ? h("div", {}, h("p", { class: "cs-label" }, label), text(said)) : null;
  const silent = follows || fails ? null : h("p", { class: "cs-quiet" }, "It says neither what would follow nor what would not.");
  return [h("div", { class: "cs-proposed-query" }, text(query)), part("Would follow", follows), part("Would not", fails), silent];
}
