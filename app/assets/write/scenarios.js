// The scenarios of a principle, in a fold below it: rows whose fields are built once, as those of the principle are.
import { h, isSecond } from "../studio.js";
import { grow } from "./principles.js";
import { linesOf, scenarioTexts } from "./rows.js";
import { touched } from "./saving.js";

const PARTS = [
  { part: "query", label: "Query", hint: "What somebody might ask." },
  { part: "follows", label: "Would follow", hint: "A reply that follows it would …" },
  { part: "fails", label: "Would not", hint: "One that does not would …" },
];
const ABOUT = "Situations in which this principle can be tried. Those for training come first among the queries of a run; those for test are never trained on, and a run tells how each is answered.";
let made = 0;

export function scenarioFold(scenarios) {
  const rows = h("ol", { class: "cs-scenario-rows" }, scenarios.map(scenarioRow));
  const add = h("button", { type: "button", class: "cs-link", "data-scenario": "add" }, "Add a scenario");
  const propose = h("button", { type: "button", class: "cs-link", "data-propose-scenarios": true }, "Propose some…");
  const said = h("p", { class: "cs-scenario-said cs-quiet" });
  const problem = h("p", { class: "cs-problem", "data-problem": "scenarios" });
  const fold = h("details", { class: "cs-scenarios", "data-fold": "scenarios" }, h("summary", {}), h("p", { class: "cs-quiet" }, ABOUT), rows, said, problem, h("p", { class: "cs-actions" }, add, propose));
  fold.addEventListener("toggle", () => fold.querySelectorAll("textarea").forEach(grow)); // what was folded had no height
  return fold;
}

function scenarioRow(scenario = { query: "" }) {
  const id = `scenario-${(made += 1)}`;
  const use = h("select", { id: `${id}-use`, class: "cs-check-select", "data-part": "use" }, h("option", { value: "test" }, "test"), h("option", { value: "train" }, "train"));
  use.value = scenario.use ?? "test";
  const remove = h("button", { type: "button", class: "cs-icon", "data-scenario": "remove" }, "Remove");
  const foot = h("div", { class: "cs-scenario-foot" }, h("label", { class: "cs-label", for: use.id }, "For"), use, remove);
  const body = h("div", { class: "cs-scenario-body", role: "group" }, PARTS.map((each) => partOf(id, each, scenario[each.part] ?? "")), foot);
  return h("li", { class: "cs-scenario" }, body);
}

function partOf(id, { part, label, hint }, value) {
  const area = h("textarea", { id: `${id}-${part}`, rows: 1, placeholder: hint, "data-part": part, "aria-describedby": `${id}-${part}-problem`, spellcheck: "true" });
  area.value = value;
  area.addEventListener("input", () => grow(area));
  const problem = h("p", { class: "cs-problem", id: `${id}-${part}-problem`, "data-problem-part": part });
  return h("div", { class: `cs-scenario-${part}` }, h("label", { class: "cs-label", for: area.id }, label), area, problem);
}

function rowsOf(item) {
  return [...item.querySelectorAll(".cs-scenario")];
}

function partIn(row, part) {
  return row.querySelector(`[data-part="${part}"]`);
}

// A row with nothing in it is one too: it is there, and can be taken back.
export function readScenarios(item) {
  return rowsOf(item).map((row) => {
    const scenario = { query: partIn(row, "query").value };
    for (const part of ["follows", "fails"]) if (partIn(row, part).value) scenario[part] = partIn(row, part).value;
    return partIn(row, "use").value === "test" ? scenario : { ...scenario, use: partIn(row, "use").value };
  });
}

// Puts scenarios into the rows that there are, and makes or removes what differs in number.
export function fillScenarios(item, scenarios) {
  const there = rowsOf(item);
  there.slice(scenarios.length).forEach((row) => row.remove());
  scenarioTexts({ scenarios }).forEach((texts, i) => {
    if (!there[i]) return;
    ["query", "follows", "fails", "use"].forEach((part, k) => {
      const node = partIn(there[i], part);
      if (node.value !== texts[k]) node.value = texts[k];
      if (node.tagName === "TEXTAREA") grow(node);
    });
  });
  item.querySelector(".cs-scenario-rows").append(...scenarios.slice(there.length).map(scenarioRow));
  item.querySelector(".cs-scenario-said").replaceChildren();
}

// Names of the fields as problems and steps name them, and for assistive technology; after every change of the shape.
export function numberScenarios(item, principle) {
  const rows = rowsOf(item);
  item.querySelector(".cs-scenarios > summary").textContent = `Scenarios (${rows.length})`;
  item.querySelector(".cs-scenarios").dataset.count = rows.length;
  item.querySelector('[data-scenario="add"]').setAttribute("aria-label", `Add a scenario to principle ${principle}`);
  item.querySelector("[data-propose-scenarios]").setAttribute("aria-label", `Propose some scenarios for principle ${principle}`);
  rows.forEach((row, i) => {
    const which = `scenario ${i + 1} of principle ${principle}`;
    row.querySelector(".cs-scenario-body").setAttribute("aria-label", `S${which.slice(1)}`);
    row.querySelectorAll("[data-part]").forEach((node) => (node.dataset.field = `scenarios.${i}.${node.dataset.part}`));
    row.querySelectorAll("[data-problem-part]").forEach((node) => (node.dataset.problem = `scenarios.${i}.${node.dataset.problemPart}`));
    for (const { part, label } of PARTS) partIn(row, part).setAttribute("aria-label", `${label}: ${which}`);
    partIn(row, "use").setAttribute("aria-label", `For test or train: ${which}`);
    row.querySelector('[data-scenario="remove"]').setAttribute("aria-label", `Remove ${which}`);
  });
}

export function listenToScenarios(page) {
  const { list } = page;
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-scenario]");
    if (!button || isSecond(event)) return;
    const item = button.closest(".cs-principle");
    if (button.dataset.scenario === "add") addAfter(page, item, null, [{ query: "" }]);
    else removeRow(page, item, button.closest(".cs-scenario"));
  });
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".cs-scenario");
    if (!row || event.target.tagName !== "TEXTAREA" || event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.isComposing) return;
    event.preventDefault();
    goOn(page, row, event.target.dataset.part);
  });
  list.addEventListener("paste", (event) => {
    const row = event.target.closest(".cs-scenario");
    const lines = row && event.target.dataset.part === "query" ? linesOf(event.clipboardData.getData("text/plain")) : [];
    if (lines.length < 2) return;
    event.preventDefault();
    pasteLines(page, row, lines);
  });
}

function number(page, item) {
  numberScenarios(item, [...page.list.querySelectorAll(":scope > .cs-principle")].indexOf(item) + 1);
}

// Enter: from the query over what is expected to the next scenario, or a new one. Shift and Enter begin a line.
function goOn(page, row, part) {
  const next = PARTS[PARTS.findIndex((each) => each.part === part) + 1];
  if (next) partIn(row, next.part).focus();
  else if (row.nextElementSibling) partIn(row.nextElementSibling, "query").focus();
  else addAfter(page, row.closest(".cs-principle"), row, [{ query: "" }]);
}

function addAfter(page, item, row, scenarios) {
  const added = scenarios.map(scenarioRow);
  if (row) row.after(...added);
  else item.querySelector(".cs-scenario-rows").append(...added);
  added.flatMap((each) => [...each.querySelectorAll("textarea")]).forEach(grow);
  item.querySelector(".cs-scenario-said").replaceChildren();
  number(page, item);
  partIn(added.at(-1), "query").focus();
  touched(page);
}

// One that was proposed becomes the last of the principle's. Gives its number.
export function takeScenario(page, item, scenario) {
  addAfter(page, item, null, [scenario]);
  return rowsOf(item).length;
}

// Several lines are several scenarios: into a query that is empty goes the first of them.
function pasteLines(page, row, lines) {
  const item = row.closest(".cs-principle");
  const query = partIn(row, "query");
  const rest = query.value.trim() ? lines : lines.slice(1);
  if (rest.length < lines.length) query.value = lines[0];
  grow(query);
  addAfter(page, item, row, rest.map((line) => ({ query: line })));
  item.querySelector(".cs-scenario-said").append(h("span", { role: "status" }, `${lines.length} lines became ${lines.length} scenarios. Ctrl + Z takes that back.`));
}

function removeRow(page, item, row) {
  const at = rowsOf(item).indexOf(row);
  const undo = h("button", { type: "button", class: "cs-link" }, "Undo");
  undo.addEventListener("click", () => {
    const rows = item.querySelector(".cs-scenario-rows");
    rows.insertBefore(row, rows.children[at] ?? null);
    said.replaceChildren();
    number(page, item);
    partIn(row, "query").focus();
    touched(page);
  });
  const said = item.querySelector(".cs-scenario-said");
  row.remove();
  said.replaceChildren(h("span", { role: "status" }, `Scenario ${at + 1} is removed. `), undo);
  number(page, item);
  undo.focus();
  touched(page);
}
