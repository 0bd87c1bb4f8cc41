// One battery or drift matrix: how far it is, probe by probe or row by row, and what it found. It goes on without the page.
import { poll } from "../channel.js";
import { askToDeleteKept } from "../deleting.js";
import { openAgain, openFolds, openForPrint } from "../folds.js";
import { drawProgress, makeProgress } from "../progress.js";
import { fragment, h, isSecond, localise, problemOf, setText, setTitle, whileBusy } from "../studio.js";
import { examined, isDrift, nameOf, statusOf } from "./words.js";

const WATCH_MS = 2000;
const RESTING_MS = 5000; // a stopped one may be resumed in another tab
const STATES = { done: ["✓", "done"], now: ["▸", "in progress"], waits: ["·", "waits"] };

export function openBattery({ element, ask, root }, reply) {
  const page = {
    ask,
    root,
    lab: reply.lab.id,
    status: "",
    drawn: "", // the result that is shown
    progress: makeProgress("Progress of the battery"),
    headline: h("p", { class: "cs-headline", tabindex: "-1" }),
    notice: h("p", { class: "cs-quiet" }),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    probes: h("ol", { class: "cs-phases cs-lab-probes" }),
    actions: h("div", { class: "cs-part-actions" }),
    found: h("div", { class: "cs-lab-found" }),
  };
  page.head = headOf(reply.lab);
  root.classList.add("cs-runpage");
  page.root.replaceChildren(h("header", { class: "cs-run-head", id: "content" }, page.head, page.actions), stateOf(page), page.found);
  openForPrint(element, root);
  draw(page, reply);
  const after = poll(element, async () => {
    const now = page.status === "finished" ? null : await ask("shown", { lab: page.lab });
    if (now?.kind === "lab") draw(page, now);
    return page.status === "finished" ? null : ["stopped", "failed"].includes(page.status) ? RESTING_MS : WATCH_MS;
  });
  page.lookAfter = after;
  after(WATCH_MS);
}

function headOf(lab) {
  const time = h("time", { datetime: lab.made_at }, lab.made_at);
  localise(time);
  const of = isDrift(lab) || lab.wish.run == null ? examined(lab) : h("a", { href: `./run?id=${lab.wish.run}` }, `run ${lab.wish.run}`);
  const facts = h("p", { class: "cs-quiet" }, "Of ", of, ` · ${lab.model} · ${lab.wish.limit} held-out queries at most · `, h("bdi", {}, lab.by), " · ", time);
  return h("div", { class: "cs-part-head" }, h("p", { class: "cs-quiet" }, h("a", { href: "./lab" }, "Laboratory")), h("h1", {}, `Battery ${lab.id}: ${nameOf(lab)}`), facts);
}

function stateOf({ headline, progress, notice, probes, problem, spoken }) {
  return h("section", { class: "cs-run-state", "aria-label": "Status" }, headline, progress.bar, notice, problem, probes, spoken);
}

// How far it is: probes of a battery, rows of a drift matrix, of which nothing is known before it has begun.
function farOf({ lab, probes }) {
  if (!isDrift(lab)) return [probes.filter(({ state }) => state === "done").length, probes.length, "probes"];
  return [lab.status === "finished" ? lab.total : lab.done, lab.total, "rows"];
}

function draw(page, reply) {
  const { lab, probes } = reply;
  const { words } = statusOf(lab);
  const [done, total, what] = farOf(reply);
  const says = `${words[0].toUpperCase()}${words.slice(1)}${total ? `: ${done} of ${total} ${what} done` : ""}`;
  page.status = lab.status;
  page.root.dataset.status = lab.status;
  setTitle(`Battery ${lab.id}: ${words}`, nameOf(lab), "Laboratory");
  setText(page.headline, says);
  setText(page.spoken, says);
  setText(page.notice, lab.status === "running" ? lab.notice : "");
  setText(page.problem, lab.problem);
  drawProgress(page.progress, total ? done / total : 0, says);
  page.progress.bar.hidden = lab.status === "finished";
  page.probes.replaceChildren(...probes.map(({ title, state }) => h("li", { "data-state": state }, h("span", { class: "cs-phase-mark", "aria-hidden": "true" }, STATES[state][0]), h("span", {}, title), h("span", { class: "cs-quiet" }, STATES[state][1]))));
  drawActions(page, reply);
  if (page.drawn === reply.html) return;
  page.drawn = reply.html;
  const opened = openFolds(page.found);
  fragment(page.found, reply.html);
  openAgain(page.found, opened);
}

function drawActions(page, { lab, cards, html }) {
  const wanted = JSON.stringify([lab.status, lab.stopping, cards, !!html]);
  if (page.actionsOf === wanted) return;
  page.actionsOf = wanted;
  const button = (label, act, attributes = {}) => h("button", { type: "button", class: "cs-button", onclick: (event) => void act(event), ...attributes }, label);
  const pending = ["queued", "running"].includes(lab.status);
  const parts = [
    html && h("a", { href: `./labs/${lab.id}/report.html`, download: true }, "Report (HTML)"),
    html && h("a", { href: `./labs/${lab.id}/report.json`, download: true }, "Report (JSON)"),
    !pending && h("button", { type: "button", class: "cs-link", onclick: (event) => void remove(page, event.currentTarget) }, "Delete…"),
    pending && button(lab.stopping ? "Stopping…" : "Stop", (event) => act(page, "stop", event), { disabled: lab.stopping }),
    ["stopped", "failed"].includes(lab.status) && button("Resume", (event) => act(page, "resume", event)),
    cards && h("a", { class: "cs-button cs-button-main", href: `./lab?lab=${lab.id}&cards=1` }, `Read ${cards} cards yourself`),
  ];
  const hadFocus = page.actions.contains(document.activeElement);
  page.actions.replaceChildren(...parts.filter(Boolean));
  if (hadFocus) page.headline.focus();
}

async function act(page, name, event) {
  if (isSecond(event)) return; // where Stop was, Resume may be by now
  setText(page.problem, "");
  const reply = await whileBusy([event.currentTarget], () => page.ask(name, { lab: page.lab }));
  if (reply === undefined) return;
  if (reply?.kind !== "lab") return void setText(page.problem, problemOf(reply));
  draw(page, reply);
  page.lookAfter(WATCH_MS);
  if (document.activeElement === document.body) page.headline.focus();
}

async function remove(page, opener) {
  const done = () => location.assign("./lab");
  setText(page.problem, await askToDeleteKept({ ask: page.ask, root: page.root, which: { lab: page.lab }, done, opener, back: page.headline, label: "Delete this battery" }));
}
