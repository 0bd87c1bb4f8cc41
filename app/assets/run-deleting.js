// A run is deleted for good, so its page asks first and says what goes.
import { h, problemOf, whileBusy } from "./studio.js";
import { closer, makeSheet } from "./write/sheet.js";

export function askToDelete(page, opener) {
  const problem = h("p", { class: "cs-problem", role: "alert" });
  const sure = h("button", { type: "button", class: "cs-button cs-button-main" }, `Delete run ${page.run}`);
  const keep = closer(() => dialog, "Keep it");
  const goes = "Its adapter, checkpoints, replies, marks and figures are gone for good then. The version, the queries and the other runs of its series stay, and comparisons that were made with it keep their texts.";
  const dialog = makeSheet("Delete this run", h("div", { class: "cs-sheet-head" }, h("h2", {}, `Delete run ${page.run}?`)), h("div", { class: "cs-sheet-body", tabindex: "0", role: "region", "aria-label": "What goes" }, h("p", {}, goes)), h("div", { class: "cs-sheet-foot" }, problem, h("div", { class: "cs-actions" }, sure, keep)));
  sure.addEventListener("click", async () => {
    problem.textContent = "";
    const reply = await whileBusy([sure, keep], () => page.ask("delete", { run: page.run }));
    if (reply?.kind === "go") return location.assign(reply.href);
    problem.textContent = problemOf(reply, "Reload the page to see whether the run is still there.");
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener.isConnected) opener.focus();
    else page.headline.focus();
  });
  page.root.append(dialog);
  dialog.showModal();
  keep.focus(); // a key pressed too often deletes nothing
}
