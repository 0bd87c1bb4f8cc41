// A version that somebody else saved since this draft was begun: it is told in sight, and taken in after what that changes was shown.
import { fragment, h, isolated, problemOf, whileBusy } from "../studio.js";
import { readText } from "./principles.js";
import { meetConflict, replaceDraft, save, settle } from "./saving.js";
import { showNotice, showOnwards } from "./saying.js";
import { closer, makeSheet } from "./sheet.js";

const ELSEWHERE = "This draft was changed elsewhere, perhaps in another tab. Nothing of yours is lost. Which text should stay?";

export function makeTakingIn(page) {
  const node = h("div", { class: "cs-notice cs-behind", hidden: true });
  const says = h("p", { class: "cs-reason", id: "taking-in-says" });
  const changes = h("div", { class: "cs-sheet-body cs-taking-in", tabindex: "0", role: "region", "aria-label": "What taking it in changes" });
  const problem = h("p", { class: "cs-problem", role: "alert" });
  const actions = h("div", { class: "cs-actions" });
  const heading = h("h2", {});
  const dialog = makeSheet("Take in a version", h("div", { class: "cs-sheet-head" }, heading, says), changes, h("div", { class: "cs-sheet-foot" }, problem, actions));
  dialog.addEventListener("close", () => (page.behind.node.hidden ? page.list.querySelector("[data-field]") : page.behind.node.querySelector("button"))?.focus());
  return { node, says, changes, problem, actions, heading, dialog, shown: null };
}

// After every answer about the draft.
export function showBehind(page, reply) {
  const { behind, behind_by: by } = reply;
  const { node } = page.behind;
  if (node.dataset.version === `${behind ?? ""}`) return;
  node.dataset.version = `${behind ?? ""}`;
  node.hidden = behind == null;
  if (behind == null) return node.replaceChildren();
  const says = `${isolated(by)} saved version ${behind} since you began. Your draft does not have it: saved as it is, it would take back what that changed.`;
  showOnwards(page, reply);
  void showNewHistory(page);
  node.replaceChildren(h("p", { role: "status" }, says), h("div", { class: "cs-actions" }, takeInButton(page, behind)));
}

// The version that is told of is among the others then.
async function showNewHistory(page) {
  const reply = await page.ask("history", { constitution: page.draft.id });
  if (reply?.kind === "history") fragment(page.history, reply.html);
}

export function takeInButton(page, number, first = () => {}) {
  return h("button", { type: "button", class: "cs-button", onclick: (event) => (first(), void showTakingIn(page, event.currentTarget)) }, `Take in version ${number}…`);
}

async function showTakingIn(page, button) {
  const { draft, behind: sheet } = page;
  await save(page);
  if (draft.dirty) return (page.notice.hidden ? page.status : page.notice).scrollIntoView({ block: "nearest" }); // not saved, and the page says why
  const reply = await whileBusy([button], () => page.ask("behind", { constitution: draft.id }));
  if (reply?.kind !== "taking_in") return showNotice(page, problemOf(reply), [], true);
  if (reply.revision !== draft.revision) {
    meetConflict(page, { ...reply, message: ELSEWHERE }, readText(page));
    if (draft.conflict) return;
  }
  draw(page, sheet, reply);
  sheet.dialog.showModal();
}

function draw(page, sheet, reply) {
  sheet.shown = reply; // what is decided on: its revision and its version go with the decision
  sheet.problem.textContent = "";
  sheet.heading.textContent = `Take in version ${reply.number}`;
  sheet.says.textContent = reply.says;
  fragment(sheet.changes, `${reply.html}${reply.clashes ? "<h3>What taking it in changes, where mine stays</h3>" : ""}${reply.changes}`);
  const act = (label, prefer, main) => h("button", { type: "button", class: main ? "cs-button cs-button-main" : "cs-button", onclick: (event) => void take(page, sheet, prefer, event.currentTarget) }, label);
  const ways = reply.clashes ? [act("Take it in, mine stays there", "mine"), act("Take it in, the version’s there", "theirs")] : [act(`Take in version ${reply.number}`, "mine", true)];
  sheet.actions.replaceChildren(...ways, closer(() => sheet.dialog, "Back to the draft"));
}

async function take(page, sheet, prefer, button) {
  const { revision, number } = sheet.shown;
  const reply = await whileBusy([button], () => page.ask("take_in", { constitution: page.draft.id, revision, number, prefer }));
  if (reply?.kind !== "saved") return void (sheet.problem.textContent = problemOf(reply, "Look at the draft before you try again."));
  putIn(page, reply, number);
  settle(page, reply);
  sheet.dialog.close();
}

// The text as it was can be brought back; it is then told that it lacks the version, since the draft stands on that by now.
function putIn(page, text, number) {
  const says = `Your draft has version ${number} and what you changed. The text that was in it is kept here until you leave the page.`;
  replaceDraft(page, text, says, () => {
    const again = () => {
      putIn(page, text, number);
      page.draft.dirty = true;
      void save(page);
    };
    showNotice(page, `Your draft is without version ${number} again: saved as it is, it would take back what that changed.`, [["Put it in again", again]]);
  });
}
