// What is deleted is gone for good, so whoever deletes is asked first, and told what goes.
import { h, problemOf, whileBusy } from "./studio.js";
import { closer, makeSheet } from "./write/sheet.js";

// `what`: its name, such as “run 3”, the label of the dialog, and what goes with it. `act` deletes, and gives the server's answer; `done` is for an answer of
// the kind `gone`. `back` gets the focus where the opener is no longer there.
export function askBefore({ root, what, gone, act, done, opener, back }) {
  const problem = h("p", { class: "cs-problem", role: "alert" });
  const sure = h("button", { type: "button", class: "cs-button cs-button-main" }, `Delete ${what.name}`);
  const keep = closer(() => dialog, "Keep it");
  const dialog = makeSheet(what.label, h("div", { class: "cs-sheet-head" }, h("h2", {}, `Delete ${what.name}?`)), h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "What goes" }, h("p", {}, what.goes)), h("div", { class: "cs-sheet-foot" }, problem, h("div", { class: "cs-actions" }, sure, keep)));
  sure.addEventListener("click", async () => {
    problem.textContent = "";
    const reply = await whileBusy([sure, keep], act);
    if (reply?.kind !== gone) return void (problem.textContent = problemOf(reply, "Reload the page to see whether it is still there."));
    done(reply);
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener.isConnected && !opener.hidden) opener.focus();
    else back.focus();
  });
  root.append(dialog);
  dialog.showModal();
  keep.focus(); // a key pressed too often deletes nothing
}

// The same of a check or a conflict that is kept, as `{ check: 3 }` names it: the server says what goes with it. Gives what went wrong before the question.
export async function askToDeleteKept({ ask, root, which, done, opener, back, label }) {
  const reply = await whileBusy([opener], () => ask("plan_deleting", which));
  if (reply === undefined) return "";
  if (reply?.kind !== "deletion") return problemOf(reply);
  const what = { name: reply.name, label: label ?? `Delete this ${Object.keys(which)[0]}`, goes: reply.goes };
  askBefore({ root, what, gone: "deleted", act: () => ask("delete", which), done, opener, back });
  return "";
}
