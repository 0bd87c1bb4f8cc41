// The document itself: principles as list items whose fields are built once and never drawn again while they are edited.
const growsAlone = CSS.supports("field-sizing", "content");
const kinds = Object.fromEntries((props.checks || []).map((kind) => [kind.name, kind]));
const list = h("ol", { class: "cs-principles" });

function grow(area) {
  if (growsAlone) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID is missing on plain-http addresses other than localhost
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function area(id, name, value, hint) {
  const node = h("textarea", { id: `${id}-${name}`, "data-field": name, rows: 1, placeholder: hint, "aria-describedby": `${id}-${name}-problem`, spellcheck: "true" });
  node.value = value;
  node.addEventListener("input", () => grow(node));
  return node;
}

// One line of text that wraps instead of hiding its end: a text area that takes no line break.
function lineField(attributes) {
  const node = h("textarea", { rows: 1, autocomplete: "off", ...attributes });
  node.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), node.blur()));
  node.addEventListener("input", () => {
    if (/[\r\n]/.test(node.value)) node.value = node.value.replace(/\s*[\r\n]+\s*/g, " ");
    grow(node);
  });
  return node;
}

function problemLine(id, name) {
  return h("p", { class: "cs-problem", id: `${id}-${name}-problem`, "data-problem": name });
}

function side(id, name, sign, label, value, hint) {
  return h(
    "div",
    { class: `cs-side cs-${name}` },
    h("label", { class: "cs-label", for: `${id}-${name}` }, h("span", { class: "cs-sign", "aria-hidden": "true" }, sign), label),
    area(id, name, value, hint),
    problemLine(id, name),
  );
}

function writerLine() {
  const button = h("button", { type: "button", class: "cs-link", "data-action": "propose" }, "Propose…");
  return h("p", { class: "cs-writer" }, h("span", { "data-writer": true }), button);
}

function checkLine(id, check) {
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
  const label = h("label", { for: `${id}-argument`, class: "cs-check-label" });
  input.value = argument ?? "";
  const line = h(
    "div",
    { class: "cs-check" },
    h("label", { class: "cs-label", for: `${id}-check` }, "Check"),
    h("span", { class: "cs-check-says" }, "The reply ", select),
    h("span", { class: "cs-check-with" }, label, input),
    problemLine(id, "check"),
  );
  const follow = () => {
    const kind = kinds[select.value];
    const takes = Boolean(kind?.argument);
    line.querySelector(".cs-check-with").hidden = !takes;
    label.textContent = kind?.argument === "int" ? "N =" : "namely";
    input.inputMode = kind?.argument === "int" ? "numeric" : "text";
    input.placeholder = takes ? `for instance ${kind.example}` : "";
  };
  select.addEventListener("change", follow);
  follow();
  return line;
}

function checkParts(check) {
  if (!check) return ["", null];
  if (typeof check === "string") return [check, null];
  return Object.entries(check)[0] ?? ["", null];
}

function icon(sign, action, label) {
  return h("button", { type: "button", class: "cs-icon", "data-action": action, title: label, "aria-label": label }, sign);
}

function principleItem(principle) {
  const id = `p-${principle.id}`;
  const title = lineField({ id: `${id}-title`, class: "cs-principle-title", "data-field": "title", placeholder: "Title", "aria-describedby": `${id}-title-problem` });
  title.value = principle.title;
  const tools = h("span", { class: "cs-principle-tools" }, icon("↑", "up", "Move up"), icon("↓", "down", "Move down"), icon("Remove", "remove", "Remove"));
  const body = h(
    "div",
    { class: "cs-principle-body", role: "group" },
    h("div", { class: "cs-principle-head" }, h("label", { class: "cs-sr", for: `${id}-title` }, "Title"), title, tools, problemLine(id, "title")),
    h(
      "div",
      { class: "cs-facing" },
      side(id, "statement", "◆", "Statement", principle.statement, "What the model should do."),
      side(id, "antithesis", "◇", "Antithesis", principle.antithesis, "What the opposite would be."),
    ),
    h("div", { class: "cs-principle-foot" }, checkLine(id, principle.check), writerLine()),
  );
  const item = h("li", { class: "cs-principle", "data-id": principle.id }, h("span", { class: "cs-numeral", "aria-hidden": "true" }), body);
  showWriter(item, principle.written_by ?? "");
  return item;
}

// Numbers, names for assistive technology, and which buttons can act: after every change of the list's shape.
function renumber() {
  const items = allItems();
  items.forEach((item, i) => {
    const title = item.querySelector('[data-field="title"]').value.trim();
    const name = title ? `principle ${i + 1}, “${title}”` : `principle ${i + 1}`;
    item.querySelector(".cs-numeral").textContent = `${i + 1}`;
    item.querySelector(".cs-principle-body").setAttribute("aria-label", name[0].toUpperCase() + name.slice(1));
    for (const [action, says] of [["up", "Move up"], ["down", "Move down"], ["remove", "Remove"], ["propose", "Propose texts"]]) {
      item.querySelector(`[data-action="${action}"]`).setAttribute("aria-label", `${says}: ${name}`);
    }
    item.querySelector('[data-action="up"]').disabled = i === 0;
    item.querySelector('[data-action="down"]').disabled = i === items.length - 1;
  });
}

function allItems() {
  return [...list.querySelectorAll(":scope > .cs-principle")];
}

function readItem(item) {
  const value = (name) => item.querySelector(`[data-field="${name}"]`).value;
  const principle = { id: item.dataset.id, title: value("title"), statement: value("statement"), antithesis: value("antithesis") };
  if (item.dataset.writtenBy) principle.written_by = item.dataset.writtenBy;
  const name = value("check");
  if (name) principle.check = kinds[name]?.argument || value("argument") ? { [name]: value("argument") } : name;
  return principle;
}

function readAll() {
  return allItems().map(readItem);
}

function drawAll(principles) {
  list.replaceChildren(...principles.map(principleItem));
  list.querySelectorAll("textarea").forEach(grow);
  renumber();
}

// Drawing waits while a button is held down: text that appears between press and release would move the button from under it.
let pressed = false;
let calmly = null;
addEventListener("pointerdown", () => (pressed = true), true);
for (const release of ["pointerup", "pointercancel"]) {
  addEventListener(release, () => setTimeout(() => {
    pressed = false;
    calmly?.();
    calmly = null;
  }), true);
}

function whenCalm(draw) {
  if (pressed) calmly = draw;
  else draw();
}

// A problem is shown once its field was left or holds text, so that a new principle isn't born covered in complaints.
function drawProblems(problems, all) {
  whenCalm(() => drawProblemsNow(problems, all));
}

function drawProblemsNow(problems, all) {
  list.querySelectorAll("[data-problem]").forEach((line) => (line.textContent = ""));
  list.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
  for (const problem of problems) {
    const field = problemField(problem);
    if (!field || !(all || field.dataset.seen || field.value.trim())) continue;
    field.setAttribute("aria-invalid", "true");
    const line = field.closest(".cs-principle").querySelector(`[data-problem="${problem.field}"]`);
    line.textContent = line.textContent ? `${line.textContent} ${problem.message}` : problem.message;
  }
}

function problemField(problem) {
  const item = allItems()[problem.principle];
  const argument = item?.querySelector(".cs-check-with:not([hidden]) [data-field=argument]");
  return (problem.field === "check" && argument) || item?.querySelector(`[data-field="${problem.field}"]`);
}

function firstProblem(problems) {
  const problem = problems.find((p) => p.principle != null);
  return problem && problemField(problem);
}
