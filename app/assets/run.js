// The page of a run. The server sends each part as a fragment; only parts that changed are drawn again, so that what a
// person has opened, chosen or selected stays as it is while the run goes on.
import { inAddress, openChannel, poll } from "./channel.js";
import { fold, openAgain, openFolds, openForPrint } from "./folds.js";
import { drawProgress, makeProgress } from "./progress.js";
import { makeAsking } from "./run-asking.js";
import { askToDelete } from "./run-deleting.js";
import { copyFrom, emptyRoot, fragment, h, isSecond, notOpened, problemOf, setText, setTitle, whileBusy } from "./studio.js";

const PARTS = ["head", "actions", "messages", "phases", "series", "answer", "charts", "samples", "log", "pooled", "result", "judges"];
const PICKS = { first: "Before training", latest: "Latest", all: "All" };

const WATCH_MS = 2000;
const RESTING_MS = 5000; // a stopped or failed run may be resumed in another tab, and a finished one waits for the others of its series

export function mount({ element }) {
  const channel = openChannel("run");
  const page = makePage(element, channel.ask);
  page.root.addEventListener("click", (event) => act(page, event));
  openForPrint(element, page.root);
  void channel.ask("opened", inAddress("id")).then((reply) => begin(page, element, reply));
}

function begin(page, element, reply) {
  if (reply?.kind === "none") return drawNone(page, reply);
  if (reply?.kind !== "run") return notOpened(page.root, reply);
  draw(page, reply);
  page.lookAfter = poll(element, async () => {
    const now = page.settled ? null : await page.ask("watch", () => ({ run: page.run, seen: page.mark }));
    if (now?.kind === "none") return void drawNone(page, now);
    if (now?.kind === "run") draw(page, now);
    return page.settled ? null : ["stopped", "failed", "finished"].includes(page.status) ? RESTING_MS : WATCH_MS;
  });
  page.lookAfter(WATCH_MS);
}

function makePage(element, ask) {
  const parts = Object.fromEntries(PARTS.map((name) => [name, h("div", { class: `cs-part cs-part-${name}` })]));
  const page = {
    ask,
    root: emptyRoot(element, ".cs-runpage"),
    run: null,
    status: "",
    settled: false, // nothing of it changes any more
    mark: "", // of what is shown
    lookAfter: () => {}, // so many milliseconds, once a run is shown
    pick: "latest",
    shown: {}, // part -> the fragment it shows
    parts,
    progress: makeProgress("Progress of the run"),
    headline: h("p", { class: "cs-headline", tabindex: "-1" }),
    amount: h("p", { class: "cs-amount cs-number" }),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    sections: null, // what `arrange` puts in order
    arranged: "", // for which run, and whether its answer comes first
  };
  page.asking = makeAsking(page, (reply) => drawAndWatch(page, reply));
  return page;
}

function drawAndWatch(page, reply) {
  draw(page, reply);
  page.lookAfter(WATCH_MS); // it may have rested
}

function drawNone(page, reply) {
  setTitle("Which run?");
  const said = reply.message ? h("div", { class: "cs-notice" }, h("p", { role: "alert" }, reply.message)) : "";
  page.root.replaceChildren(h("div", { id: "content" }, h("h1", {}, "Which run?"), said, fragment(h("div"), reply.html)));
}

function draw(page, reply) {
  const { root } = page;
  arrange(page, reply);
  Object.assign(page, { status: reply.status, settled: reply.settled, mark: reply.mark });
  page.asking.form.hidden = !reply.asks_models;
  document.title = reply.title;
  root.dataset.status = reply.status;
  setText(page.headline, reply.headline);
  setText(page.amount, reply.progress);
  setText(page.spoken, reply.spoken);
  drawProgress(page.progress, reply.share, `${reply.headline}: ${reply.progress}`);
  for (const [name, html] of Object.entries(reply.sections)) drawPart(page, name, html);
  for (const name of ["charts", "samples", "judges"]) page.sections[name].hidden = !reply.sections[name];
}

// While a run is in progress its progress comes first; of a finished one the answer does, and how it went is folded below it. What a
// person has opened meanwhile stays open.
function arrange(page, reply) {
  const { root, parts } = page;
  const finished = reply.status === "finished";
  const wanted = `${reply.run} ${finished}`;
  if (page.arranged === wanted && root.childElementCount) return;
  if (page.run !== reply.run || !page.sections) page.sections = makeSections(page, !finished);
  const { head, state, charts, samples, log, pooled, result, judges, answer, folds } = page.sections;
  const focused = document.activeElement;
  if (!finished) state.insertBefore(parts.messages, page.spoken);
  folds.replaceChildren(state, charts, samples, log);
  root.replaceChildren(...(finished ? [head, parts.messages, parts.series, answer, pooled, result, judges, folds] : [head, state, parts.series, charts, samples, log, answer, pooled, result]));
  if (focused !== document.activeElement && root.contains(focused)) focused.focus();
  Object.assign(page, { run: reply.run, arranged: wanted });
}

function drawPart(page, name, html) {
  if (page.shown[name] === html) return;
  page.shown[name] = html;
  const part = page.parts[name];
  const hadFocus = part.contains(document.activeElement);
  const log = name === "log" && part.querySelector(".cs-log");
  const atEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const offset = log ? log.scrollTop : 0;
  const opened = openFolds(part);
  fragment(part, html);
  openAgain(part, opened);
  if (name === "samples") showSteps(page);
  const drawn = name === "log" && part.querySelector(".cs-log");
  if (drawn) drawn.scrollTop = atEnd ? drawn.scrollHeight : offset;
  if (hadFocus) (part.querySelector("button:not([disabled]), a, [tabindex]") ?? page.headline).focus();
}

function makeSections(page, open) {
  const { parts, headline, amount, progress, problem, spoken } = page;
  const log = h("details", { class: "cs-run-log" }, h("summary", {}, "Log"), parts.log);
  log.addEventListener("toggle", () => {
    const text = parts.log.querySelector(".cs-log");
    if (text && log.open) text.scrollTop = text.scrollHeight;
  });
  const section = (label, kind, ...nodes) => h("section", { class: `cs-run-${kind}`, "aria-label": label }, nodes);
  return {
    head: h("header", { class: "cs-run-head", id: "content" }, parts.head, parts.actions),
    state: section("Status", "state", h("div", { class: "cs-state-line" }, headline, amount), progress.bar, parts.phases, problem, spoken),
    charts: fold("charts", h("h2", {}, "How it learns"), open, parts.charts),
    samples: fold("samples", h("h2", {}, "Replies while it learns"), open, picker(page), parts.samples),
    log,
    answer: section("The answer", "answer", parts.answer),
    pooled: section("Over all seeds", "result", parts.pooled),
    result: section("Result", "result", parts.result),
    judges: fold("judges", h("h2", {}, "A model as judge"), false, parts.judges, page.asking.problem, page.asking.form),
    folds: section("How the run went", "folds"),
  };
}

function picker(page) {
  const buttons = Object.entries(PICKS).map(([name, label]) => h("button", { type: "button", class: "cs-tab", "data-pick": name, "aria-pressed": `${page.pick === name}` }, label));
  const node = h("div", { class: "cs-tabs", role: "group", "aria-label": "Which step" }, buttons);
  node.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-pick]");
    if (!chosen) return;
    page.pick = chosen.dataset.pick;
    buttons.forEach((each) => each.setAttribute("aria-pressed", `${each === chosen}`));
    showSteps(page);
  });
  return node;
}

// Newest step first in the document.
function showSteps({ parts, pick }) {
  const steps = [...parts.samples.querySelectorAll("[data-step]")];
  steps.forEach((step, i) => (step.hidden = pick === "latest" ? i !== 0 : pick === "first" ? i !== steps.length - 1 : false));
}

async function act(page, event) {
  const button = event.target.closest("[data-action]");
  if (!button || button.disabled || isSecond(event)) return; // where Stop was, Resume may be by now
  if (button.dataset.action === "delete") return askToDelete(page, button);
  if (button.dataset.action === "copy") return void copyFrom(button, button.closest(".cs-command").querySelector("pre"));
  const problem = button.dataset.asking ? page.asking.problem : page.problem;
  problem.textContent = "";
  const ask = () => page.ask(button.dataset.action, { run: page.run, ...(button.dataset.asking && { asking: Number(button.dataset.asking) }) });
  const reply = await whileBusy([button], ask); // who pressed it has the focus on it again, to be handed on by drawPart
  if (reply?.kind !== "run") return void (problem.textContent = problemOf(reply));
  drawAndWatch(page, reply);
  if (document.activeElement === document.body) page.headline.focus(); // the button went while its answer was waited for
}
