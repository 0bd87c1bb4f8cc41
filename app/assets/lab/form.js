// What a battery is to try: a version or a run, the probes that are ticked, and what they take here before the click.
import { poll } from "../channel.js";
import { field, h, isolated, listenWhile, newKey, problemOf, setText, setTitle, whileBusy } from "../studio.js";
import { makeDrift } from "./drift.js";
import { makeList } from "./list.js";
import { minutesText, sumText } from "./words.js";

const LEDE = "Is the mutual information between principles and replies sufficient for behaviour here? Each probe says beforehand what it predicts and what would count against it.";
const PAUSE_MS = 250;
const LIST_MS = 3000;
const MOST_QUERIES = 96; // app/services/lab_jobs.py
const NO_RUN = "Nothing trained: the text in the prompt";
const NO_VERSION = "No version is chosen. Choose the one to examine.";

export function openForm(page, reply) {
  const form = makeForm(page, reply);
  const list = makeList(page.ask);
  setTitle("Laboratory");
  const head = h("header", { class: "cs-lab-head" }, h("h1", {}, "Laboratory"), h("p", { class: "cs-lede" }, LEDE));
  const warning = reply.message ? h("div", { class: "cs-notice" }, h("p", { role: "alert" }, reply.message)) : "";
  const aside = h("aside", { class: "cs-preview cs-lab-before", "aria-label": "What this battery would be" }, h("h2", {}, "Before you click"), form.told, form.sum, form.problem, h("div", {}, form.go));
  page.root.classList.add("cs-lab-asking");
  page.root.replaceChildren(head, form.node, h("div", { class: "cs-beside" }, aside), makeDrift(page.ask, reply.runs), h("section", { class: "cs-lab-list", "aria-label": "Batteries" }, h("h2", {}, "Batteries"), list.node));
  form.node.prepend(warning);
  listenWhile(page.element, window, "pageshow", (event) => event.persisted && (form.key = newKey())); // back from a battery: a click now is another request
  showRuns(form);
  form.run.value = reply.run ?? "";
  changed(form);
  poll(page.element, async () => {
    await list.look();
    return LIST_MS;
  })(0);
}

function makeForm({ ask }, reply) {
  const option = (value, text) => h("option", { value }, text);
  const form = {
    ask,
    reply,
    key: newKey(), // of the form as it stands: a second click asks for the same battery
    timer: null,
    turn: 0, // of the questions what it would be; only the last one's answer is shown
    version: h("select", { class: "cs-input", id: "lab-version" }),
    run: h("select", { class: "cs-input", id: "lab-run" }),
    queries: h("select", { class: "cs-input", id: "lab-queries" }, reply.query_sets.map(({ id, name, held_out }) => option(id, `${isolated(name)}: ${held_out.toLocaleString("en")} held out`))),
    model: h("input", { class: "cs-input", id: "lab-model", type: "text", autocomplete: "off", spellcheck: "false", value: reply.model }),
    limit: h("input", { class: "cs-input cs-short", id: "lab-limit", type: "number", min: "1", max: MOST_QUERIES, step: "1", value: "24", inputmode: "numeric" }),
    told: h("p", { class: "cs-quiet" }),
    sum: h("p", { class: "cs-number cs-lab-sum", role: "status" }),
    problem: h("p", { class: "cs-problem", role: "alert", id: "lab-problem" }),
    go: h("button", { type: "submit", form: "content", class: "cs-button cs-button-main", "aria-describedby": "lab-problem" }, "Queue the battery"),
    probes: reply.probes.map(probeBox),
  };
  const none = reply.version == null ? [option("", "Choose a version…")] : [];
  form.version.append(...none, ...reply.versions.map(({ id, constitution, number, problem }) => option(id, `${isolated(constitution)}, version ${number}${problem ? " (cannot be read)" : ""}`)));
  form.version.value = reply.version ?? "";
  form.queriesField = field(form.queries.id, "Held-out queries of", form.queries);
  form.modelField = field(form.model.id, "Model (org/name, or a folder on this machine)", form.model);
  const choice = h("div", { class: "cs-lab-choice" }, field(form.version.id, "Constitution and version", form.version), field(form.run.id, "Run", form.run), form.modelField, form.queriesField, field(form.limit.id, "Held-out queries, at most", form.limit));
  form.node = h("form", { class: "cs-lab-form", id: "content", novalidate: true }, choice, ...systems(form.probes));
  form.version.addEventListener("change", () => showRuns(form));
  form.node.addEventListener("input", (event) => (event.target.type === "checkbox" ? ticked(form) : later(form)));
  form.node.addEventListener("submit", (event) => {
    event.preventDefault();
    void begin(form);
  });
  return form;
}

// A probe with what was said of it beforehand.
function probeBox(probe) {
  const id = `probe-${probe.key}`;
  const input = h("input", { type: "checkbox", class: "cs-tick", id, value: probe.key, "aria-describedby": `${id}-says` });
  const minutes = h("span", { class: "cs-quiet cs-number" });
  const lacks = h("p", { class: "cs-quiet cs-lab-lacks" });
  const says = [["What it does", probe.asks], ["Predicted", probe.prediction], ["Would count against it", probe.against], ["Needs", probe.needs.join(", ") || "nothing besides a version"]];
  const facts = h("dl", { class: "cs-lab-says", id: `${id}-says` }, says.map(([term, text]) => h("div", {}, h("dt", {}, term), h("dd", {}, text))));
  const label = h("label", { for: id, class: "cs-ticked" }, input, h("span", { class: "cs-lab-title" }, probe.title));
  return { probe, input, minutes, lacks, chosen: probe.quick, node: h("div", { class: "cs-lab-probe" }, h("div", { class: "cs-lab-probe-head" }, label, minutes), lacks, facts) };
}

// The boxes under the systems that they try, each by its paper.
function systems(boxes) {
  const keys = [...new Set(boxes.map(({ probe }) => probe.system))];
  return keys.map((key) => {
    const own = boxes.filter(({ probe }) => probe.system === key);
    const { of, paper } = own[0].probe;
    return h("fieldset", { class: "cs-lab-system" }, h("legend", {}, of), h("p", { class: "cs-quiet" }, paper), own.map(({ node }) => node));
  });
}

// Finished runs of the version that is chosen.
function showRuns({ run, version, reply }) {
  const own = reply.runs.filter(({ version_id }) => String(version_id) === version.value);
  run.replaceChildren(h("option", { value: "" }, own.length ? NO_RUN : `${NO_RUN} (no run of this version has finished)`), ...own.map((each) => h("option", { value: each.run }, `Run ${each.run}: ${each.model}`)));
}

function later(form) {
  clearTimeout(form.timer);
  form.timer = setTimeout(() => changed(form), PAUSE_MS);
}

// What is examined, as a question names it.
function about({ version, run, queries, model, limit }) {
  const of = run.value ? { run: Number(run.value) } : { version: Number(version.value), query_set: Number(queries.value), model: model.value };
  return { ...of, limit: Number(limit.value) };
}

// What is wrong with a form before anybody is asked.
export function problemIn(version, limit) {
  if (!version) return NO_VERSION;
  return Number.isInteger(limit) && limit >= 1 && limit <= MOST_QUERIES ? "" : `Held-out queries must be a whole number from 1 to ${MOST_QUERIES}.`;
}

async function changed(form) {
  form.key = newKey();
  form.queriesField.hidden = form.modelField.hidden = form.run.value !== "";
  form.go.disabled = true;
  const problem = problemIn(form.version.value, Number(form.limit.value));
  setText(form.problem, problem);
  if (problem) return;
  const turn = (form.turn += 1);
  const reply = await form.ask("plan", () => about(form));
  if (form.turn !== turn) return; // changed meanwhile
  if (reply?.kind !== "plan") return void setText(form.problem, problemOf(reply));
  setText(form.told, `Model ${isolated(reply.model)}; ${reply.held_out} held-out quer${reply.held_out === 1 ? "y" : "ies"} of “${isolated(reply.queries)}”.`);
  form.probes.forEach((box) => showPlanned(box, reply));
  ticked(form);
}

function showPlanned(box, { probes, lacks }) {
  const { minutes } = probes.find(({ key }) => key === box.probe.key) ?? { minutes: null };
  const missing = lacks[box.probe.key] ?? "";
  box.time = minutes;
  setText(box.minutes, minutesText(minutes));
  setText(box.lacks, missing && `It needs ${missing}. ${/adapter|record/.test(missing) ? "Choose a run." : "Choose other queries."}`);
  box.lacks.hidden = !missing;
  box.input.disabled = !!missing;
  box.input.checked = box.chosen && !missing; // what was ticked is again where it is possible again
}

const tickedBoxes = ({ probes }) => probes.filter(({ input }) => input.checked);

function ticked(form) {
  form.key = newKey();
  for (const box of form.probes) if (!box.input.disabled) box.chosen = box.input.checked;
  const boxes = tickedBoxes(form);
  setText(form.sum, sumText(boxes.map(({ time }) => time)));
  form.go.disabled = boxes.length === 0;
}

async function begin(form) {
  setText(form.problem, "");
  const question = { ...about(form), probes: tickedBoxes(form).map(({ input }) => input.value), key: form.key };
  const reply = await whileBusy([form.go], () => form.ask("begin", question));
  if (reply === undefined) return;
  if (reply?.kind !== "lab") return void setText(form.problem, problemOf(reply));
  location.assign(`./lab?lab=${reply.lab.id}`);
}
