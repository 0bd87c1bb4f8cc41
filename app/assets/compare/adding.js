// Panes beside those that a run or a version offers: any method it allows, with settings, chosen before asking.
import { field, h } from "../studio.js";

export function makeAdding() {
  const adding = {
    offered: { arms: [], methods: [] }, // by the run or version that is chosen
    rows: [], // one for each added pane
    choice: h("select", { class: "cs-input", id: "compare-add" }),
    list: h("ul", { class: "cs-added", "aria-label": "Added panes" }),
  };
  const button = h("button", { type: "button", class: "cs-button", onclick: () => add(adding, adding.choice.value) }, "Add");
  adding.node = field("compare-add", "Add a pane", h("div", { class: "cs-adding" }, adding.choice, button), adding.list);
  return adding;
}

// What can be added now. Panes that were added and are allowed here as well stay.
export function offerPanes(adding, offered) {
  adding.offered = offered;
  adding.choice.replaceChildren(...offered.methods.map((method) => h("option", { value: method.key }, method.title)));
  for (const row of [...adding.rows]) if (!offered.methods.some((method) => method.key === row.method)) remove(adding, row);
}

// The panes that a stored comparison had besides those on offer.
export function showAdded(adding, arms) {
  for (const row of [...adding.rows]) remove(adding, row);
  for (const arm of arms) add(adding, arm.method, arm.settings);
}

// The arms to ask, or null for those on offer alone. An unreadable number goes as null; the server says what is wrong with it.
export function armsAsked({ offered, rows }) {
  if (!rows.length) return null;
  const valuesOf = ({ inputs }) => Object.fromEntries(inputs.map(({ name, valueAsNumber }) => [name, Number.isNaN(valueAsNumber) ? null : valueAsNumber]));
  return [...offered.arms.map(({ method, settings }) => ({ method, settings })), ...rows.map((row) => ({ method: row.method, settings: valuesOf(row) }))];
}

function add(adding, key, settings = {}) {
  const method = adding.offered.methods.find((each) => each.key === key);
  if (!method) return;
  const input = ({ name, low, high, ...setting }) => h("input", { class: "cs-input cs-number", type: "number", name, min: low, max: high, step: "any", value: settings[name] ?? setting.default });
  const row = { method: key, inputs: method.settings.map(input) };
  const fields = method.settings.map(({ title }, i) => h("label", {}, `${title} `, row.inputs[i]));
  const away = h("button", { type: "button", class: "cs-link", "aria-label": `Remove ${method.title}`, onclick: () => remove(adding, row) }, "Remove");
  row.node = h("li", {}, h("span", {}, method.title), away, fields);
  adding.rows.push(row);
  adding.list.append(row.node);
}

function remove(adding, row) {
  adding.rows = adding.rows.filter((each) => each !== row);
  row.node.remove();
}
