// The dialog in which the draft becomes a version: what changed since the last one, and a message.
import { field, fragment, h, problemOf, whileBusy } from "../studio.js";
import { readText } from "./principles.js";
import { textOf } from "./rows.js";
import { drawProblems, firstProblem } from "./problems.js";
import { meetConflict, save } from "./saving.js";
import { amendAddress, LOOK_FIRST, showDiscard, showNotice, showOnwards, showStatus, showVerdict } from "./saying.js";
import { closer, makeSheet } from "./sheet.js";
import { showBehind, takeInButton } from "./taking-in.js";

const ELSEWHERE = "This draft was changed elsewhere, perhaps in another tab. Nothing of yours is lost. Which text should stay?";

export function makeVersionSheet(page) {
  const heading = h("h2", {}, "Save a version");
  const reason = h("p", { class: "cs-reason", id: "save-reason", role: "status" });
  const changes = h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "What changed" });
  const message = h("input", { class: "cs-input", id: "version-message", autocomplete: "off", maxlength: "500", "aria-describedby": "save-reason save-problem", placeholder: "What changed, and why" });
  const problem = h("p", { class: "cs-problem", id: "save-problem", role: "alert" });
  const button = h("button", { type: "submit", class: "cs-button cs-button-main", "aria-describedby": "save-reason" }, "Save version");
  const behind = h("span", {}); // where somebody saved a version since, the way to take it in
  const amend = h("a", { class: "cs-link" }, "Propose as an amendment");
  const sheet = { heading, reason, changes, message, problem, button, behind, amend, shown: null };
  const form = h(
    "form",
    { class: "cs-sheet-foot", onsubmit: (event) => submit(page, sheet, event) },
    field(message.id, "Message", message),
    problem,
    h("div", { class: "cs-actions" }, button, behind, amend, closer(() => sheet.dialog, "Back to the draft")),
  );
  sheet.dialog = makeSheet("Save a version", h("div", { class: "cs-sheet-head" }, heading, reason), changes, form);
  sheet.dialog.addEventListener("close", () => firstProblem(page.list, page.draft.problems)?.focus()); // else the browser gives the focus back to the button
  return sheet;
}

export async function showVersionSheet(page) {
  const { draft, versionSheet: sheet } = page;
  await save(page);
  if (draft.dirty) return (page.notice.hidden ? page.status : page.notice).scrollIntoView({ block: "nearest" }); // not saved, and the page says why
  sheet.problem.textContent = "";
  const reply = await page.ask("preview", { constitution: draft.id });
  if (reply?.kind !== "preview") return showNotice(page, problemOf(reply), [], true);
  if (reply.revision !== draft.revision) {
    meetConflict(page, { ...reply, message: ELSEWHERE }, readText(page));
    if (draft.conflict) return;
  }
  draw(page, sheet, reply);
  sheet.dialog.showModal();
  if (!sheet.message.disabled) sheet.message.focus();
}

function draw(page, sheet, reply) {
  sheet.shown = reply; // what the person looks at when they decide: its revision and newest version go with the decision
  page.draft.problems = reply.problems;
  page.list.querySelectorAll("[data-field]").forEach((field) => (field.dataset.seen = "1"));
  drawProblems(page, reply.problems, true);
  sheet.heading.textContent = sheet.button.textContent = `Save version ${reply.number}`;
  sheet.reason.textContent = reply.reason;
  sheet.behind.replaceChildren(reply.behind == null ? "" : takeInButton(page, reply.behind, () => sheet.dialog.close()));
  sheet.amend.hidden = !reply.can_save || reply.head == null;
  sheet.amend.href = amendAddress(reply.constitution);
  sheet.message.disabled = sheet.button.disabled = !reply.can_save;
  fragment(sheet.changes, reply.html);
}

async function submit(page, sheet, event) {
  event.preventDefault();
  if (sheet.button.disabled) return;
  const { revision, head } = sheet.shown;
  const reply = await whileBusy([sheet.button], () => page.ask("version", { constitution: page.draft.id, revision, head, message: sheet.message.value }));
  if (reply?.kind !== "versioned") return void (sheet.problem.textContent = problemOf(reply, LOOK_FIRST));
  sheet.message.value = "";
  sheet.dialog.close();
  adopt(page, reply);
}

// After a version was made: new history, new verdict, and a word about it.
export function adopt(page, reply) {
  page.draft.revision = reply.revision;
  page.draft.known = textOf(reply);
  page.draft.problems = reply.problems;
  fragment(page.history, reply.history);
  showVerdict(page, reply.verdict, reply.problems);
  showDiscard(page, reply);
  showBehind(page, reply);
  drawProblems(page, reply.problems, false);
  showOnwards(page, reply);
  showStatus(page, reply.message, "good");
}
