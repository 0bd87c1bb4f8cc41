// The replies: panes that fill in step, what differs between two of them, and what proves which is which.
const root = element.querySelector(".cs-compare");
const lede = "One query, answered by the base model and by the aligned one, each with and without the constitution in its prompt. Same seed, same sampling.";
const notice = h("div", { class: "cs-notice", hidden: true }, h("p", { role: "alert" }));
const recent = h("div");
const status = h("p", { class: "cs-status", role: "status" });
const again = h("button", { type: "button", class: "cs-link", hidden: true, onclick: () => start("redo", { comparison: shown.id }) }, "Finish the replies");
const settings = h("p", { class: "cs-quiet cs-asked" });
const question = h("blockquote", { class: "cs-text cs-asked-query" });
const remarks = h("div", { class: "cs-remarks" });
const grid = h("div", { class: "cs-panes" });
const afterwards = h("div", { class: "cs-afterwards", hidden: true });
const result = h("section", { class: "cs-comparison", hidden: true, "aria-label": "Replies" }, question, h("div", { class: "cs-comparison-bar" }, status, again, settings), remarks, grid, afterwards);
let panes = {};
let shown = { id: null, running: false };

unasked.page = (reply) => {
  form.offer(reply.sources, reply.chosen);
  fragment(recent, reply.recent);
  root.replaceChildren(...layout(reply));
  if (reply.comparison) {
    form.fill(reply.comparison);
    question.textContent = reply.comparison.query;
    draw(reply.comparison);
  }
  warn(reply.problem);
};
unasked.comparison = draw;
unasked.problem = (reply) => {
  settle();
  form.tell(reply.message);
};

function layout(reply) {
  const untrained = !reply.sources.some((each) => each.run != null);
  const begin = h("p", {}, "No run is finished yet, so there is no aligned model to compare. ", h("a", { href: "./train" }, "Train one"), "; until then the base can be compared with and without a constitution in its prompt.");
  return [
    h("header", { class: "cs-compare-head" }, h("h1", {}, "Compare"), h("p", { class: "cs-lede" }, lede)),
    notice,
    untrained && h("div", { class: "cs-notice" }, begin),
    h("div", { class: "cs-paper", id: "content" }, form.node, result),
    h("section", { class: "cs-earlier", "aria-label": "Recent comparisons" }, h("h2", {}, "Recent comparisons"), recent),
  ].filter(Boolean);
}

function warn(text) {
  notice.firstChild.textContent = text;
  notice.hidden = !text;
}

form.node.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!shown.running) start("compare", form.read());
});
form.stop.addEventListener("click", () => {
  trigger("stop"); // the server closes its generator and keeps what was written
  for (const pane of Object.values(panes)) pane.halt();
  settle();
  status.textContent = "Stopped.";
  again.hidden = false;
  form.go.focus();
});

async function start(event, payload) {
  form.tell("");
  warn("");
  shown.running = true;
  form.busy(true);
  const reply = await (event === "compare" ? ask("compare", payload) : ask("redo", payload));
  if (reply?.kind !== "comparison") {
    settle();
    form.tell(reply?.message ?? silence);
    return;
  }
  if (event === "compare") question.textContent = payload.query.trim();
  draw(reply);
  if (event === "compare") result.scrollIntoView({ block: "nearest" });
}

function settle() {
  shown.running = false;
  form.busy(false);
}

function draw(reply) {
  if (reply.id !== shown.id) begin(reply);
  if (reply.running && !shown.running) return; // a last word from before Stop
  shown.running = reply.running;
  form.busy(reply.running);
  const ready = reply.panes.filter((pane) => pane.state === "done").length;
  setText(status, reply.problem || reply.note || (reply.running ? `${ready} of ${reply.panes.length} replies finished` : ""));
  status.dataset.tone = reply.problem ? "problem" : "";
  for (const pane of reply.panes) panes[pane.method].draw(pane);
  if (!reply.running) finish(reply);
}

function begin(reply) {
  shown.id = reply.id;
  panes = Object.fromEntries(reply.panes.map((pane) => [pane.method, makePane(pane)]));
  grid.replaceChildren(...Object.values(panes).map((pane) => pane.node));
  grid.dataset.panes = reply.panes.length;
  for (const node of [remarks, afterwards, settings]) node.replaceChildren();
  afterwards.hidden = again.hidden = true;
  result.hidden = false;
  if (!location.search.includes(reply.id)) history.replaceState(null, "", reply.href);
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function makePane(first) {
  const id = `pane-${first.method.replace("+", "-")}`;
  const adapter = h("span", { class: "cs-pane-adapter" });
  const text = h("p", { class: "cs-text" });
  const foot = h("p", { class: "cs-quiet cs-number" });
  const problem = h("p", { class: "cs-problem" });
  const checks = h("ul", { class: "cs-checks" });
  const scores = h("details", { class: "cs-scores", hidden: true }, h("summary", {}, "Token by token"), h("div"));
  const head = h("header", {}, h("h3", { id }, first.policy, " ", h("span", {}, first.prompt)), h("p", { class: "cs-quiet" }, adapter));
  const node = h("article", { class: "cs-pane", "aria-labelledby": id, "data-method": first.method }, head, text, problem, foot, checks, scores);
  const draw = (pane) => {
    node.dataset.state = pane.state;
    node.setAttribute("aria-busy", `${pane.state === "waiting" || pane.state === "writing"}`);
    setText(adapter, pane.adapter);
    setText(text, pane.text);
    setText(problem, pane.error);
    setText(foot, [pane.length, pane.says].filter(Boolean).join(" · "));
    if (pane.checks.length !== checks.childElementCount) checks.replaceChildren(...pane.checks.map(verdict));
  };
  const halt = () => {
    if (node.dataset.state === "done" || node.dataset.state === "failed") return;
    node.dataset.state = "stopped";
    node.setAttribute("aria-busy", "false");
    setText(foot, "not finished");
  };
  const score = (html) => {
    scores.hidden = !html;
    if (html) fragment(scores.lastChild, html);
  };
  return { node, draw, halt, score };
}

// What a program finds, in a sign and in words; whether that is wanted depends on the side that was in the prompt.
function verdict(check) {
  const [sign, says] = check.follows === null ? ["?", "cannot be judged"] : check.follows ? ["✓", "follows"] : ["✗", "does not follow"];
  const mark = h("span", { class: "cs-check-mark", "aria-hidden": "true" }, sign);
  return h("li", { title: check.says, "data-follows": check.follows }, mark, h("span", { class: "cs-sr" }, `${says}: `), check.title);
}

function finish(reply) {
  again.hidden = !reply.unfinished;
  if (!reply.problem) setText(status, reply.unfinished ? "Not all replies are finished." : "");
  fragment(settings, reply.asked);
  remarks.replaceChildren(...reply.remarks.map((text) => h("div", { class: "cs-notice" }, h("p", {}, text))));
  for (const [method, pane] of Object.entries(panes)) pane.score(reply.scores[method]);
  afterwards.replaceChildren(differences(reply), link(reply), proof(reply));
  afterwards.hidden = false;
  if (reply.recent) fragment(recent, reply.recent);
}

function differences(reply) {
  const body = fragment(h("div", { class: "cs-difference", "aria-live": "polite" }), reply.diff);
  if (reply.methods.length < 2) return "";
  const choose = (chosen) => h("select", { class: "cs-input", onchange: show }, reply.methods.map((m) => h("option", { value: m.method, selected: m.method === chosen }, m.name)));
  const [first, second] = reply.pair.map(choose);
  first.setAttribute("aria-label", "From");
  second.setAttribute("aria-label", "To");

  async function show() {
    const answer = await ask("diff", { comparison: reply.id, first: first.value, second: second.value });
    if (answer?.kind === "diff") fragment(body, answer.html);
    else body.replaceChildren(h("p", { class: "cs-problem" }, answer?.message ?? silence));
  }

  const bar = h("div", { class: "cs-difference-bar" }, h("h2", {}, "Differences"), first, h("span", { class: "cs-quiet" }, "to"), second);
  return h("section", { "aria-label": "Differences" }, bar, body);
}

function link(reply) {
  const address = new URL(reply.href, location.href).href;
  const copied = h("span", { class: "cs-said", role: "status" });
  const copy = async () => {
    await navigator.clipboard.writeText(address).then(
      () => (copied.textContent = "Copied."),
      () => (copied.textContent = "The browser did not allow it; copy the link itself."),
    );
  };
  return h("p", { class: "cs-actions" }, h("a", { href: reply.href }, "Link to this comparison"), h("button", { type: "button", class: "cs-link", onclick: copy }, "Copy the link"), copied);
}

function proof(reply) {
  return h("details", { class: "cs-proofs" }, h("summary", {}, "What each pane is: prompt and adapter"), fragment(h("div"), reply.proof));
}

if (props.reply && unasked[props.reply.kind]) unasked[props.reply.kind](props.reply);
