// The Amendments page: what the server says of them, and forms whose fields are the questions that they ask.
import { inAddress, openChannel } from "./channel.js";
import { emptyRoot, fragment, h, newKey, notOpened, problemOf, setTitle, whileBusy } from "./studio.js";

const KEYED = ["propose", "comment", "evidence"]; // asked twice by one click they are one

export function mount({ element }) {
  const { ask } = openChannel("amend");
  const page = { ask, root: emptyRoot(element, ".cs-amend"), said: h("p", { class: "cs-said", role: "status", tabindex: "-1" }), body: h("div", { class: "cs-amend-body" }) };
  page.root.addEventListener("submit", (event) => void submit(page, event));
  page.root.addEventListener("change", ({ target }) => target.closest('form[data-ask="evidence"]') && void forecast(page));
  page.root.addEventListener("input", ({ target }) => (target.dataset.typed = ""));
  void ask("opened", inAddress("constitution", "amendment")).then((reply) => (["page", "choose"].includes(reply?.kind) ? open(page, reply) : notOpened(page.root, reply)));
}

function open(page, reply) {
  const { hash } = location; // what the address leads to is only there now
  show(page, reply);
  if (hash) document.getElementById(hash.slice(1))?.scrollIntoView();
}

// The page as the server tells it; `sent` is the form that asked for it, if one did. Returns where whoever went on in another form is.
function show(page, reply, sent = null) {
  if (!page.body.isConnected) page.root.replaceChildren(page.said, page.body);
  const kept = unsent(page.body, sent);
  fragment(page.body, reply.html);
  carryOver(page.body, kept);
  page.said.textContent = reply.message ?? "";
  setTitle(reply.title ?? "Amendments");
  if (reply.href) history.replaceState(history.state, "", reply.href);
  void forecast(page);
  return kept.at;
}

// The question that a form is: texts as they were typed, numbers as numbers.
export function questionOf(form) {
  const fields = [...form.elements].filter((each) => each.name);
  return Object.fromEntries(fields.map((each) => [each.name, "number" in each.dataset ? Number(each.value) : each.value]));
}

// What training both wordings would take, before the click: as the form stands, and again when it changes.
async function forecast(page) {
  const form = page.body.querySelector('form[data-ask="evidence"]');
  if (!form) return;
  const asked = JSON.stringify(questionOf(form));
  const reply = await page.ask("forecast", questionOf(form));
  if (!form.isConnected || asked !== JSON.stringify(questionOf(form))) return; // another one is on its way
  const node = form.querySelector(".cs-forecast");
  if (reply?.kind === "forecast") fragment(node, reply.html);
  else node.replaceChildren(h("p", { class: "cs-problem" }, problemOf(reply)));
}

// What one form is told from another by: what it asks, and of which clause.
export function formKey(form) {
  return [form.dataset.ask, form.elements.principle?.value ?? ""].join(" ");
}

// What a person did in the forms that were not sent, and which folds are open: all is drawn anew for the one that was.
function unsent(body, sent) {
  const forms = [...body.querySelectorAll("form[data-ask]")].filter((form) => form !== sent);
  const typed = forms.flatMap((form) => [...form.elements].filter((each) => "typed" in each.dataset).map(({ id, value }) => [id, value]));
  const keys = new Map(forms.filter((form) => form.dataset.key).map((form) => [formKey(form), form.dataset.key]));
  const open = new Set([...body.querySelectorAll("details[open]")].filter((fold) => !sent || !fold.contains(sent)).map(foldName));
  const { activeElement: at } = document;
  return { typed, keys, open, at: forms.some((form) => form.contains(at)) && at.id ? { id: at.id, from: at.selectionStart, to: at.selectionEnd } : null };
}

function foldName(fold) {
  return fold.querySelector("summary").textContent;
}

function carryOver(body, { typed, keys, open }) {
  for (const [id, value] of typed) {
    const field = body.querySelector(`#${CSS.escape(id)}`);
    if (!field || (field.tagName === "SELECT" && ![...field.options].some((each) => each.value === value && !each.disabled))) continue;
    field.value = value;
    field.dataset.typed = "";
  }
  for (const form of body.querySelectorAll("form[data-ask]")) if (keys.has(formKey(form))) form.dataset.key = keys.get(formKey(form));
  for (const fold of body.querySelectorAll("details")) fold.open ||= open.has(foldName(fold));
}

// Who went on in another form meanwhile stays there; else what was done is read.
function focusAfter(page, at) {
  const field = at && document.getElementById(at.id);
  if (!field) return page.said.focus();
  field.focus();
  if (at.from != null) field.setSelectionRange(at.from, at.to);
}

async function submit(page, event) {
  const form = event.target.closest("form[data-ask]");
  if (!form) return;
  event.preventDefault();
  const problem = form.querySelector(".cs-problem");
  const name = form.dataset.ask;
  problem.textContent = "";
  form.dataset.key ??= newKey();
  const question = { ...questionOf(form), ...(KEYED.includes(name) ? { key: form.dataset.key } : {}) };
  const reply = await whileBusy([form.querySelector("button")], () => page.ask(name, question));
  if (reply === undefined) return;
  if (reply?.kind !== "page") return void (problem.textContent = problemOf(reply));
  focusAfter(page, show(page, reply, form));
}
