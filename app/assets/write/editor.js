// The Write page: one document, one bar, and two sheets (saving a version, reading one).
import { ANSWERS, inAddress, openChannel } from "../channel.js";
import { openForPrint } from "../folds.js";
import { takeOver } from "../handover.js";
import { clock, emptyRoot, fragment, h, isSecond, listenWhile, notOpened, problemOf, setTitle, whileBusy } from "../studio.js";
import { listenToCameOut, showCameOut } from "./came-out.js";
import { listenToPatterns } from "./matching.js";
import { addPrinciple, move, remove } from "./moving.js";
import { allItems, drawText, grow, lineField, renumber } from "./principles.js";
import { drawProblems, makeCalm } from "./problems.js";
import { disown, newProposing, openProposal } from "./proposing.js";
import { makeProposingAll, showProposingAll } from "./proposing-all.js";
import { listenToScenarioProposals } from "./proposing-scenarios.js";
import { fetchFile, makeReadingSheet, showReadingSheet } from "./reading-sheet.js";
import { discardDraft, goAmending, keepCopy, newDraft, PAUSE_MS, recover, save, touched } from "./saving.js";
import { listenToScenarios } from "./scenarios.js";
import { showDiscard, showName, showOnwards, showStatus, showVerdict } from "./saying.js";
import { textOf } from "./rows.js";
import { newSteps, remember } from "./steps.js";
import { listenToSuggestions } from "./suggesting.js";
import { listenToTrials } from "./trying.js";
import { makeTakingIn, showBehind } from "./taking-in.js";
import { beginSteps, listenToUndo, stateOf } from "./undoing.js";
import { makeVersionSheet, showVersionSheet } from "./version-sheet.js";

export function mount({ element, props }) {
  const channel = openChannel("write");
  const page = makePage(element, props, channel.ask);
  listenToList(page);
  page.root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-begin]"); // of a draft that cannot be read
    if (button && !isSecond(event)) beginAgain(page, button);
  });
  listenToName(page);
  listenToPatterns(page);
  listenToSuggestions(page, element);
  listenToTrials(page, element);
  listenToCameOut(page);
  listenToScenarios(page);
  listenToScenarioProposals(page);
  openForPrint(element, page.list);
  listenToUndo(page, element);
  page.history.addEventListener("click", (event) => {
    const button = event.target.closest("[data-version]");
    if (button) showReadingSheet(page, Number(button.dataset.version));
    const more = event.target.closest("[data-more]");
    if (more) void showHistory(page, more);
  });
  listenWhile(element, document, "visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    keepCopy(page);
    if (page.draft.dirty) save(page);
  });
  listenWhile(element, window, "pagehide", () => keepCopy(page));
  listenWhile(element, window, ANSWERS, () => page.draft.dirty && save(page));
  void channel.ask("opened", inAddress("constitution")).then((reply) => begin(page, reply));
}

function begin(page, reply) {
  if (reply?.kind === "opened") open(page, reply);
  else if (reply?.kind === "choose") choose(page, reply);
  else notOpened(page.root, reply);
}

function choose(page, reply) {
  setTitle("Which constitution?", "Write");
  fragment(page.root, reply.html);
}

// What the functions of this page hand on to each other.
function makePage(element, props, ask) {
  const page = {
    ask,
    root: emptyRoot(element, ".cs-editor"),
    draft: newDraft(),
    steps: newSteps(),
    proposing: newProposing(),
    calm: makeCalm(element),
    cameOut: null, // what the newest finished run found
    standings: {}, // the words for that, as HTML
    kinds: Object.fromEntries((props.checks || []).map((kind) => [kind.name, kind])), // the programs that can check a principle
    list: h("ol", { class: "cs-principles" }),
    rule: ruleField(),
    status: h("p", { class: "cs-status", role: "status" }),
    verdict: h("p", { class: "cs-verdict cs-quiet" }),
    notice: h("div", { class: "cs-notice", hidden: true }),
    heading: h("h1", { class: "cs-sr" }), // the visible name is a field, which is no heading
    name: lineField({ class: "cs-title", id: "constitution-name", "aria-describedby": "constitution-name-closed constitution-name-problem" }),
    nameClosed: h("p", { class: "cs-quiet", id: "constitution-name-closed" }),
    read: h("div", { class: "cs-read", role: "status" }),
    nameProblem: h("p", { class: "cs-problem", id: "constitution-name-problem" }),
    history: h("div", { class: "cs-history" }),
    onwards: h("nav", { class: "cs-onwards", "aria-label": "With this version" }),
    amend: h("a", { class: "cs-link", hidden: true, onclick: (event) => void goAmending(page, event) }, "Propose as an amendment"),
    discard: h("button", { type: "button", class: "cs-link", hidden: true, onclick: (event) => isSecond(event) || discardDraft(page, page.discard) }),
  };
  page.versionSheet = makeVersionSheet(page);
  page.readingSheet = makeReadingSheet(page);
  page.behind = makeTakingIn(page);
  makeProposingAll(page);
  new window.MutationObserver(() => showProposingAll(page)).observe(page.list, { childList: true });
  page.list.addEventListener("input", () => showProposingAll(page));
  return page;
}

async function beginAgain(page, button) {
  const reply = await whileBusy([button], () => page.ask("begin", { constitution: Number(button.dataset.begin) }));
  if (reply?.kind === "opened") {
    open(page, reply);
    return page.name.focus();
  }
  page.root.querySelector("[role=alert]").textContent = problemOf(reply);
}

function open(page, reply) {
  const { draft, list, root } = page;
  Object.assign(draft, { id: reply.constitution, editor: reply.editor, revision: reply.revision, known: textOf(reply), head: reply.head, problems: reply.problems, writer: reply.writer, writerPlace: reply.writer_place, writerWeak: reply.writer_weak, dirty: false });
  Object.assign(page, { cameOut: reply.came_out, standings: reply.standings });
  page.name.value = reply.name;
  page.name.readOnly = Boolean(reply.closed);
  page.nameClosed.textContent = reply.closed ? `Renaming: ${reply.closed}` : "";
  showName(page, reply.name);
  drawText(page, reply);
  fragment(page.history, reply.history);
  showVerdict(page, reply.verdict, reply.problems);
  showOnwards(page, reply);
  showDiscard(page, reply);
  showBehind(page, reply);
  showStatus(page, reply.saved_at ? `Saved ${clock(new Date(reply.saved_at))}` : "All is saved", "good");
  list.querySelectorAll("[data-field]").forEach((field) => (field.dataset.seen = field.value ? "1" : ""));
  drawProblems(page, reply.problems, false);
  root.replaceChildren(head(page), paper(page), rail(page), page.versionSheet.dialog, page.readingSheet.dialog, page.behind.dialog);
  root.querySelectorAll("textarea").forEach(grow);
  fragment(page.read, takeOver(draft.id));
  beginSteps(page);
  recover(page, reply);
  showCameOut(page);
  if (!allItems(list).length && document.activeElement === document.body) root.querySelector(".cs-add button").focus({ preventScroll: true }); // all that an empty one has to begin with
  const wanted = new URLSearchParams(location.search).get("version");
  if (wanted) showReadingSheet(page, Number(wanted));
}

function head(page) {
  const button = h("button", { type: "button", class: "cs-button cs-button-main", onclick: (event) => isSecond(event) || showVersionSheet(page) }, "Save version…");
  return h("div", { class: "cs-top" }, h("div", { class: "cs-bar" }, page.status, page.verdict, button), page.notice); // stays in sight
}

function paper(page) {
  const add = h("button", { type: "button", class: "cs-button", onclick: (event) => isSecond(event) || addPrinciple(page) }, "Add a principle");
  const propose = h("button", { type: "button", class: "cs-link", onclick: (event) => isSecond(event) || openProposal(page, null, event.currentTarget) }, "Propose one…");
  return h(
    "section",
    { class: "cs-paper", id: "content", "aria-label": "The constitution" },
    page.heading,
    h("label", { class: "cs-label", for: "constitution-name" }, "Constitution"),
    page.name,
    page.nameClosed,
    page.nameProblem,
    page.read,
    page.behind.node,
    page.proposingAll.node,
    page.list,
    conflicts(page),
    h("div", { class: "cs-add cs-actions" }, add, propose),
  );
}

function ruleField() {
  const node = h("textarea", { id: "conflict-rule", "data-field": "conflict_rule", rows: 1, placeholder: "What the model should do when two principles ask for different things.", spellcheck: "true", "aria-describedby": "priority-help conflict-rule-problem" });
  node.addEventListener("input", () => grow(node));
  return node;
}

// What to do where principles conflict, and what priorities mean: below the principles, as a model reads it.
function conflicts({ rule }) {
  const help = "The model reads this after the principles. Priorities, where a principle has one, put them in order: 1 comes first, the same number makes a group, and those without come last.";
  return h(
    "div",
    { class: "cs-conflicts cs-side" },
    h("label", { class: "cs-label", for: rule.id }, "When principles conflict"),
    rule,
    h("p", { class: "cs-problem", id: `${rule.id}-problem` }),
    h("p", { class: "cs-quiet", id: "priority-help" }, help),
  );
}

function rail(page) {
  const get = (label, format) => h("button", { type: "button", class: "cs-link", onclick: () => fetchFile(page, format, null) }, label);
  return h(
    "aside",
    { class: "cs-rail", "aria-label": "Versions and files" },
    page.onwards,
    h("h2", {}, "Versions"),
    page.history,
    h("p", { class: "cs-discard cs-actions" }, page.amend, page.discard),
    h("h2", {}, "Take it with you"),
    h("p", { class: "cs-quiet" }, "The draft as a file: YAML for the command line, Markdown for reading."),
    h("p", { class: "cs-actions" }, get("YAML", "yaml"), get("Markdown", "markdown")),
    h("p", { class: "cs-quiet cs-keys" }, h("kbd", {}, "Alt"), " + ", h("kbd", {}, "↑"), " or ", h("kbd", {}, "↓"), " moves the principle you are in."),
    h("p", { class: "cs-quiet cs-keys" }, h("kbd", {}, "Ctrl"), " + ", h("kbd", {}, "Z"), " takes the last change back, a removed principle or scenario too."),
  );
}

function listenToList(page) {
  const { list, draft } = page;
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action]");
    const item = button?.closest(".cs-principle");
    if (!item) return;
    const { action } = button.dataset;
    if (isSecond(event) && (action === "remove" || action === "propose")) return;
    if (action === "remove") remove(page, item);
    else if (action === "propose") openProposal(page, item, button);
    else move(page, item, action === "up" ? -1 : 1);
  });
  list.addEventListener("keydown", (event) => {
    const item = event.target.closest(".cs-principle");
    if (!item || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    move(page, item, event.key === "ArrowUp" ? -1 : 1);
  });
  const typed = (event) => {
    if (!event.target.dataset.field) return; // a proposal is no part of the draft yet
    disown(event.target);
    if (event.target.dataset.field === "title") renumber(list);
    touched(page, typingOf(event));
  };
  const left = (event) => {
    if (!event.target.dataset.field) return;
    event.target.dataset.seen = "1";
    if (draft.dirty) save(page);
    else drawProblems(page, draft.problems, false);
  };
  for (const node of [list, page.rule]) {
    node.addEventListener("input", typed);
    node.addEventListener("focusout", left);
  }
}

// Letters that are typed, or deleted, in one field one after the other. What is pasted, cut or chosen is none of it.
function typingOf({ target, inputType }) {
  const kind = /^(insertText|insertCompositionText|insertLineBreak|deleteContent)/.exec(inputType)?.[0];
  return kind ? `${target.id} ${kind.startsWith("delete") ? "delete" : "insert"}` : null;
}

function listenToName(page) {
  const { name } = page;
  let timer = null;
  const send = () => {
    clearTimeout(timer);
    rename(page);
  };
  name.addEventListener("input", (event) => {
    remember(page.steps, stateOf(page), typingOf(event));
    clearTimeout(timer);
    if (name.value.trim()) timer = setTimeout(send, PAUSE_MS); // an empty one is complained about on leaving, not while it is retyped
  });
  name.addEventListener("change", send);
}

// All versions, or as many as a list may have.
async function showHistory(page, button) {
  const reply = await whileBusy([button], () => page.ask("history", { constitution: page.draft.id, shown: 10000 }));
  if (reply?.kind === "history") fragment(page.history, reply.html);
}

async function rename(page) {
  const { name, nameProblem, draft } = page;
  const reply = await page.ask("rename", () => ({ constitution: draft.id, name: name.value }));
  nameProblem.textContent = reply?.kind === "renamed" ? "" : problemOf(reply, "The name is not saved yet.");
  if (reply?.kind !== "renamed") return name.setAttribute("aria-invalid", "true");
  name.removeAttribute("aria-invalid");
  showName(page, reply.name);
  showVerdict(page, reply.verdict, draft.problems);
}
