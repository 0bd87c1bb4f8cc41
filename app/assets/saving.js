// Keeping what is typed: a short pause, then the server; until it has answered, a copy in this browser as well.
const PAUSE_MS = 600;
const RETRY_MS = 4000;
const draft = { id: null, revision: 0, dirty: false, problems: [], unanswered: null, mine: null, conflict: null, saving: null, timer: null };

function backupKey() {
  return `constitution-studio:${draft.editor}:${draft.id}`;
}

function backUp() {
  if (!draft.dirty) return;
  try {
    localStorage.setItem(backupKey(), JSON.stringify({ revision: draft.revision, principles: readAll() }));
  } catch (error) {
    console.warn("No copy could be kept in this browser:", error); // full or forbidden storage: the server still gets the text
  }
}

function forgetBackup() {
  try {
    localStorage.removeItem(backupKey());
  } catch (error) {
    console.warn("The copy in this browser could not be removed:", error);
  }
}

function readBackup() {
  try {
    return JSON.parse(localStorage.getItem(backupKey()) || "null");
  } catch (error) {
    console.warn("The copy in this browser could not be read:", error);
    return null;
  }
}

function same(a, b) {
  const plain = (rows) => JSON.stringify(rows.map((p) => [p.id, p.title, p.statement, p.antithesis, p.written_by ?? "", checkParts(p.check).map((part) => `${part ?? ""}`)]));
  return plain(a) === plain(b);
}

function touched() {
  draft.dirty = true;
  showStatus("Editing…");
  clearTimeout(draft.timer);
  draft.timer = setTimeout(() => {
    backUp();
    save();
  }, PAUSE_MS);
}

// Saves until nothing is left to save. Callers that need the text to be on the server await it.
function save() {
  clearTimeout(draft.timer);
  draft.saving ??= saveAll().finally(() => (draft.saving = null));
  return draft.saving;
}

async function saveAll() {
  while (draft.dirty && !draft.conflict) {
    const sent = readAll();
    draft.dirty = false;
    showStatus("Saving…");
    const reply = await ask("save", () => ({ constitution: draft.id, revision: draft.revision, principles: sent }));
    if (reply?.kind === "saved") settle(reply);
    else if (reply?.kind === "conflict") meetConflict(reply, sent);
    else return notSaved(reply, sent);
  }
}

function settle(reply) {
  draft.revision = reply.revision;
  draft.unanswered = null;
  draft.problems = reply.problems;
  if (!draft.dirty) {
    forgetBackup();
    showStatus(`Saved ${clock(new Date())}`, "good");
  }
  showVerdict(reply);
  drawProblems(reply.problems, false);
}

function notSaved(reply, sent) {
  draft.dirty = true;
  backUp();
  if (!reply) draft.unanswered = sent; // it may have arrived all the same
  showStatus(`Not saved: ${reply ? reply.message : "the studio does not answer. The text is safe in this browser and is tried again."}`, "problem");
  clearTimeout(draft.timer);
  if (!reply) draft.timer = setTimeout(save, RETRY_MS);
}

// Someone saved this draft since we last saw it. If that was our own unanswered save, go on; else the person decides.
function meetConflict(reply, sent) {
  draft.dirty = true;
  if (draft.unanswered && same(draft.unanswered, reply.principles)) {
    draft.revision = reply.revision;
    draft.unanswered = null;
    return;
  }
  if (same(sent, reply.principles)) return settle({ ...reply, kind: "saved" });
  draft.conflict = reply;
  backUp();
  showStatus("Not saved: this draft was changed elsewhere.", "problem");
  showNotice(reply.message, [["Keep mine", keepMine], ["Load the other one", loadOther]], true);
}

function keepMine() {
  draft.revision = draft.conflict.revision;
  draft.conflict = null;
  draft.dirty = true;
  hideNotice();
  save();
}

function loadOther() {
  const other = draft.conflict;
  draft.mine = readAll();
  draft.conflict = null;
  draft.dirty = false;
  drawAll(other.principles);
  settle(other);
  showNotice("The other text is loaded. Yours is kept here until you leave the page.", [["Bring mine back", bringBack]]);
}

// Puts other principles in the draft, keeping the present ones at hand.
function replaceDraft(principles, says) {
  draft.mine = readAll();
  drawAll(principles);
  showNotice(says, [["Bring mine back", bringBack]]);
}

function bringBack() {
  drawAll(draft.mine);
  draft.mine = null;
  draft.dirty = true;
  hideNotice();
  save();
}

// On opening: was something typed that never reached the server?
function recover(reply) {
  const backup = readBackup();
  if (!backup || !Array.isArray(backup.principles) || same(backup.principles, reply.principles)) return forgetBackup();
  drawAll(backup.principles);
  draft.dirty = true;
  if (backup.revision === reply.revision) return save();
  const message = "This browser kept text that never reached the studio, and the draft was changed elsewhere since.";
  meetConflict({ ...reply, message }, backup.principles);
}
