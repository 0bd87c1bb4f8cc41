// The Train page: a form, what it would mean, a check without a run, two principles against each other, and the runs there are. The server is asked again after each change.
import { inAddress, openChannel, poll } from "../channel.js";
import { copyFrom, emptyRoot, fragment, h, listenWhile, newKey, notOpened, problemOf, setText, setTitle, whileBusy } from "../studio.js";
import { askable, breakOff, drawAsking, showKept, showStale, showUnread } from "./asking.js";
import { checkingBox, makeChecking } from "./checking.js";
import { formChanged, formKnown, makeConflict, openConflict } from "./conflict.js";
import { changesPresetValues, fieldNodes, fillAgain, makeFields, offerChoices, readFields, showOther, showPresetValues, showProblem } from "./fields.js";
import { makeUpload } from "./upload.js";

const PAUSE_MS = 250;
const LIST_MS = 3000;
const NO_VERSION = "There is no version to train on yet. Write a constitution and save a version first.";
const NOT_CHOSEN = "No version is chosen. Choose the one to train on.";

export function mount({ element, props }) {
  const channel = openChannel("train");
  const beside = openChannel("train"); // what is asked of the conflict waits for no question of the form
  const page = makePage(element, props, channel.ask);
  page.checking = makeChecking(element, { ask: channel.ask, stop: () => channel.stop("check") }, page);
  page.conflict = makeConflict(element, { ask: beside.ask, stop: () => beside.stop("conflict") }, page);
  listenWhile(element, window, "pageshow", (event) => {
    if (event.persisted && page.fields.version.options.length) changed(page); // back from a run: a click now is another request
  });
  channel.hear({ check: (reply) => drawAsking(page.checking, reply), problem: (reply) => breakOff(page.checking, reply) });
  beside.hear({ conflict: (reply) => drawAsking(page.conflict.asking, reply), problem: (reply) => breakOff(page.conflict.asking, reply) });
  void channel.ask("opened", inAddress("version", "constitution", "from", "anyway", "check", "conflict")).then((reply) => open(page, element, reply));
}

function open(page, element, reply) {
  if (reply?.kind !== "form") return notOpened(page.root, reply);
  drawForm(page, reply);
  const list = poll(element, async () => {
    drawRuns(page, await page.askBeside("runs", { shown: page.shown.count }));
    return LIST_MS;
  });
  list(LIST_MS);
}

// What did not change is left alone, so that a link in it keeps the focus.
function drawRuns({ runList, shown }, reply) {
  if (reply?.kind !== "runs" || shown.runs === reply.html) return;
  shown.runs = reply.html;
  fragment(runList, reply.html);
}

function makePage(element, props, ask) {
  const page = {
    ask,
    root: emptyRoot(element, ".cs-train"),
    fields: makeFields(props),
    key: newKey(), // of the form as it stands
    timer: null,
    shown: { runs: null, count: 50 },
    askBeside: openChannel("train").ask, // the list of runs waits for no question of the form
    asking: false,
    again: false,
    told: h("div", { class: "cs-preview-told", "aria-live": "polite" }),
    before: h("p", { class: "cs-quiet", hidden: true }, "As it was before the last change:"),
    reason: h("p", { class: "cs-problem", id: "train-reason", role: "alert" }),
    command: h("code", { class: "cs-command-text" }),
    linkYaml: h("a", { download: true }, "constitution"),
    linkQueries: h("a", { download: true }, "queries"),
    runList: h("div", { class: "cs-run-list" }),
    button: h("button", { type: "submit", class: "cs-button cs-button-main cs-train-button", disabled: true, "aria-describedby": "train-reason" }, "Train"),
  };
  page.runList.addEventListener("click", async (event) => {
    const more = event.target.closest("[data-more]");
    if (!more) return;
    page.shown.count += 100;
    drawRuns(page, await whileBusy([more], () => page.askBeside("runs", { shown: page.shown.count })));
  });
  page.kept = () => showAddress(page);
  page.data = () => ({ ...readFields(page.fields), key: page.key });
  page.upload = makeUpload(ask, (reply) => takeQuerySet(page, reply));
  return page;
}

function drawForm(page, reply) {
  const { fields, root } = page;
  offerChoices(fields, reply);
  drawRuns(page, { kind: "runs", html: reply.runs });
  if (reply.again) fillAgain(fields, reply.again);
  showPresetValues(fields);
  if (!root.childElementCount) root.append(...layout(page, reply.message));
  changed(page);
  if (reply.checked) showKept(page.checking, reply.checked);
  if (reply.conflict) openConflict(page.conflict, reply.conflict);
  if (reply.unread.check != null) showUnread(page.checking, reply.unread.check);
  if (reply.unread.conflict != null) showUnread(page.conflict.asking, reply.unread.conflict);
  if (reply.unread.conflict != null) page.conflict.fold.open = true;
}

// What is kept of what is shown, so that a reload shows it again.
function showAddress({ checking, conflict }) {
  const kept = Object.entries({ check: checking.kept, conflict: conflict.asking.kept }).filter(([, id]) => id != null);
  const was = new URLSearchParams(location.search);
  if (kept.length || was.has("check") || was.has("conflict")) history.replaceState(history.state, "", `./train${kept.length ? "?" : ""}${new URLSearchParams(kept)}`);
}

function layout(page, message) {
  const { told, reason, button, upload, checking, conflict, runList } = page;
  const head = h("header", { class: "cs-train-head" }, h("h1", {}, "Train"), h("p", { class: "cs-lede" }, "A run teaches a small adapter to tell the statements of a constitution from their antitheses, then measures on other queries whether the model follows them."));
  const warning = message && h("div", { class: "cs-notice" }, h("p", { role: "alert" }, message));
  const nodes = [...fieldNodes(page.fields, upload.node, checkingBox(checking)), conflict.fold];
  const form = h("form", { class: "cs-train-form", id: "content", novalidate: true, onsubmit: (event) => submit(page, event), oninput: (event) => onInput(page, event) }, warning, nodes);
  const aside = h("aside", { class: "cs-preview", "aria-label": "What this run would be" }, h("h2", {}, "Before you click"), page.before, told, reason, h("div", { class: "cs-train-go" }, button), commandBox(page));
  button.setAttribute("form", "content");
  return [head, form, h("div", { class: "cs-beside" }, aside), h("section", { class: "cs-train-runs", "aria-label": "Runs" }, h("h2", {}, "Runs"), runList)];
}

function commandBox({ command, linkYaml, linkQueries }) {
  const copy = h("button", { type: "button", class: "cs-link" }, "Copy");
  copy.addEventListener("click", () => void copyFrom(copy, command));
  const files = h("p", { class: "cs-quiet" }, "Its files: ", linkYaml, ", ", linkQueries, ".");
  return h("div", { class: "cs-command" }, h("div", { class: "cs-command-head" }, h("h3", {}, "The same from a terminal"), copy), h("pre", { tabindex: "0" }, command), files);
}

function onInput(page, event) {
  const { fields } = page;
  if (event.target === page.upload.file || event.target === page.upload.field) return;
  const other = showOther(fields);
  if (event.target === fields.model && other) fields.otherModel.focus();
  if (changesPresetValues(event.target)) showPresetValues(fields);
  changed(page);
}

function usable(page, yes) {
  page.button.disabled = !yes;
  askable(page.checking, yes);
  if (!yes) formChanged(page.conflict);
}

// Another form is another request: only a second click on the same form is the same run.
function changed(page) {
  const { version } = page.fields;
  setTitle(version.value && version.selectedOptions[0].dataset.title, "Train");
  page.key = newKey();
  usable(page, false);
  showStale(page.checking);
  clearTimeout(page.timer);
  page.timer = setTimeout(() => preview(page), PAUSE_MS);
}

async function preview(page) {
  if (page.asking) return void (page.again = true);
  page.asking = true;
  const sent = page.data();
  const reply = sent.version ? await page.ask("preview", sent) : { kind: "problem", message: page.fields.version.options.length > 1 ? NOT_CHOSEN : NO_VERSION };
  page.asking = false;
  if (page.again) {
    page.again = false;
    return preview(page);
  }
  if (sent.key === page.key) showPreview(page, reply, sent);
}

function showPreview(page, reply, sent) {
  const { told, command } = page;
  const good = reply?.kind === "preview";
  page.reason.textContent = good ? "" : problemOf(reply);
  showProblem(page.fields, good ? null : reply?.setting, page.reason.textContent);
  usable(page, good);
  formKnown(page.conflict, good);
  setText(page.fields.queriesNote, good ? reply.queries_note : "");
  for (const node of [told, command.parentElement]) node.classList.toggle("cs-stale", !good);
  page.before.hidden = good || !told.childElementCount;
  if (!good) return;
  fragment(told, reply.html);
  command.textContent = reply.command;
  page.linkYaml.href = `./versions/${sent.version}.yaml`;
  page.linkQueries.href = `./query-sets/${sent.query_set}.jsonl`;
  for (const { preset, minutes, work } of page.fields.presets) {
    minutes.textContent = reply.minutes[preset.name] ?? "";
    setText(work, reply.work[preset.name]);
  }
}

async function submit(page, event) {
  const { button, reason } = page;
  event.preventDefault();
  if (button.disabled) return;
  button.textContent = "Queuing…";
  const reply = await whileBusy([button], () => page.ask("train", page.data()));
  button.textContent = "Train";
  if (reply?.kind === "go") {
    button.disabled = true; // until the next page is there
    return location.assign(reply.href);
  }
  reason.textContent = problemOf(reply);
}

function takeQuerySet(page, reply) {
  const { querySet } = page.fields;
  if (![...querySet.options].some((option) => option.value === String(reply.id))) querySet.append(h("option", { value: reply.id }, reply.label));
  querySet.value = reply.id;
  changed(page);
}
