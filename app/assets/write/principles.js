// The document itself: principles as list items whose fields are built once and never drawn again while they are edited.
import { h, oneLine } from "../studio.js";
import { checkParts, writerSays } from "./rows.js";
import { fillScenarios, numberScenarios, readScenarios, scenarioFold } from "./scenarios.js";

export function grow(area) {
  if (CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function textArea(id, name, value, hint) {
  const node = h("textarea", { id: `${id}-${name}`, "data-field": name, rows: 1, placeholder: hint, "aria-describedby": `${id}-${name}-problem`, spellcheck: "true" });
  node.value = value;
  node.addEventListener("input", () => grow(node));
  return node;
}

// One line of text that wraps instead of hiding its end: a text area that takes no line break.
export function lineField(attributes) {
  const node = h("textarea", { rows: 1, autocomplete: "off", ...attributes });
  node.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), node.blur()));
  node.addEventListener("input", () => {
    if (/[\r\n]/.test(node.value)) node.value = oneLine(node.value);
    grow(node);
  });
  return node;
}

function problemLine(id, name) {
  return h("p", { class: "cs-problem", id: `${id}-${name}-problem`, "data-problem": name });
}

const STATEMENT = { name: "statement", sign: "◆", label: "Statement", hint: "What the model should do." };
const ANTITHESIS = { name: "antithesis", sign: "◇", label: "Antithesis", hint: "What the opposite would be." };

function side(id, { name, sign, label, hint }, value) {
  return h(
    "div",
    { class: `cs-side cs-${name}` },
    h("label", { class: "cs-label", for: `${id}-${name}` }, h("span", { class: "cs-sign", "aria-hidden": "true" }, sign), label),
    textArea(id, name, value, hint),
    problemLine(id, name),
  );
}

function writerLine() {
  const button = h("button", { type: "button", class: "cs-link", "data-action": "propose" }, "Propose…");
  return h("p", { class: "cs-writer" }, h("span", { "data-writer": true }), button);
}

function checkLine(kinds, id, check) {
  const [name, argument] = checkParts(check);
  const select = h(
    "select",
    { id: `${id}-check`, class: "cs-check-select", "data-field": "check", "aria-describedby": `${id}-check-problem` },
    h("option", { value: "" }, "no program checks it"),
    Object.values(kinds).map((kind) => h("option", { value: kind.name }, kind.says)),
  );
  if (name && !kinds[name]) select.append(h("option", { value: name }, name)); // from a newer studio: kept as it is
  select.value = name;
  const input = h("input", { id: `${id}-argument`, class: "cs-check-argument", "data-field": "argument", autocomplete: "off", "aria-describedby": `${id}-check-problem` });
  input.value = argument == null || typeof argument === "object" ? "" : argument;
  const namely = h("label", { for: `${id}-argument`, class: "cs-check-label" });
  const taken = h("span", { class: "cs-check-with" }, namely, input);
  const trial = h("button", { type: "button", class: "cs-link", "data-try": "", "aria-label": "Try it on replies: the chosen check" }, "Try it on replies");
  const follow = () => {
    const kind = kinds[select.value];
    trial.hidden = !kind;
    taken.hidden = kind ? !kind.argument : !input.value; // of one that is not known what is stored is shown
    namely.textContent = kind?.argument === "int" ? "N =" : "namely";
    input.inputMode = kind?.argument === "int" ? "numeric" : "text";
    input.placeholder = kind?.argument ? `for instance ${kind.example}` : "";
  };
  select.addEventListener("change", follow);
  follow();
  const label = h("label", { class: "cs-label", for: `${id}-check` }, "Check");
  return h("div", { class: "cs-check" }, label, h("span", { class: "cs-check-says" }, "The reply ", select), taken, trial, problemLine(id, "check"));
}

function priorityLine(id, priority) {
  const help = "1 comes first, the same number makes a group, empty comes last";
  const input = h("input", { id: `${id}-priority`, class: "cs-check-argument cs-priority", "data-field": "priority", inputmode: "numeric", placeholder: "none", title: help, autocomplete: "off", "aria-describedby": `${id}-priority-problem priority-help` });
  input.value = priority ?? "";
  return h("div", { class: "cs-check cs-ranked" }, h("label", { class: "cs-label", for: `${id}-priority` }, "Priority"), input, problemLine(id, "priority"));
}

function icon(sign, action, label) {
  return h("button", { type: "button", class: "cs-icon", "data-action": action, title: label, "aria-label": label }, sign);
}

export function principleItem(kinds, principle) {
  const id = `p-${principle.id}`;
  const title = lineField({ id: `${id}-title`, class: "cs-principle-title", "data-field": "title", placeholder: "Title", "aria-describedby": `${id}-title-problem` });
  title.value = principle.title;
  const tools = h("span", { class: "cs-principle-tools" }, icon("↑", "up", "Move up"), icon("↓", "down", "Move down"), icon("Remove", "remove", "Remove"));
  const body = h(
    "div",
    { class: "cs-principle-body", role: "group" },
    h("div", { class: "cs-principle-head" }, h("label", { class: "cs-sr", for: `${id}-title` }, "Title"), title, problemLine(id, "title")),
    h(
      "div",
      { class: "cs-facing" },
      side(id, STATEMENT, principle.statement),
      side(id, ANTITHESIS, principle.antithesis),
    ),
    h("div", { class: "cs-principle-foot" }, checkLine(kinds, id, principle.check), priorityLine(id, principle.priority), h("div", { class: "cs-principle-acts" }, writerLine(), tools)),
    scenarioFold(principle.scenarios ?? []),
  );
  const item = h("li", { class: "cs-principle", "data-id": principle.id }, h("span", { class: "cs-numeral", "aria-hidden": "true" }), body);
  showWriter(item, principle.written_by ?? null);
  return item;
}

// Puts what a principle says into the item that it has: only what differs, so that all else keeps its place.
export function fillItem(item, principle) {
  const [name, argument] = checkParts(principle.check);
  const values = { title: principle.title, statement: principle.statement, antithesis: principle.antithesis, argument: `${argument ?? ""}`, check: name, priority: `${principle.priority ?? ""}` };
  for (const [field, value] of Object.entries(values)) {
    const node = fieldOf(item, field);
    if (node.value === value) continue;
    node.value = value;
    if (node.tagName === "TEXTAREA") grow(node);
    else node.dispatchEvent(new Event("change"));
  }
  showWriter(item, principle.written_by ?? null);
  fillScenarios(item, principle.scenarios ?? []);
  return item;
}

export function showWriter(item, written) {
  item.dataset.writtenBy = JSON.stringify(written);
  item.querySelector("[data-writer]").textContent = writerSays(written);
}

export function writerOf(item) {
  return JSON.parse(item.dataset.writtenBy);
}

export function allItems(list) {
  return [...list.querySelectorAll(":scope > .cs-principle")];
}

// Numbers, names for assistive technology, and which buttons can act: after every change of the list's shape.
export function renumber(list) {
  const items = allItems(list);
  items.forEach((item, i) => {
    const title = fieldOf(item, "title").value.trim();
    const name = title ? `principle ${i + 1}, “${title}”` : `principle ${i + 1}`;
    item.querySelector(".cs-numeral").textContent = `${i + 1}`;
    item.querySelector(".cs-principle-body").setAttribute("aria-label", name[0].toUpperCase() + name.slice(1));
    for (const [action, says] of [["up", "Move up"], ["down", "Move down"], ["remove", "Remove"], ["propose", "Propose texts"]]) {
      item.querySelector(`[data-action="${action}"]`).setAttribute("aria-label", `${says}: ${name}`);
    }
    item.querySelector('[data-action="up"]').disabled = i === 0;
    item.querySelector('[data-action="down"]').disabled = i === items.length - 1;
    numberScenarios(item, i + 1);
  });
}

export function fieldOf(item, name) {
  return item.querySelector(`[data-field="${name}"]`);
}

export function readItem(kinds, item) {
  const value = (name) => fieldOf(item, name).value;
  const principle = { id: item.dataset.id, title: value("title"), statement: value("statement"), antithesis: value("antithesis") };
  const written = writerOf(item);
  if (written) principle.written_by = written;
  const scenarios = readScenarios(item);
  if (scenarios.length) principle.scenarios = scenarios;
  const rank = value("priority").trim();
  if (rank) principle.priority = /^-?\d{1,9}$/.test(rank) ? Number(rank) : rank; // what is no number goes as it was typed: the server says so beside the field
  const name = value("check");
  if (name) principle.check = kinds[name]?.argument || value("argument") ? { [name]: value("argument") } : name;
  return principle;
}

export function readAll({ list, kinds }) {
  return allItems(list).map((item) => readItem(kinds, item));
}

// The whole text: the principles, and what to do where they conflict.
export function readText(page) {
  return { principles: readAll(page), conflict_rule: page.rule.value };
}

export function fillRule({ rule }, text) {
  if (rule.value === text) return;
  rule.value = text;
  grow(rule);
}

export function drawText(page, text) {
  drawAll(page, text.principles);
  fillRule(page, text.conflict_rule ?? "");
}

export function drawAll({ list, kinds }, principles) {
  list.replaceChildren(...principles.map((principle) => principleItem(kinds, principle)));
  list.querySelectorAll("textarea").forEach(grow);
  renumber(list);
}
