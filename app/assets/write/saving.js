// Keeping what is typed: a short pause, then the server; until it has answered, a copy in this browser as well.
import { clock, problemOf, whileBusy } from "../studio.js";
import { backUp, forgetBackup, readBackup } from "./backup.js";
import { putTogether } from "./merging.js";
import { drawText, fillRule, readText } from "./principles.js";
import { drawProblems } from "./problems.js";
import { sameText, textOf } from "./rows.js";
import { hideNotice, showDiscard, showNotice, showStatus, showVerdict } from "./saying.js";
import { remember } from "./steps.js";
import { showBehind } from "./taking-in.js";
import { put, stateOf } from "./undoing.js";

export const PAUSE_MS = 600;
const RETRY_MS = 4000;
const SLOW_MS = 3000;
const SLOW = "Not saved yet: the studio takes its time. Go on writing; the text is safe in this browser.";
const NO_ANSWER = "the studio does not answer. The text is safe in this browser and is tried again.";

export function newDraft() {
  return { id: null, revision: 0, head: null, newest: null, known: null, dirty: false, problems: [], unanswered: null, mine: null, conflict: null, saving: null, timer: null };
}

export function keepCopy(page) {
  if (page.draft.dirty || page.draft.saving) backUp(page.draft, readText(page));
}

// After every change of the document; `typing` as `remember` takes it.
export function touched(page, typing = null) {
  remember(page.steps, stateOf(page), typing);
  page.draft.dirty = true;
  showStatus(page, "Editing…");
  clearTimeout(page.draft.timer);
  page.draft.timer = setTimeout(() => {
    keepCopy(page);
    save(page);
  }, PAUSE_MS);
}

// Saves until nothing is left to save. Callers that need the text to be on the server await it.
export function save(page) {
  const { draft } = page;
  clearTimeout(draft.timer);
  draft.saving ??= saveAll(page).finally(() => (draft.saving = null));
  return draft.saving;
}

async function saveAll(page) {
  const { draft } = page;
  while (draft.dirty && !draft.conflict) {
    const sent = readText(page);
    draft.dirty = false;
    showStatus(page, "Saving…");
    const slow = setTimeout(() => tellSlow(page), SLOW_MS);
    const reply = await page.ask("save", () => ({ constitution: draft.id, revision: draft.revision, head: draft.head ?? 0, ...sent }));
    clearTimeout(slow);
    if (reply?.kind === "saved") settle(page, reply);
    else if (reply?.kind === "conflict") meetConflict(page, reply, sent);
    else return notSaved(page, reply, sent);
  }
}

function tellSlow(page) {
  backUp(page.draft, readText(page));
  showStatus(page, SLOW, "problem");
}

export function settle(page, reply) {
  const { draft } = page;
  draft.revision = reply.revision;
  draft.known = textOf(reply);
  draft.unanswered = null;
  draft.problems = reply.problems;
  if (!draft.dirty) {
    forgetBackup(draft);
    showStatus(page, `Saved ${clock(new Date())}`, "good");
  }
  showVerdict(page, reply.verdict, reply.problems);
  showDiscard(page, reply);
  showBehind(page, reply);
  drawProblems(page, reply.problems, false);
}

function notSaved(page, reply, sent) {
  const { draft } = page;
  draft.dirty = true;
  keepCopy(page);
  if (!reply) draft.unanswered = sent; // it may have arrived all the same
  if (reply?.problems) showAtFields(page, reply.problems);
  showStatus(page, `Not saved: ${reply ? reply.message : NO_ANSWER}`, "problem");
  clearTimeout(draft.timer);
  if (!reply) draft.timer = setTimeout(() => save(page), RETRY_MS);
}

// What was typed in a field and cannot be kept is told there too, with the problems that were known before.
function showAtFields(page, problems) {
  const { draft } = page;
  const isNew = ({ principle, field }) => problems.some((each) => each.principle === principle && each.field === field);
  draft.problems = [...draft.problems.filter((each) => !isNew(each)), ...problems];
  drawProblems(page, draft.problems, false);
}

// Someone saved this draft since we last saw it. If that was our own unanswered save, go on; else the person decides.
export function meetConflict(page, reply, sent) {
  const { draft } = page;
  draft.dirty = true;
  if (draft.unanswered && sameText(draft.unanswered, reply)) {
    draft.revision = reply.revision;
    draft.known = textOf(reply);
    draft.unanswered = null;
    return;
  }
  if (sameText(sent, reply)) return settle(page, reply);
  draft.conflict = reply;
  keepCopy(page);
  showStatus(page, "Not saved: this draft was changed elsewhere.", "problem");
  showNotice(page, reply.message, [["Keep mine", () => keepMine(page)], ["Load the other one", () => loadOther(page)]], true);
  void putTogether(page);
}

export function keepMine(page) {
  const { draft } = page;
  draft.revision = draft.conflict.revision;
  draft.head = draft.conflict.head;
  draft.known = textOf(draft.conflict);
  draft.conflict = null;
  draft.dirty = true;
  hideNotice(page);
  save(page);
}

export function loadOther(page) {
  const { draft } = page;
  const other = draft.conflict;
  draft.mine = readText(page);
  draft.conflict = null;
  draft.dirty = false;
  redraw(page, other);
  settle(page, other);
  offerMine(page, "The other text is loaded. Yours is kept here until you leave the page.");
}

// Principles that come from elsewhere too, put into the fields that are there: who is typing goes on.
export function take(page, text) {
  put(page, text.principles);
  fillRule(page, text.conflict_rule);
  touched(page);
}

// Puts another text in the draft, keeping the present one at hand; `back` is done after that was brought back.
export function replaceDraft(page, text, says, back) {
  page.draft.mine = readText(page);
  redraw(page, text);
  offerMine(page, says, back);
}

// Another text as a whole, which can be taken back like any other step.
function redraw(page, text) {
  drawText(page, text);
  remember(page.steps, stateOf(page));
}

// To the page where the draft is proposed as an amendment: what is proposed there is what was saved.
export async function goAmending(page, event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into a tab of its own: leaving this one saves
  event.preventDefault();
  const { href } = event.currentTarget;
  await save(page);
  if (!page.draft.dirty) location.assign(href); // else the page says why
}

// The newest version in the place of the draft.
export async function discardDraft(page, button) {
  const { draft } = page;
  await save(page);
  if (draft.dirty) return; // not saved, and the page says why
  const reply = await whileBusy([button], () => page.ask("discard", () => ({ constitution: draft.id, revision: draft.revision, head: draft.newest })));
  if (reply?.kind !== "saved") return showNotice(page, problemOf(reply), [], true);
  replaceDraft(page, reply, `The principles are those of version ${reply.head} again. The text that was in them is kept here until you leave the page.`);
  settle(page, reply);
  page.notice.querySelector("button").focus();
}

export function offerMine(page, says, back = () => {}) {
  showNotice(page, says, [["Bring mine back", () => bringBack(page, back)]]);
}

function bringBack(page, back) {
  redraw(page, page.draft.mine);
  page.draft.mine = null;
  page.draft.dirty = true;
  hideNotice(page);
  back();
  save(page);
}

// On opening: was something typed that never reached the server?
export function recover(page, reply) {
  const { draft } = page;
  const backup = readBackup(draft);
  const kept = backup && { principles: backup.principles, conflict_rule: backup.conflict_rule ?? reply.conflict_rule };
  if (!kept || sameText(kept, reply)) return forgetBackup(draft);
  redraw(page, kept);
  draft.dirty = true;
  if (backup.revision === reply.revision) return void save(page);
  draft.known = backup.known?.principles ? backup.known : null; // what that text began from
  const message = "This browser kept text that never reached the studio, and the draft was changed elsewhere since.";
  meetConflict(page, { ...reply, message }, kept);
}
