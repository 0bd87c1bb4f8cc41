// A draft that was changed in two places: both texts are put together, and whoever writes decides where they clash. The server does the merging.
import { fragment, h } from "../studio.js";
import { readText } from "./principles.js";
import { sameText, textOf } from "./rows.js";
import { keepMine, loadOther, offerMine, take } from "./saving.js";
import { showNotice } from "./saying.js";

// Asks for both texts as one, of what was stored as this page began from it. Nothing is changed where the person decided meanwhile, or nobody knows that.
export async function putTogether(page) {
  const { draft } = page;
  const { conflict } = draft;
  if (!draft.known) return;
  let typed = readText(page);
  let reply = null;
  do {
    typed = readText(page);
    reply = await page.ask("merge", { constitution: draft.id, before: draft.known.principles, before_rule: draft.known.conflict_rule, ...typed });
    if (draft.conflict !== conflict || reply?.kind !== "together") return; // the two ways that were there remain
  } while (!sameText(typed, readText(page)));
  if (reply.clashes) offer(page, reply);
  else taken(page, reply, mineOf(reply), reply.says);
}

function mineOf({ mine, mine_rule: rule }) {
  return { principles: mine, conflict_rule: rule };
}

function offer(page, reply) {
  const both = (text, whose) => () => taken(page, reply, text, `Both texts are put together, with ${whose} where both had changed the same.`);
  const actions = [
    ["Together, mine there", both(mineOf(reply), "yours")],
    ["Together, the other there", both({ principles: reply.theirs, conflict_rule: reply.theirs_rule }, "the other")],
    ["Keep mine", () => keepMine(page)],
    ["Load the other one", () => loadOther(page)],
  ];
  showNotice(page, reply.says, actions, true);
  const places = h("div", { class: "cs-clash-places", tabindex: "0", role: "region", "aria-label": "Changed in both: what the other text says, and what yours changes in it" });
  fragment(places, reply.html);
  page.notice.querySelector("p").after(places);
}

function taken(page, reply, text, says) {
  const mine = readText(page);
  Object.assign(page.draft, { conflict: null, known: textOf(reply), revision: reply.revision, head: reply.head, mine });
  take(page, text);
  offerMine(page, says);
}
