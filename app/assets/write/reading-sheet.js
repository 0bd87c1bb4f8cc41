// The dialog in which a version is read: its text, what the draft changes in it, and a way back to it.
import { download, fragment, h, problemOf, whileBusy } from "../studio.js";
import { readText } from "./principles.js";
import { sameText } from "./rows.js";
import { replaceDraft, save } from "./saving.js";
import { LOOK_FIRST, showNotice } from "./saying.js";
import { closer, makeSheet } from "./sheet.js";
import { adopt } from "./version-sheet.js";

export function makeReadingSheet(page) {
  const head = h("div", { class: "cs-sheet-title" });
  const tab = (label, toText) => h("button", { type: "button", class: "cs-tab", "aria-pressed": `${toText}`, onclick: () => turn(sheet, toText) }, label);
  const [text, changes] = [tab("Text", true), tab("Changes from it to the draft", false)];
  const body = h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "The version" });
  const problem = h("p", { class: "cs-problem", role: "alert" });
  const restore = h("button", { type: "button", class: "cs-button", onclick: () => restoreShown(page, sheet) }, "Restore as a new version");
  const file = (label, format) => h("button", { type: "button", class: "cs-link", onclick: () => fetchFile(page, format, sheet.shown.number) }, label);
  const files = [file("YAML", "yaml"), file("Markdown", "markdown")];
  const sheet = { head, text, changes, body, problem, restore, files, shown: null };
  const foot = h("div", { class: "cs-sheet-foot" }, problem, h("div", { class: "cs-actions" }, restore, files, closer(() => sheet.dialog)));
  sheet.dialog = makeSheet("A version", h("div", { class: "cs-sheet-head" }, head, h("div", { class: "cs-tabs" }, text, changes)), body, foot);
  return sheet;
}

function turn(sheet, toText) {
  sheet.text.setAttribute("aria-pressed", `${toText}`);
  sheet.changes.setAttribute("aria-pressed", `${!toText}`);
  fragment(sheet.body, toText ? sheet.shown.html : sheet.shown.changes);
}

export async function showReadingSheet(page, number) {
  const sheet = page.readingSheet;
  await save(page);
  const reply = await page.ask("open", { constitution: page.draft.id, number });
  if (reply?.kind !== "version") return showNotice(page, problemOf(reply), [], true);
  sheet.shown = reply;
  sheet.problem.textContent = "";
  fragment(sheet.head, reply.head);
  for (const button of [sheet.restore, sheet.changes, ...sheet.files]) button.hidden = Boolean(reply.problem); // there is nothing to make them of
  turn(sheet, true);
  sheet.dialog.setAttribute("aria-label", `Version ${number}`);
  sheet.dialog.showModal();
}

async function restoreShown(page, sheet) {
  const { draft } = page;
  const wish = () => ({ constitution: draft.id, revision: draft.revision, head: sheet.shown.newest, number: sheet.shown.number });
  const reply = await whileBusy([sheet.restore], () => page.ask("restore", wish));
  if (reply?.kind !== "versioned") return void (sheet.problem.textContent = problemOf(reply, LOOK_FIRST));
  sheet.dialog.close();
  if (!sameText(readText(page), reply)) replaceDraft(page, reply, `${reply.message} The text that was in the draft is kept here until you leave the page.`);
  adopt(page, reply);
  page.history.querySelector("[data-version]")?.focus(); // the version that was made; the button that the dialog was opened with is gone
}

// The draft, or a version, as a file.
export async function fetchFile(page, format, number) {
  await save(page);
  const reply = await page.ask("download", { constitution: page.draft.id, format, number });
  if (reply?.kind === "file") download(reply.filename, reply.text, reply.type);
  else showNotice(page, problemOf(reply), [], true);
}
