// A check tried on stored replies, before it is taken or after: what passes under either side of the principle. The draft stays as it is.
import { fragment, h, isSecond, listenWhile, problemOf, whileBusy } from "../studio.js";
import { allItems, fieldOf, readItem } from "./principles.js";
import { checkParts } from "./rows.js";

export function listenToTrials(page, element) {
  page.list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-try]"); // with the check that is proposed, or empty: the one that is chosen
    if (!button || isSecond(event)) return;
    const item = button.closest(".cs-principle");
    void tryCheck(page, item, button.dataset.try ? JSON.parse(button.dataset.try) : readItem(page.kinds, item).check, button);
  });
  const look = () => allItems(page.list).forEach((item) => closeStale(page, item));
  page.list.addEventListener("input", look);
  page.list.addEventListener("change", look, true); // of a check that was put back it does not bubble
  listenWhile(element, document, "keyup", look); // what Ctrl+Z puts back is no input
}

async function tryCheck(page, item, check, button) {
  panelOf(item)?.remove();
  const status = h("p", { class: "cs-sr", role: "status" });
  const body = h("div", { class: "cs-trial-body" }, h("p", { class: "cs-quiet" }, "Trying it on stored replies …"));
  const close = h("button", { type: "button", class: "cs-link", "aria-label": "Close what the check says of stored replies", onclick: () => closePanel(item) }, "Close");
  const panel = h("section", { class: "cs-trial", "aria-label": "The check on stored replies", "data-check": plain(check) }, status, body, close);
  item.querySelector(".cs-check").append(panel);
  const texts = { statement: fieldOf(item, "statement").value, antithesis: fieldOf(item, "antithesis").value };
  const reply = await whileBusy([button], () => page.ask("trial", { check, principle: item.dataset.id, ...texts }));
  if (!panel.isConnected) return;
  if (reply?.kind === "tried") fragment(body, reply.html);
  else body.replaceChildren(h("p", { class: "cs-problem" }, problemOf(reply)));
  status.textContent = reply?.kind === "tried" ? reply.says : problemOf(reply);
}

function panelOf(item) {
  return item.querySelector(".cs-trial");
}

function closePanel(item) {
  const panel = panelOf(item);
  const inside = panel.contains(document.activeElement);
  panel.remove();
  if (!inside) return;
  const button = [...item.querySelectorAll("[data-try]")].find((each) => !each.hidden);
  (button ?? fieldOf(item, "check")).focus();
}

// What was found is of one check; where neither the chosen nor the proposed one is that any more, it goes.
function closeStale({ kinds }, item) {
  const panel = panelOf(item);
  if (!panel) return;
  const proposed = item.querySelector(".cs-suggested [data-try]");
  const now = [readItem(kinds, item).check, proposed && JSON.parse(proposed.dataset.try)];
  if (!now.some((check) => check && plain(check) === panel.dataset.check)) closePanel(item);
}

function plain(check) {
  return checkParts(check).map((part) => `${part ?? ""}`).join(" ");
}
