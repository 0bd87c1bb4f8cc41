// What the Write page says about the draft: its state in the bar, its verdict, its name, and notices that ask for a decision.
import { h, isolated, setText, setTitle } from "../studio.js";

export const LOOK_FIRST = "Look at the versions before you try again."; // when no answer came: a version may have been made all the same

export function showStatus({ status }, text, tone = "") {
  setText(status, text);
  status.dataset.tone = tone;
}

export function showVerdict({ verdict }, text, problems) {
  verdict.textContent = text;
  verdict.dataset.problems = problems.length;
}

// The way on from here, with the newest version: what is trained and compared is a version, never the draft.
export function showOnwards({ onwards }, { constitution, head, head_id: id }) {
  if (id == null) return onwards.replaceChildren();
  const link = (page, query, label) => h("a", { class: "cs-button", href: `./${page}?${query}` }, label);
  const which = h("p", { class: "cs-quiet" }, `With version ${head}`);
  onwards.replaceChildren(which, link("train", `version=${id}`, "Train this version"), link("compare", `constitution=${constitution}&version=${id}`, "Compare"));
}

// Where the draft can be proposed as an amendment.
export function amendAddress(constitution) {
  return `./amend?constitution=${constitution}#propose`;
}

// Where the draft is another text than the newest version, it can be proposed as an amendment to it, or discarded.
export function showDiscard({ amend, discard, draft }, { constitution, discardable, head }) {
  amend.href = amendAddress(constitution);
  amend.hidden = !discardable || head == null;
  draft.newest = head; // as it is named on the button: of no other one is the draft to become a copy
  discard.hidden = !discardable || head == null;
  setText(discard, `Discard the draft, back to version ${head}`);
}

export function showName({ heading }, text) {
  heading.textContent = text;
  setTitle(isolated(text));
}

export function showNotice({ notice }, text, actions, urgent = false) {
  notice.hidden = false;
  notice.className = urgent ? "cs-notice cs-notice-problem" : "cs-notice";
  const buttons = actions.map(([label, act]) => h("button", { type: "button", class: "cs-button", onclick: act }, label));
  notice.replaceChildren(h("p", { role: urgent ? "alert" : "status" }, text), h("div", { class: "cs-actions" }, buttons));
}

export function hideNotice({ notice }) {
  notice.hidden = true;
  notice.replaceChildren();
}
