// What is asked: run, query, side, seed and sampling. Choosing a run fills in its own seed and sampling, with which the replies are
// the very ones that the run's result table counts.
import { field, fragment, h } from "../studio.js";
import { armsAsked, makeAdding, offerPanes, showAdded } from "./adding.js";

const SHOWN_CHARS = 90; // of a scenario, where one is chosen
const NUMBERS = [
  { name: "seed", label: "Seed", min: 0, step: 1 },
  { name: "max_new_tokens", label: "Most tokens", min: 1, max: 4096, step: 1 },
  { name: "temperature", label: "Temperature", min: 0, max: 5, step: "any" },
  { name: "top_p", label: "Top-p", min: 0, max: 1, step: "any" },
];

export function makeForm() {
  const form = {
    options: [],
    source: h("select", { class: "cs-input", id: "compare-source", onchange: () => choose(form, form.source.value) }),
    facts: h("div", { class: "cs-compare-facts" }),
    query: h("textarea", { class: "cs-input cs-query", id: "compare-query", rows: "3", "aria-describedby": "compare-problem", placeholder: "What would you ask the model?" }),
    scenario: h("select", { class: "cs-input", id: "compare-scenario" }),
    scenarios: h("div", { hidden: true }),
    sides: { statement: sideInput("statement", true), antithesis: sideInput("antithesis", false) },
    numbers: Object.fromEntries(NUMBERS.map(({ name, min, max, step }) => [name, h("input", { class: "cs-input cs-number", type: "number", id: `compare-${name}`, min, max, step })])),
    adding: makeAdding(),
    problem: h("p", { class: "cs-problem", id: "compare-problem", role: "alert" }),
    go: h("button", { class: "cs-button cs-button-main" }, "Compare"),
    stop: h("button", { type: "button", class: "cs-button", hidden: true }, "Stop"),
  };
  form.scenarios.replaceChildren(field(form.scenario.id, "Or one of its scenarios", form.scenario));
  form.scenario.addEventListener("change", () => {
    if (form.scenario.value) form.query.value = form.scenario.value;
  });
  form.query.addEventListener("input", () => (form.scenario.value = "")); // what is typed is no scenario any more
  form.node = formNode(form);
  form.query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.node.requestSubmit();
  });
  return form;
}

function sideInput(value, checked) {
  return h("input", { type: "radio", name: "compare-side", value, checked });
}

function formNode({ source, facts, query, scenarios, sides, numbers, adding, problem, go, stop }) {
  const side = (input, sign, label) => h("label", { class: "cs-side-choice" }, input, h("span", { class: "cs-sign", "aria-hidden": "true" }, sign), label);
  return h(
    "form",
    { class: "cs-ask", novalidate: true },
    h(
      "div",
      { class: "cs-ask-main" },
      field("compare-query", "Query", query),
      scenarios,
      h("fieldset", { class: "cs-sides" }, h("legend", {}, "The constitution in the prompt, as"), side(sides.statement, "◆", "Statements"), side(sides.antithesis, "◇", "Antitheses")),
      problem,
      h("div", { class: "cs-actions" }, go, stop, h("span", { class: "cs-quiet cs-keys" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter"))),
    ),
    h(
      "div",
      { class: "cs-ask-with" },
      field("compare-source", "Compare", source),
      facts,
      h("div", { class: "cs-numbers" }, NUMBERS.map(({ name, label }) => field(numbers[name].id, label, numbers[name]))),
      adding.node,
    ),
  );
}

export function offer(form, sources, chosen) {
  form.options = sources;
  const groups = new Map();
  for (const option of sources) {
    if (!groups.has(option.group)) groups.set(option.group, h("optgroup", { label: option.group }));
    groups.get(option.group).append(h("option", { value: option.key, disabled: Boolean(option.problem) }, option.label));
  }
  const none = chosen ? [] : [h("option", { value: "" }, "Choose a run or a version…")];
  form.source.replaceChildren(...none, ...groups.values());
  if (chosen) choose(form, chosen);
}

function choose(form, key) {
  const option = form.options.find((each) => each.key === key);
  form.source.value = key;
  if (!option) return;
  fragment(form.facts, option.facts);
  offerPanes(form.adding, option);
  fill(form, option);
}

export function fill({ numbers, query, sides, adding }, values) {
  for (const { name } of NUMBERS) numbers[name].value = values[name];
  if (values.query != null) query.value = values.query;
  if (values.side) sides[values.side].checked = true;
  if (values.added) showAdded(adding, values.added);
}

// The scenarios of what is compared, by principle: choosing one writes its query. The field is there where there are any.
export function offerScenarios({ scenario, scenarios }, found) {
  const groups = new Map();
  for (const { principle, query, use } of found) {
    if (!groups.has(principle)) groups.set(principle, h("optgroup", { label: principle }));
    groups.get(principle).append(h("option", { value: query }, optionText(query, use)));
  }
  scenario.replaceChildren(h("option", { value: "" }, "Choose a scenario…"), ...groups.values());
  scenarios.hidden = !found.length;
}

export function optionText(query, use) {
  const line = query.split(/\s+/).join(" ").trim();
  return `${line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS)} …` : line} (${use})`;
}

// An empty or unreadable number goes as null; the server says what is wrong with it.
export function read({ source, query, sides, numbers, adding }) {
  const values = { arms: armsAsked(adding), source: source.value, query: query.value, side: sides.statement.checked ? "statement" : "antithesis" };
  for (const { name } of NUMBERS) values[name] = Number.isNaN(numbers[name].valueAsNumber) ? null : numbers[name].valueAsNumber;
  return values;
}

// Whichever of the two buttons had the focus hands it on to the one that can be pressed now.
export function showBusy({ go, stop }, yes) {
  const focused = [go, stop].includes(document.activeElement);
  go.disabled = yes;
  stop.hidden = !yes;
  if (focused) (yes ? stop : go).focus();
}

export function tell({ problem }, text) {
  problem.textContent = text;
}
