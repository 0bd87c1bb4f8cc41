// Two dialogs: save a version (with what changed since the last one), and read a version (text, changes, restore).
const ELSEWHERE = "This draft was changed elsewhere, perhaps in another tab. Nothing of yours is lost. Which text should stay?";

function sheet(label, ...children) {
  const dialog = h("dialog", { class: "cs-sheet", "aria-label": label }, children);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return dialog;
}

function closer(dialog, label = "Close") {
  return h("button", { type: "button", class: "cs-button", onclick: () => dialog().close() }, label);
}

const saveSheet = (() => {
  const heading = h("h2", {}, "Save a version");
  const reason = h("p", { class: "cs-reason", id: "save-reason", role: "status" });
  const changes = h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "What changed" });
  const message = h("input", { class: "cs-input", id: "version-message", autocomplete: "off", maxlength: "500", "aria-describedby": "save-reason save-problem", placeholder: "What changed, and why" });
  const problem = h("p", { class: "cs-problem", id: "save-problem", role: "alert" });
  const button = h("button", { type: "submit", class: "cs-button cs-button-main", "aria-describedby": "save-reason" }, "Save version");
  const form = h(
    "form",
    { class: "cs-sheet-foot", onsubmit: submit },
    h("div", { class: "cs-field" }, h("label", { for: "version-message" }, "Message"), message),
    problem,
    h("div", { class: "cs-actions" }, button, closer(() => dialog, "Back to the draft")),
  );
  const dialog = sheet("Save a version", h("div", { class: "cs-sheet-head" }, heading, reason), changes, form);

  let shown = null; // what the person looks at when they decide: its revision and newest version go with the decision

  async function show() {
    await save();
    if (draft.dirty) return (notice.hidden ? status : notice).scrollIntoView({ block: "nearest" }); // not saved, and the page says why
    problem.textContent = "";
    const reply = await ask("preview", { constitution: draft.id });
    if (reply?.kind !== "preview") return showNotice(reply?.message ?? "The studio does not answer. Try again in a moment.", [], true);
    if (reply.revision !== draft.revision) {
      meetConflict({ ...reply, message: ELSEWHERE }, readAll());
      if (draft.conflict) return;
    }
    shown = reply;
    draft.problems = reply.problems;
    list.querySelectorAll("[data-field]").forEach((field) => (field.dataset.seen = "1"));
    drawProblems(reply.problems, true);
    heading.textContent = `Save version ${reply.number}`;
    button.textContent = `Save version ${reply.number}`;
    reason.textContent = reply.reason;
    message.disabled = button.disabled = !reply.can_save;
    fragment(changes, reply.html);
    dialog.showModal();
    if (!message.disabled) message.focus();
  }

  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    const reply = await ask("version", { constitution: draft.id, revision: shown.revision, head: shown.head, message: message.value });
    button.disabled = false;
    if (reply?.kind !== "versioned") {
      problem.textContent = reply?.message ?? "The studio does not answer. Look at the versions before you try again.";
      return;
    }
    message.value = "";
    dialog.close();
    adopt(reply);
  }

  dialog.addEventListener("close", () => firstProblem(draft.problems)?.focus()); // else the browser gives the focus back to the button
  return { dialog, show };
})();

// After a version was made: new history, new verdict, and a word about it.
function adopt(reply) {
  draft.revision = reply.revision;
  draft.problems = reply.problems;
  fragment(history, reply.history);
  showVerdict(reply);
  drawProblems(reply.problems, false);
  showStatus(reply.message, "good");
}

const readSheet = (() => {
  const head = h("div", { class: "cs-sheet-title" });
  const text = h("button", { type: "button", class: "cs-tab", "aria-pressed": "true", onclick: () => turn(true) }, "Text");
  const changes = h("button", { type: "button", class: "cs-tab", "aria-pressed": "false", onclick: () => turn(false) }, "Changes from it to the draft");
  const body = h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "The version" });
  const problem = h("p", { class: "cs-problem", role: "alert" });
  const restore = h("button", { type: "button", class: "cs-button", onclick: () => restoreShown() }, "Restore as a new version");
  const file = (label, format) => h("button", { type: "button", class: "cs-link", onclick: () => fetchFile(format, shown.number) }, label);
  const foot = h("div", { class: "cs-sheet-foot" }, problem, h("div", { class: "cs-actions" }, restore, file("YAML", "yaml"), file("Markdown", "markdown"), closer(() => dialog)));
  const dialog = sheet("A version", h("div", { class: "cs-sheet-head" }, head, h("div", { class: "cs-tabs" }, text, changes)), body, foot);
  let shown = null;

  function turn(toText) {
    text.setAttribute("aria-pressed", `${toText}`);
    changes.setAttribute("aria-pressed", `${!toText}`);
    fragment(body, toText ? shown.html : shown.changes);
  }

  async function show(number) {
    await save();
    const reply = await ask("open", { constitution: draft.id, number });
    if (reply?.kind !== "version") return showNotice(reply?.message ?? "The studio does not answer. Try again in a moment.", [], true);
    shown = reply;
    problem.textContent = "";
    fragment(head, reply.head);
    turn(true);
    dialog.setAttribute("aria-label", `Version ${number}`);
    dialog.showModal();
  }

  async function restoreShown() {
    restore.disabled = true;
    const reply = await ask("restore", () => ({ constitution: draft.id, revision: draft.revision, head: shown.newest, number: shown.number }));
    restore.disabled = false;
    if (reply?.kind !== "versioned") {
      problem.textContent = reply?.message ?? "The studio does not answer. Look at the versions before you try again.";
      return;
    }
    dialog.close();
    const before = readAll();
    if (!same(before, reply.principles)) replaceDraft(reply.principles, `${reply.message} The text that was in the draft is kept here until you leave the page.`);
    adopt(reply);
  }

  return { dialog, show };
})();
