// The Compare page: a question, and its replies in panes that fill in step.
import { inAddress, openChannel } from "../channel.js";
import { emptyRoot, fragment, h, isolated, notOpened, problemOf, setText, setTitle } from "../studio.js";
import { afterwardsNodes } from "./afterwards.js";
import { fill, makeForm, offer, offerScenarios, read, showBusy, tell } from "./form.js";
import { drawPane, halt, makePane, showScores } from "./pane.js";

const ASKED_CHARS = 60; // of a query, in the window's title
const LEDE = "One query, answered by the base model and by the trained one, each with and without the constitution in its prompt. Same seed, same sampling.";

export function mount({ element }) {
  const channel = openChannel("compare");
  const page = makePage(element, channel.ask);
  page.form.node.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!page.running) compare(page);
  });
  page.form.stop.addEventListener("click", () => {
    channel.stop("compare", "redo"); // the server closes its generator and keeps what was written
    stop(page);
  });
  channel.hear({ comparison: (reply) => draw(page, reply), problem: (reply) => refuse(page, reply), fault: (reply) => refuse(page, reply) });
  void channel.ask("opened", inAddress("comparison", "run", "version", "constitution")).then((reply) => (reply?.kind === "page" ? open(page, reply) : notOpened(page.root, reply)));
}

function makePage(element, ask) {
  const page = {
    ask,
    root: emptyRoot(element, ".cs-compare"),
    form: makeForm(),
    id: null, // of the comparison that is shown
    running: false,
    panes: {},
    notice: h("div", { class: "cs-notice", hidden: true }, h("p", { role: "alert" })),
    recent: h("div"),
    status: h("p", { class: "cs-status", role: "status" }),
    again: h("button", { type: "button", class: "cs-link", hidden: true, onclick: () => redo(page) }, "Finish the replies"),
    settings: h("p", { class: "cs-quiet cs-asked" }),
    query: h("blockquote", { class: "cs-text cs-asked-query", dir: "auto" }),
    remarks: h("div", { class: "cs-remarks" }),
    grid: h("div", { class: "cs-panes" }),
    afterwards: h("div", { class: "cs-afterwards", hidden: true }),
  };
  const { query, status, again, settings, remarks, grid, afterwards } = page;
  page.replies = h("section", { class: "cs-comparison", hidden: true, "aria-label": "Replies" }, query, h("div", { class: "cs-comparison-bar" }, status, again, settings), remarks, grid, afterwards);
  return page;
}

function showTitle({ form, query }) {
  const asked = query.textContent.length > ASKED_CHARS ? `${query.textContent.slice(0, ASKED_CHARS)} …` : query.textContent;
  setTitle(asked && isolated(asked), form.source.value && form.source.selectedOptions[0].textContent, "Compare");
}

function open(page, reply) {
  offer(page.form, reply.sources, reply.chosen);
  fragment(page.recent, reply.recent);
  page.root.replaceChildren(...layout(page, reply));
  if (reply.comparison) {
    fill(page.form, reply.comparison);
    page.query.textContent = reply.comparison.query;
    draw(page, reply.comparison);
  }
  warn(page, reply.problem);
  page.form.source.addEventListener("change", () => {
    showTitle(page);
    void askScenarios(page);
  });
  showTitle(page);
  void askScenarios(page);
}

// What is compared may have been changed before the answer is there; without one, the query is typed.
async function askScenarios({ ask, form }) {
  offerScenarios(form, []);
  if (!form.source.value) return;
  const reply = await ask("scenarios", { source: form.source.value });
  if (reply?.kind === "scenarios" && reply.source === form.source.value) offerScenarios(form, reply.scenarios);
}

function layout({ form, notice, recent, replies }, reply) {
  const untrained = !reply.sources.some((each) => each.run != null);
  const begin = h("p", {}, "No run is finished yet, so there is no trained model to compare. ", h("a", { href: "./train" }, "Train one"), "; until then the base can be compared with and without a constitution in its prompt.");
  return [
    h("header", { class: "cs-compare-head" }, h("h1", {}, "Compare"), h("p", { class: "cs-lede" }, LEDE)),
    notice,
    untrained && h("div", { class: "cs-notice" }, begin),
    h("div", { class: "cs-paper", id: "content" }, form.node, replies),
    h("section", { class: "cs-earlier", "aria-label": "Recent comparisons" }, h("h2", {}, "Recent comparisons"), recent),
  ].filter(Boolean);
}

function warn({ notice }, text) {
  notice.firstChild.textContent = text;
  notice.hidden = !text;
}

async function compare(page) {
  const asked = read(page.form);
  begin(page);
  const reply = await page.ask("compare", asked);
  if (reply?.kind !== "comparison") return refuse(page, reply);
  page.query.textContent = asked.query.trim();
  showTitle(page);
  draw(page, reply);
  page.replies.scrollIntoView({ block: "nearest" });
}

async function redo(page) {
  if (page.running) return;
  begin(page);
  const reply = await page.ask("redo", { comparison: page.id });
  if (reply?.kind !== "comparison") return refuse(page, reply);
  draw(page, reply);
}

function begin(page) {
  tell(page.form, "");
  warn(page, "");
  page.running = true;
  showBusy(page.form, true);
}

function refuse(page, reply) {
  settle(page);
  tell(page.form, problemOf(reply));
}

function settle(page) {
  page.running = false;
  showBusy(page.form, false);
}

function stop(page) {
  Object.values(page.panes).forEach(halt);
  settle(page);
  page.status.textContent = "Stopped.";
  page.again.hidden = false;
  page.form.go.focus();
}

function draw(page, reply) {
  if (reply.id !== page.id) show(page, reply);
  if (reply.running && !page.running) return; // a last word from before Stop
  page.running = reply.running;
  showBusy(page.form, reply.running);
  const ready = reply.panes.filter((pane) => pane.state === "done").length;
  setText(page.status, reply.problem || reply.note || (reply.running ? `${ready} of ${reply.panes.length} replies finished` : ""));
  page.status.dataset.tone = reply.problem ? "problem" : "";
  for (const pane of reply.panes) drawPane(page.panes[pane.key], pane);
  if (!reply.running) finish(page, reply);
}

// Panes for another comparison than the one that was shown.
function show(page, reply) {
  const { grid, remarks, afterwards, settings, again } = page;
  page.id = reply.id;
  page.panes = Object.fromEntries(reply.panes.map((pane) => [pane.key, makePane(pane)]));
  grid.replaceChildren(...Object.values(page.panes).map((pane) => pane.node));
  for (const node of [remarks, afterwards, settings]) node.replaceChildren();
  afterwards.hidden = again.hidden = true;
  page.replies.hidden = false;
  if (!location.search.includes(reply.id)) history.replaceState(null, "", reply.href);
}

function finish(page, reply) {
  page.again.hidden = !reply.unfinished;
  if (!reply.problem) setText(page.status, reply.unfinished ? "Not all replies are finished." : "");
  fragment(page.settings, reply.asked);
  page.remarks.replaceChildren(...reply.remarks.map((text) => h("div", { class: "cs-notice" }, h("p", {}, text))));
  for (const [key, pane] of Object.entries(page.panes)) showScores(pane, reply.scores[key]);
  page.afterwards.replaceChildren(...afterwardsNodes(page.ask, reply));
  page.afterwards.hidden = false;
  if (reply.recent) fragment(page.recent, reply.recent);
}
