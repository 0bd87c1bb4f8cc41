// The Write page: one document, one bar, and two sheets (saving a version, reading one).
const status = h("p", { class: "cs-status", role: "status" });
const verdict = h("p", { class: "cs-verdict cs-quiet" });
const notice = h("div", { class: "cs-notice", hidden: true });
const name = lineField({ class: "cs-title", id: "constitution-name", "aria-describedby": "constitution-name-problem" });
const heading = h("h1", { class: "cs-sr" }); // the visible name is a field, which is no heading
const nameProblem = h("p", { class: "cs-problem", id: "constitution-name-problem" });
const history = h("div", { class: "cs-history" });
const root = element.querySelector(".cs-editor");

function showStatus(text, tone = "") {
  if (status.textContent !== text) status.textContent = text;
  status.dataset.tone = tone;
}

function showVerdict(reply) {
  verdict.textContent = reply.verdict;
  verdict.dataset.problems = reply.problems.length;
}

function showNotice(text, actions, urgent = false) {
  notice.hidden = false;
  notice.className = urgent ? "cs-notice cs-notice-problem" : "cs-notice";
  const buttons = actions.map(([label, act]) => h("button", { type: "button", class: "cs-button", onclick: act }, label));
  notice.replaceChildren(h("p", { role: urgent ? "alert" : "status" }, text), h("div", { class: "cs-actions" }, buttons));
}

function hideNotice() {
  notice.hidden = true;
  notice.replaceChildren();
}

function showName(text) {
  heading.textContent = text;
  document.title = `${text} · Constitution Studio`;
}

unasked.opened = (reply) => {
  Object.assign(draft, { id: reply.constitution, editor: reply.editor, revision: reply.revision, problems: reply.problems, writer: reply.writer, dirty: false });
  name.value = reply.name;
  showName(reply.name);
  drawAll(reply.principles);
  fragment(history, reply.history);
  showVerdict(reply);
  showStatus(reply.saved_at ? `Saved ${clock(new Date(reply.saved_at))}` : "All is saved", "good");
  list.querySelectorAll("[data-field]").forEach((field) => (field.dataset.seen = field.value ? "1" : ""));
  drawProblems(reply.problems, false);
  root.replaceChildren(head(), paper(), rail(), saveSheet.dialog, readSheet.dialog);
  root.querySelectorAll("textarea").forEach(grow);
  recover(reply);
  const wanted = new URLSearchParams(location.search).get("version");
  if (wanted) readSheet.show(Number(wanted));
};

unasked.choose = (reply) => fragment(root, reply.html);

function head() {
  const button = h("button", { type: "button", class: "cs-button cs-button-main", onclick: () => saveSheet.show() }, "Save version…");
  return h("div", { class: "cs-top" }, h("div", { class: "cs-bar" }, status, verdict, button), notice); // stays in sight
}

function paper() {
  const add = h("button", { type: "button", class: "cs-button", onclick: addPrinciple }, "Add a principle");
  const propose = h("button", { type: "button", class: "cs-link", onclick: (event) => openProposal(null, event.currentTarget) }, "Propose one…");
  return h("section", { class: "cs-paper", id: "content", "aria-label": "The constitution" }, heading, h("label", { class: "cs-label", for: "constitution-name" }, "Constitution"), name, nameProblem, list, h("div", { class: "cs-add cs-actions" }, add, propose));
}

function rail() {
  const get = (label, format) => h("button", { type: "button", class: "cs-link", onclick: () => fetchFile(format, null) }, label);
  return h(
    "aside",
    { class: "cs-rail", "aria-label": "Versions and files" },
    h("h2", {}, "Versions"),
    history,
    h("h2", {}, "Take it with you"),
    h("p", { class: "cs-quiet" }, "The draft as a file: YAML for the command line, Markdown for reading."),
    h("p", { class: "cs-actions" }, get("YAML", "yaml"), get("Markdown", "markdown")),
    h("p", { class: "cs-quiet cs-keys" }, h("kbd", {}, "Alt"), " + ", h("kbd", {}, "↑"), " or ", h("kbd", {}, "↓"), " moves the principle you are in."),
  );
}

async function fetchFile(format, number) {
  await save();
  const reply = await ask("download", { constitution: draft.id, format, number });
  if (reply?.kind === "file") download(reply.filename, reply.text, reply.type);
  else showNotice(reply?.message ?? "The studio does not answer. Try again in a moment.", [], true);
}

function appendPrinciple() {
  const item = principleItem({ id: newId(), title: "", statement: "", antithesis: "", check: null });
  list.append(item);
  renumber();
  return item;
}

function addPrinciple() {
  const item = appendPrinciple();
  item.querySelector('[data-field="title"]').focus();
  touched();
}

function move(item, by) {
  const items = allItems();
  const target = items[items.indexOf(item) + by];
  if (!target) return;
  const focused = document.activeElement;
  const [from, to] = [focused?.selectionStart, focused?.selectionEnd];
  if (by < 0) target.before(item);
  else target.after(item);
  renumber();
  const again = focused?.disabled ? item.querySelector(`[data-action="${by < 0 ? "down" : "up"}"]`) : focused;
  again?.focus();
  if (from != null && again === focused) focused.setSelectionRange(from, to);
  touched();
}

function remove(item) {
  const said = readItem(item).title.trim() || "without a title";
  const undo = h("button", { type: "button", class: "cs-link" }, "Undo");
  const note = h("li", { class: "cs-removed" }, h("span", { role: "status" }, `Principle “${said}” is removed. `), undo);
  undo.addEventListener("click", () => {
    note.replaceWith(item);
    renumber();
    item.querySelector('[data-field="title"]').focus();
    touched();
  });
  item.replaceWith(note);
  list.querySelectorAll(".cs-removed").forEach((other) => other !== note && other.remove());
  renumber();
  undo.focus();
  touched();
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  const item = button?.closest(".cs-principle");
  if (!item) return;
  if (button.dataset.action === "remove") remove(item);
  else if (button.dataset.action === "propose") openProposal(item, button);
  else move(item, button.dataset.action === "up" ? -1 : 1);
});

list.addEventListener("keydown", (event) => {
  const item = event.target.closest(".cs-principle");
  if (!item || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  move(item, event.key === "ArrowUp" ? -1 : 1);
});

list.addEventListener("input", (event) => {
  if (!event.target.dataset.field) return; // a proposal is no part of the draft yet
  disown(event.target);
  if (event.target.dataset.field === "title") renumber();
  touched();
});

list.addEventListener("focusout", (event) => {
  if (!event.target.dataset.field) return;
  event.target.dataset.seen = "1";
  if (draft.dirty) save();
  else drawProblems(draft.problems, false);
});

let nameTimer = null;
name.addEventListener("input", () => {
  clearTimeout(nameTimer);
  if (name.value.trim()) nameTimer = setTimeout(rename, PAUSE_MS); // an empty one is complained about on leaving, not while it is retyped
});
name.addEventListener("change", rename);

async function rename() {
  clearTimeout(nameTimer);
  const reply = await ask("rename", () => ({ constitution: draft.id, name: name.value }));
  nameProblem.textContent = reply?.kind === "renamed" ? "" : (reply?.message ?? "The studio does not answer. The name is not saved yet.");
  if (reply?.kind !== "renamed") return name.setAttribute("aria-invalid", "true");
  name.removeAttribute("aria-invalid");
  showName(reply.name);
  showVerdict({ ...reply, problems: draft.problems });
}

history.addEventListener("click", (event) => {
  const button = event.target.closest("[data-version]");
  if (button) readSheet.show(Number(button.dataset.version));
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden") return;
  backUp();
  if (draft.dirty) save();
});
addEventListener("pagehide", backUp);
addEventListener("online", () => draft.dirty && save());

if (props.reply && unasked[props.reply.kind]) unasked[props.reply.kind](props.reply); // it came before we listened
