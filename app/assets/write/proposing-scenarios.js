// A model proposes scenarios of a principle: first what would go where, then a click that asks, then each is taken or left.
// Nothing in the document changes before that, and Ctrl+Z takes it back. Every principle has a panel of its own.
import { h, isSecond, problemOf, setText } from "../studio.js";
import { fieldOf } from "./principles.js";
import { howMany, isTaken, knownQueries, leftOut, proposedScenario, whatIsAsked } from "./proposed-scenario.js";
import { readScenarios, takeScenario } from "./scenarios.js";

const LOOK_MS = 700;
const TRIES = 2; // how many answers one proposal may take; another one begins after them
let made = 0;

export function listenToScenarioProposals(page) {
  const panels = new Map(); // principle's item -> its panel
  page.list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-propose-scenarios]");
    if (!button || isSecond(event)) return;
    const item = button.closest(".cs-principle");
    if (panels.get(item)?.node.isConnected) panels.get(item).node.querySelector("button").focus();
    else panels.set(item, openPanel(page, item, button));
  });
  new window.MutationObserver(() => {
    for (const [item, panel] of panels) {
      if (panel.node.isConnected) showTaken(panel);
      else {
        callOff(panel); // with its principle
        panels.delete(item);
      }
    }
  }).observe(page.list, { childList: true, subtree: true });
}

function openPanel(page, item, opener) {
  const node = h("section", { class: "cs-proposal cs-scenario-proposals", "aria-label": "Scenarios proposed for this principle" });
  const panel = { page, item, opener, node, entries: [], seen: [], tries: 0, turn: 0, id: null };
  opener.parentNode.after(node);
  if (fieldOf(item, "statement").value.trim()) showWhatIsAsked(panel);
  else showProblem(panel, "There is nothing to start from. Write the statement of the principle first.", []);
  return panel;
}

function callOff(panel) {
  panel.turn += 1; // whoever still waits for an answer finds that it is no longer wanted
  if (panel.id) panel.page.ask("leave", { proposal: panel.id });
  panel.id = null;
}

function close(panel) {
  callOff(panel);
  panel.node.remove();
  panel.opener.focus();
}

function button(label, act, main = false) {
  return h("button", { type: "button", class: main ? "cs-button cs-button-main" : "cs-button", onclick: (event) => isSecond(event) || act() }, label);
}

function showWhatIsAsked(panel) {
  const { says, sends } = whatIsAsked(panel.page.draft);
  const send = button(sends, () => void ask(panel), true);
  panel.node.replaceChildren(h("p", {}, says), h("div", { class: "cs-actions" }, send, button("Cancel", () => close(panel))));
  send.focus();
}

function showProblem(panel, message, actions) {
  const last = button("Close", () => close(panel));
  panel.node.replaceChildren(h("p", { class: "cs-problem", role: "alert" }, message), h("div", { class: "cs-actions" }, actions, last));
  (actions[0] ?? last).focus();
}

async function ask(panel) {
  const { page, item } = panel;
  const turn = (panel.turn += 1);
  const note = h("p", { class: "cs-quiet", role: "status" }, `${page.draft.writer} is asked …`);
  const cancel = button("Cancel", () => close(panel));
  panel.node.replaceChildren(note, h("div", { class: "cs-actions" }, cancel));
  cancel.focus();
  const texts = { statement: fieldOf(item, "statement").value, antithesis: fieldOf(item, "antithesis").value };
  let reply = await page.ask("propose_scenarios", { ...texts, known: knownQueries(readScenarios(item), panel.seen), try: panel.tries });
  let told = null; // the proposal that `callOff` knows of
  while (turn === panel.turn && reply?.kind === "scenario_proposals" && !reply.proposed) {
    panel.id = told = reply.id;
    setText(note, `${reply.writer}: ${reply.note} …`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (turn === panel.turn) reply = await page.ask("proposal", { proposal: reply.id });
  }
  if (turn !== panel.turn) return reply?.kind === "scenario_proposals" && reply.id !== told && page.ask("leave", { proposal: reply.id });
  panel.id = null;
  panel.tries += TRIES;
  if (reply?.kind === "scenario_proposals") showProposals(panel, reply);
  else showProblem(panel, problemOf(reply), [button("Try again", () => void ask(panel))]);
}

function showProposals(panel, { proposed, writer, shortfall }) {
  panel.said = h("p", { class: "cs-quiet", role: "status" }, shortfall ? "" : `${writer} proposes ${howMany(proposed.scenarios.length)}. What you do not take is kept nowhere.`);
  panel.entries = proposed.scenarios.map((scenario) => entryOf(panel, scenario));
  panel.seen.push(...panel.entries);
  panel.rows = h("ol", { class: "cs-proposed-rows" }, panel.entries.map(({ node }) => node));
  panel.more = button("Ask for others", () => void ask(panel));
  panel.node.replaceChildren(
    ...(shortfall ? [h("p", { class: "cs-problem", role: "alert" }, shortfall)] : []),
    panel.said,
    panel.rows,
    ...[leftOut(proposed.left_out)].filter(Boolean),
    h("div", { class: "cs-actions" }, panel.more, button("Close", () => close(panel))),
  );
  showTaken(panel);
  goOn(panel, 0);
}

function entryOf(panel, scenario) {
  const take = (wanted) => {
    const number = takeScenario(panel.page, panel.item, wanted);
    showTaken(panel);
    goOn(panel, panel.entries.indexOf(entry));
    setText(panel.said, `Taken as scenario ${number}. Ctrl + Z takes that back.`);
  };
  const leave = () => {
    const at = panel.entries.indexOf(entry);
    panel.entries.splice(at, 1);
    entry.node.remove();
    goOn(panel, at);
    setText(panel.said, panel.entries.length ? "Left." : "Left. No proposal remains.");
  };
  const entry = proposedScenario(scenario, { id: `proposed-scenario-${(made += 1)}`, take, leave });
  return entry;
}

// To the next proposal that waits for a decision, from this place on; else to what can be done then.
function goOn(panel, at) {
  const taken = readScenarios(panel.item);
  const open = ({ scenario }) => !isTaken(scenario, taken);
  const next = panel.entries.slice(at).find(open) ?? panel.entries.find(open);
  (next?.first ?? panel.more).focus();
}

function showTaken({ item, entries }) {
  const scenarios = readScenarios(item);
  entries.forEach((entry) => entry.show(isTaken(entry.scenario, scenarios)));
}
