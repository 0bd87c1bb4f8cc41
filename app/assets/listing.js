// The first page: entries, archived entries, and two ways to begin another.
import { openChannel } from "./channel.js";
import { handOver } from "./handover.js";
import { base64, emptyRoot, field, fragment, h, isSecond, listenWhile, newKey, notOpened, problemOf, setTitle, whileBusy } from "./studio.js";

const MAX_FILE_BYTES = 1000000;
const A_PAGE = 50; // entries, until more are asked for
const A_HANDFUL = 8; // entries that are seen at a glance; with more there is a field to find one
const PAUSE_MS = 200;

export function mount({ element }) {
  const channel = openChannel("constitutions");
  const archivedCount = h("span", { class: "cs-number" });
  const archived = h("div", { class: "cs-archived" });
  const page = {
    ask: channel.ask,
    element,
    shown: A_PAGE,
    find: findField(),
    root: emptyRoot(element, ".cs-listing"),
    said: h("p", { class: "cs-said", role: "status" }),
    entries: h("div", { class: "cs-in-use" }),
    archived,
    archivedCount,
    away: h("details", { class: "cs-away", hidden: true }, h("summary", {}, "Archived ", archivedCount), archived),
  };
  page.root.addEventListener("click", (event) => act(page, event));
  listenToFind(page);
  listenWhile(element, window, "pageshow", (event) => event.persisted && void refresh(page));
  void channel.ask("list").then((reply) => (reply?.kind === "list" ? drawList(page, reply) : notOpened(page.root, reply)));
}

// Back from another page the browser may show this one as it was left.
async function refresh(page) {
  const { id } = document.activeElement?.closest(".cs-entry")?.dataset ?? {};
  const reply = await page.ask("list", () => wish(page));
  if (reply?.kind !== "list") return;
  drawList(page, reply);
  if (id && document.activeElement === document.body) inEntry(page, id, "a")?.focus();
}

function drawList(page, reply) {
  setTitle("Constitutions");
  fragment(page.entries, reply.html);
  fragment(page.archived, reply.archived);
  page.archivedCount.textContent = `(${reply.archived_count})`;
  page.away.hidden = !reply.archived_count;
  if (reply.message) page.find.input.value = ""; // something was done, and the whole list is there again
  page.find.node.hidden = reply.total <= A_HANDFUL && !page.find.input.value;
  page.said.textContent = reply.message ?? "";
  if (!page.root.childElementCount) page.root.append(...layout(page));
}

function layout(page) {
  const head = h(
    "header",
    { class: "cs-listing-head" },
    h("h1", {}, "Constitutions"),
    h("p", { class: "cs-lede" }, "A constitution is a list of principles, each with its antithesis. Write one, train a model on it, then see whether the model follows it."),
  );
  const begin = h("aside", { class: "cs-rail", "aria-label": "Begin another" }, h("h2", {}, "Begin another"), createForm(page), importForm(page));
  return [head, h("section", { class: "cs-paper", id: "content", "aria-label": "Constitutions" }, page.said, page.find.node, page.entries, page.away), begin];
}

function findField() {
  const input = h("input", { class: "cs-input", id: "find-constitution", type: "search", autocomplete: "off" });
  return { input, timer: null, node: h("div", { class: "cs-find", role: "search", hidden: true }, field(input.id, "Find a constitution", input)) };
}

// What the list is asked for: as many as are shown, and only those that are looked for.
function wish({ shown, find }) {
  return { shown, find: find.input.value.trim() };
}

function listenToFind(page) {
  const { find } = page;
  find.input.addEventListener("input", () => {
    clearTimeout(find.timer);
    find.timer = setTimeout(async () => follow(page, await page.ask("list", () => wish(page)), (text) => (page.said.textContent = text)), PAUSE_MS);
  });
}

// A field that says what is wrong with it.
function telling(label, input, hint) {
  const problem = h("p", { class: "cs-problem", id: `${input.id}-problem`, role: "alert" });
  input.setAttribute("aria-describedby", problem.id);
  const node = field(input.id, label, hint && h("p", { class: "cs-quiet" }, hint), input, problem);
  const tell = (text) => {
    problem.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return { node, tell };
}

// Does what the server answered; true when that was to draw the list again.
function follow(page, reply, tell) {
  if (reply?.kind === "go") location.assign(reply.href);
  else if (reply?.kind === "list") drawList(page, reply);
  else tell(problemOf(reply));
  return reply?.kind === "list";
}

function createForm(page) {
  const input = h("input", { class: "cs-input", id: "new-name", autocomplete: "off" });
  const { node, tell } = telling("Name", input);
  const button = h("button", { class: "cs-button cs-button-main" }, "Create");
  let key = newKey(); // of the name as it stands: the same name sent twice makes one
  const another = () => (key = newKey());
  input.addEventListener("input", another);
  listenWhile(page.element, window, "pageshow", (event) => event.persisted && another()); // back from the one that was made
  const submit = async (event) => {
    event.preventDefault();
    await whileBusy([button], async () => {
      tell("");
      follow(page, await page.ask("create", { name: input.value, key }), tell);
    });
  };
  return h("form", { class: "cs-begin", onsubmit: submit, novalidate: true }, node, button);
}

function importForm(page) {
  const input = h("input", { type: "file", class: "cs-file", id: "new-file", accept: ".yaml,.yml,.json,.jsonl,.md,.markdown,.txt" });
  const said = h("div", { class: "cs-read", role: "status" });
  const { node, tell } = telling("From a file", input, "YAML, JSON or Markdown, as the Write page gives it or as others publish theirs: a list, headings with a text, traits, pairs. What is missing is marked.");
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    tell("");
    const key = newKey();
    said.replaceChildren();
    if (file.size > MAX_FILE_BYTES) tell(`The file has ${file.size.toLocaleString("en")} bytes; the limit is ${MAX_FILE_BYTES.toLocaleString("en")}. A constitution file is a few kilobytes of text.`);
    else await whileBusy([input], async () => showRead(page, said, await page.ask("read", { filename: file.name, data: await base64(file), key }), tell));
    input.value = ""; // so that the same file, once put right, can be chosen again
  });
  return h("form", { class: "cs-begin" }, node, said);
}

// What was understood of a file stands on the document that was made of it; where it was not taken just as it is, before the document opens.
function showRead(page, said, reply, tell) {
  if (reply?.kind === "go") handOver(reply.id, reply.html);
  if (reply?.kind !== "read") return follow(page, reply, tell);
  fragment(said, reply.html);
  said.prepend(h("h3", {}, reply.version ? "What was read" : "Read as a draft"));
  const open = h("a", { class: "cs-button cs-button-main", href: reply.href }, reply.version ? "Open the constitution" : "Open the draft");
  said.append(open);
  open.focus();
}

function showRename(page, entry, opener) {
  const line = entry.querySelector(".cs-entry-line");
  const { id } = entry.dataset;
  const input = h("input", { class: "cs-input", id: `rename-${id}`, autocomplete: "off" });
  input.value = entry.dataset.name;
  const { node, tell } = telling(`New name of “${entry.dataset.name}”`, input);
  const close = () => {
    form.replaceWith(line);
    opener.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    await whileBusy([button], async () => {
      const reply = await page.ask("rename", { constitution: Number(id), name: input.value });
      if (follow(page, reply, tell)) inEntry(page, id, '[data-action="rename"]')?.focus();
    });
  };
  const button = h("button", { class: "cs-button cs-button-main" }, "Rename");
  const buttons = h("div", { class: "cs-actions" }, button, h("button", { type: "button", class: "cs-button", onclick: close }, "Cancel"));
  const form = h("form", { class: "cs-rename", onsubmit: submit, novalidate: true }, node, buttons);
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  line.replaceWith(form);
  input.select();
}

function inEntry({ root }, id, selector) {
  return root.querySelector(`[data-id="${CSS.escape(id)}"] ${selector}`);
}

// More of a list that is not shown whole.
async function showMore(page, button) {
  page.shown += 2 * A_PAGE;
  const reply = await whileBusy([button], () => page.ask("list", () => wish(page)));
  follow(page, reply, (text) => (page.said.textContent = text));
}

// One key an entry and visit: a copy that was asked for twice, because no answer came, is one copy.
async function duplicate(page, entry, button) {
  entry.dataset.copyKey ??= newKey();
  const reply = await whileBusy([button], () => page.ask("duplicate", { constitution: Number(entry.dataset.id), key: entry.dataset.copyKey }));
  if (reply?.kind === "go") delete entry.dataset.copyKey; // back from it, another copy is meant
  follow(page, reply, (text) => (page.said.textContent = text));
}

async function act(page, event) {
  const more = event.target.closest("[data-more]");
  if (more) return showMore(page, more);
  const button = event.target.closest("[data-action]");
  const entry = button?.closest(".cs-entry");
  if (!entry || isSecond(event)) return; // it may meet the entry that has moved up
  const { action } = button.dataset; // rename, duplicate, archive or restore
  const { id } = entry.dataset;
  if (action === "rename") return showRename(page, entry, button);
  if (action === "duplicate") return duplicate(page, entry, button);
  const reply = await whileBusy([button], () => page.ask(action === "archive" ? "archive" : "unarchive", { constitution: Number(id) }));
  if (!follow(page, reply, (text) => (page.said.textContent = text))) return;
  (action === "archive" ? page.away.querySelector("summary") : inEntry(page, id, "a"))?.focus();
}
