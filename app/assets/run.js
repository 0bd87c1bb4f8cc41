// The page of a run. The server sends each part as a fragment; only parts that changed are drawn again, so that what a
// person has opened, chosen or selected stays as it is while the run goes on.
const root = element.querySelector(".cs-runpage");
const shown = {}; // part -> the fragment it shows
const parts = {};
for (const name of ["head", "actions", "messages", "phases", "charts", "samples", "log", "result"]) parts[name] = h("div", { class: `cs-part cs-part-${name}` });
const headline = h("p", { class: "cs-headline" });
const fill = h("span", { class: "cs-bar-fill" });
const bar = h("div", { class: "cs-progress", role: "progressbar", "aria-label": "Progress of the run", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
const amount = h("p", { class: "cs-amount cs-number" });
const spoken = h("p", { class: "cs-sr", role: "status" });
const problem = h("p", { class: "cs-problem", role: "alert" });
const samplesPart = h("section", { class: "cs-run-samples", hidden: true, "aria-label": "Replies sampled during training" });
const chartsPart = h("section", { class: "cs-run-charts", hidden: true, "aria-label": "How it learns" }, h("h2", {}, "How it learns"), parts.charts);
const picks = { first: "Before training", latest: "Latest", all: "All" };
let pick = "latest";
let run = null;

unasked.run = draw;
unasked.none = (reply) => {
  const said = reply.message ? h("div", { class: "cs-notice" }, h("p", { role: "alert" }, reply.message)) : "";
  root.replaceChildren(h("div", { id: "content" }, h("h1", {}, "Which run?"), said, fragment(h("div"), reply.html)));
};

function draw(reply) {
  if (run !== reply.run || !root.childElementCount) {
    run = reply.run;
    props.value = { run }; // what the timer's question carries
    root.replaceChildren(...layout());
  }
  document.title = reply.title;
  root.dataset.status = reply.status;
  setText(headline, reply.headline);
  setText(amount, reply.progress);
  setText(spoken, reply.spoken);
  const percent = Math.round(reply.share * 100);
  fill.style.width = `${reply.share * 100}%`;
  bar.setAttribute("aria-valuenow", percent);
  bar.setAttribute("aria-valuetext", `${reply.headline}: ${reply.progress}`);
  for (const [name, html] of Object.entries(reply.sections)) drawPart(name, html);
  chartsPart.hidden = !reply.sections.charts;
  samplesPart.hidden = !reply.sections.samples;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function drawPart(name, html) {
  if (shown[name] === html) return;
  shown[name] = html;
  const part = parts[name];
  const hadFocus = part.contains(document.activeElement);
  const log = name === "log" && part.querySelector(".cs-log");
  const atEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const offset = log ? log.scrollTop : 0;
  fragment(part, html);
  if (name === "samples") showSteps();
  const drawn = name === "log" && part.querySelector(".cs-log");
  if (drawn) drawn.scrollTop = atEnd ? drawn.scrollHeight : offset;
  if (hadFocus) (part.querySelector("button:not([disabled]), a, [tabindex]") ?? headline).focus();
}

function layout() {
  headline.tabIndex = -1;
  const log = h("details", { class: "cs-run-log" }, h("summary", {}, "Log"), parts.log);
  log.addEventListener("toggle", () => {
    const text = parts.log.querySelector(".cs-log");
    if (text && log.open) text.scrollTop = text.scrollHeight;
  });
  samplesPart.replaceChildren(h("div", { class: "cs-samples-head" }, h("h2", {}, "Replies while it learns"), picker()), parts.samples);
  return [
    h("header", { class: "cs-run-head", id: "content" }, parts.head, parts.actions),
    h("section", { class: "cs-run-state", "aria-label": "Status" }, h("div", { class: "cs-state-line" }, headline, amount), bar, parts.phases, problem, parts.messages, spoken),
    chartsPart,
    samplesPart,
    log,
    h("section", { class: "cs-run-result", "aria-label": "Result" }, parts.result),
  ];
}

function picker() {
  const buttons = Object.entries(picks).map(([name, label]) => h("button", { type: "button", class: "cs-tab", "data-pick": name, "aria-pressed": String(pick === name) }, label));
  const node = h("div", { class: "cs-tabs", role: "group", "aria-label": "Which step" }, buttons);
  node.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-pick]");
    if (!chosen) return;
    pick = chosen.dataset.pick;
    buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === chosen)));
    showSteps();
  });
  return node;
}

// Newest step first in the document.
function showSteps() {
  const steps = [...parts.samples.querySelectorAll("[data-step]")];
  steps.forEach((step, i) => (step.hidden = pick === "latest" ? i !== 0 : pick === "first" ? i !== steps.length - 1 : false));
}

root.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action]");
  if (!button || button.disabled) return;
  button.disabled = true;
  problem.textContent = "";
  const question = { run };
  const reply = await (button.dataset.action === "stop" ? ask("stop", question) : ask("resume", question));
  if (reply?.kind === "run") return draw(reply);
  button.disabled = false;
  problem.textContent = reply?.message ?? "The studio does not answer. Try again in a moment.";
});

if (props.reply && unasked[props.reply.kind]) unasked[props.reply.kind](props.reply);
