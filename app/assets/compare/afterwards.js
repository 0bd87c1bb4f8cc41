// Below the panes, when all has been written: what differs between two replies, a link, and what proves which is which.
import { copied, fragment, h, problemOf } from "../studio.js";

export function afterwardsNodes(ask, reply) {
  return [differences(ask, reply), link(reply), proof(reply)];
}

function differences(ask, reply) {
  if (reply.finished.length < 2) return "";
  const body = fragment(h("div", { class: "cs-difference", "aria-live": "polite" }), reply.diff);
  const choice = (label, chosen) => {
    const options = reply.finished.map(({ key, title }) => h("option", { value: key, selected: key === chosen }, title));
    return h("select", { class: "cs-input", onchange: () => show(), "aria-label": label }, options);
  };
  const [first, second] = [choice("From", reply.pair[0]), choice("To", reply.pair[1])];
  const show = async () => {
    const answer = await ask("diff", { comparison: reply.id, first: first.value, second: second.value });
    if (answer?.kind === "diff") fragment(body, answer.html);
    else body.replaceChildren(h("p", { class: "cs-problem" }, problemOf(answer)));
  };
  const bar = h("div", { class: "cs-difference-bar" }, h("h2", {}, "Differences"), first, h("span", { class: "cs-quiet" }, "to"), second);
  return h("section", { "aria-label": "Differences" }, bar, body);
}

function link(reply) {
  const address = new URL(reply.href, location.href).href;
  const said = h("span", { class: "cs-said", role: "status" });
  const copy = async () => (said.textContent = (await copied(address)) ? "Copied." : "The browser did not allow it; copy the link itself.");
  return h("p", { class: "cs-actions" }, h("a", { href: reply.href }, "Link to this comparison"), h("button", { type: "button", class: "cs-link", onclick: copy }, "Copy the link"), said);
}

function proof(reply) {
  return h("details", { class: "cs-proofs" }, h("summary", {}, "What each pane is: prompt and adapter"), fragment(h("div"), reply.proof));
}
