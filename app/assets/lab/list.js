// The batteries there are, newest first. What did not change is left alone, so that a link in it keeps the focus.
import { h, localise, whileBusy } from "../studio.js";
import { examined, nameOf, statusOf } from "./words.js";

const MORE = 50;

export function makeList(ask) {
  const node = h("div", { class: "cs-lab-batteries" });
  const list = { node, shown: MORE, drawn: "", look: () => look(list, ask) };
  return list;
}

async function look(list, ask) {
  const reply = await ask("labs", () => ({ shown: list.shown }));
  if (reply?.kind !== "labs" || list.drawn === JSON.stringify(reply)) return;
  list.drawn = JSON.stringify(reply);
  const more = h("button", { type: "button", class: "cs-button", onclick: () => void whileBusy([more], () => look(Object.assign(list, { shown: list.shown + 2 * MORE }), ask)) }, `Show more (${reply.more.toLocaleString("en")})`);
  const none = h("p", { class: "cs-quiet" }, "None yet. The first one appears here when you queue it.");
  list.node.replaceChildren(reply.labs.length ? h("ol", { class: "cs-runs" }, reply.labs.map(entry)) : none, reply.more ? h("p", {}, more) : "");
}

function entry(lab) {
  const { mark, words } = statusOf(lab);
  const time = h("time", { datetime: lab.made_at }, lab.made_at);
  localise(time);
  const status = h("span", { class: "cs-run-status", "data-status": lab.status }, h("span", { "aria-hidden": "true" }, mark), ` ${words}`);
  const link = h("a", { href: `./lab?lab=${lab.id}` }, h("span", { class: "cs-number" }, `Battery ${lab.id}`), ` ${nameOf(lab)}`);
  const details = h("span", { class: "cs-quiet" }, `${examined(lab)} · ${lab.model} · `, h("bdi", {}, lab.by), " · ", time);
  return h("li", { class: "cs-run" }, link, status, details);
}
