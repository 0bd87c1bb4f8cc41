// The first page: entries, archived entries, and two ways to begin another.
const root = element.querySelector(".cs-listing");
const said = h("p", { class: "cs-said", role: "status" });
const entries = h("div", { class: "cs-in-use" });
const archived = h("div", { class: "cs-archived" });
const archivedCount = h("span", { class: "cs-number" });
const away = h("details", { class: "cs-away", hidden: true }, h("summary", {}, "Archived ", archivedCount), archived);
const MAX_FILE_BYTES = 1000000;
const silence = "The studio does not answer. Try again in a moment.";

unasked.list = drawList;

function drawList(reply) {
  fragment(entries, reply.html);
  fragment(archived, reply.archived);
  archivedCount.textContent = `(${reply.archived_count})`;
  away.hidden = !reply.archived_count;
  said.textContent = reply.message ?? "";
  if (!root.childElementCount) root.append(...layout());
}

function layout() {
  const head = h(
    "header",
    { class: "cs-listing-head" },
    h("h1", {}, "Constitutions"),
    h("p", { class: "cs-lede" }, "A constitution is a list of principles, each with its antithesis. Write one, train a model on it, then see whether the model follows it."),
  );
  const begin = h("aside", { class: "cs-rail", "aria-label": "Begin another" }, h("h2", {}, "Begin another"), createForm(), importForm());
  return [head, h("section", { class: "cs-paper", id: "content", "aria-label": "Constitutions" }, said, entries, away), begin];
}

function field(label, input, hint) {
  const problem = h("p", { class: "cs-problem", id: `${input.id}-problem`, role: "alert" });
  input.setAttribute("aria-describedby", problem.id);
  const node = h("div", { class: "cs-field" }, h("label", { for: input.id }, label), hint && h("p", { class: "cs-quiet" }, hint), input, problem);
  const tell = (text) => {
    problem.textContent = text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return { node, tell };
}

function follow(reply, tell) {
  if (reply?.kind === "go") location.assign(reply.href);
  else if (reply?.kind === "list") drawList(reply);
  else tell(reply?.message ?? silence);
  return reply?.kind === "list";
}

function createForm() {
  const input = h("input", { class: "cs-input", id: "new-name", autocomplete: "off" });
  const { node, tell } = field("Name", input);
  const submit = async (event) => {
    event.preventDefault();
    tell("");
    follow(await ask("create", { name: input.value }), tell);
  };
  return h("form", { class: "cs-begin", onsubmit: submit, novalidate: true }, node, h("button", { class: "cs-button cs-button-main" }, "Create"));
}

function importForm() {
  const input = h("input", { type: "file", class: "cs-file", id: "new-file", accept: ".yaml,.yml,.json" });
  const { node, tell } = field("From a file", input, "YAML with a name and principles, as the Write page gives it, or JSON with SAMI’s positive and negative list.");
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    tell("");
    if (file.size > MAX_FILE_BYTES) tell(`The file has ${file.size.toLocaleString("en")} bytes; the limit is ${MAX_FILE_BYTES.toLocaleString("en")}. A constitution file is a few kilobytes of text.`);
    else follow(await ask("read", { filename: file.name, data: await base64(file) }), tell);
    input.value = ""; // so that the same file, once put right, can be chosen again
  });
  return h("form", { class: "cs-begin" }, node);
}

async function base64(file) {
  let bytes = "";
  for (const byte of new Uint8Array(await file.arrayBuffer())) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

function renameForm(entry, opener) {
  const line = entry.querySelector(".cs-entry-line");
  const input = h("input", { class: "cs-input", id: `rename-${entry.dataset.id}`, autocomplete: "off" });
  input.value = entry.dataset.name;
  const { node, tell } = field(`New name of “${entry.dataset.name}”`, input);
  const close = () => {
    form.replaceWith(line);
    opener.focus();
  };
  const submit = async (event) => {
    event.preventDefault();
    const reply = await ask("rename", { constitution: Number(entry.dataset.id), name: input.value });
    if (follow(reply, tell)) focusEntry(entry.dataset.id, "rename");
  };
  const buttons = h("div", { class: "cs-actions" }, h("button", { class: "cs-button cs-button-main" }, "Rename"), h("button", { type: "button", class: "cs-button", onclick: close }, "Cancel"));
  const form = h("form", { class: "cs-rename", onsubmit: submit, novalidate: true }, node, buttons);
  form.addEventListener("keydown", (event) => event.key === "Escape" && close());
  line.replaceWith(form);
  input.select();
}

function focusEntry(id, action) {
  root.querySelector(`[data-id="${CSS.escape(id)}"] [data-action="${action}"]`)?.focus();
}

root.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action]");
  const entry = button?.closest(".cs-entry");
  if (!entry) return;
  const id = entry.dataset.id;
  if (button.dataset.action === "rename") return renameForm(entry, button);
  const away_ = button.dataset.action === "archive";
  const question = { constitution: Number(id) };
  const reply = await (away_ ? ask("archive", question) : ask("unarchive", question));
  if (follow(reply, (text) => (said.textContent = text))) (away_ ? away.querySelector("summary") : root.querySelector(`[data-id="${CSS.escape(id)}"] a`))?.focus();
});

if (props.reply && unasked[props.reply.kind]) unasked[props.reply.kind](props.reply);
