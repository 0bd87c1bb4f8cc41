// What else changed? Finished runs that are ticked, each measured on the texts of all; how many rows and minutes before the click.
import { field, h, isolated, newKey, problemOf, setText, whileBusy } from "../studio.js";
import { driftText } from "./words.js";

const SAYS = "What did training change beside what it was for? Every check of every text judges the replies of the base, of each text in the prompt, of each run’s adapter with its text and with none, and of decoding rules that know no principle. What is shown to have changed beside what a run was trained for is an alarm, corrected for the number of cells.";
const PAUSE_MS = 250;
const MOST_QUERIES = 96; // app/services/lab_jobs.py
const LEAST = 2; // core/lab/drift/plan.py

// What is wrong with a choice before anybody is asked.
export function problemIn(runs, limit) {
  if (runs.length < LEAST) return `Tick at least ${LEAST} runs, of different texts.`;
  return Number.isInteger(limit) && limit >= 1 && limit <= MOST_QUERIES ? "" : `Held-out queries must be a whole number from 1 to ${MOST_QUERIES}.`;
}

export function makeDrift(ask, runs) {
  const form = {
    ask,
    key: newKey(), // of the form as it stands: a second click asks for the same matrix
    turn: 0,
    timer: null,
    boxes: runs.map(({ run }) => h("input", { type: "checkbox", class: "cs-tick", id: `drift-${run}`, value: run })),
    limit: h("input", { class: "cs-input cs-short", id: "drift-limit", type: "number", min: "1", max: MOST_QUERIES, step: "1", value: "24", inputmode: "numeric" }),
    told: h("p", { class: "cs-number", role: "status" }),
    problem: h("p", { class: "cs-problem", role: "alert", id: "drift-problem" }),
    go: h("button", { type: "submit", class: "cs-button", disabled: true, "aria-describedby": "drift-problem" }, "Queue the matrix"),
  };
  const labels = runs.map(({ run, constitution, version, model }, i) => h("label", { for: `drift-${run}`, class: "cs-ticked" }, form.boxes[i], h("span", {}, `Run ${run}: ${isolated(constitution)}, version ${version}`, " ", h("span", { class: "cs-quiet" }, model))));
  const choice = h("fieldset", { class: "cs-lab-runs", tabindex: "0", "aria-label": "Finished runs" }, h("legend", {}, "Finished runs"), labels);
  const enough = runs.length >= LEAST;
  const parts = [choice, field(form.limit.id, "Held-out queries, at most", form.limit), form.told, form.problem, h("div", {}, form.go)];
  const node = h("form", { class: "cs-lab-drift-form", novalidate: true }, ...(enough ? parts : [h("p", { class: "cs-quiet" }, "It needs two finished runs, of different texts. They appear here.")]));
  node.addEventListener("input", () => later(form));
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    void begin(form);
  });
  return h("section", { class: "cs-lab-list cs-lab-drift", "aria-labelledby": "drift-title" }, h("h2", { id: "drift-title" }, "What else changed?"), h("p", { class: "cs-quiet" }, SAYS), node);
}

const ticked = ({ boxes }) => boxes.filter(({ checked }) => checked).map(({ value }) => Number(value)).sort((one, other) => one - other);

function later(form) {
  clearTimeout(form.timer);
  form.go.disabled = true;
  form.timer = setTimeout(() => changed(form), PAUSE_MS);
}

async function changed(form) {
  form.key = newKey();
  const runs = ticked(form);
  const problem = problemIn(runs, Number(form.limit.value));
  setText(form.told, "");
  setText(form.problem, problem);
  if (problem) return;
  const turn = (form.turn += 1);
  const reply = await form.ask("plan_drift", () => ({ runs, limit: Number(form.limit.value) }));
  if (form.turn !== turn) return; // changed meanwhile
  if (reply?.kind !== "drift-plan") return void setText(form.problem, problemOf(reply));
  setText(form.told, driftText(reply.planned));
  form.go.disabled = false;
}

async function begin(form) {
  setText(form.problem, "");
  const question = { runs: ticked(form), limit: Number(form.limit.value), key: form.key };
  const reply = await whileBusy([form.go], () => form.ask("begin_drift", question));
  if (reply === undefined) return;
  if (reply?.kind !== "lab") return void setText(form.problem, problemOf(reply));
  location.assign(`./lab?lab=${reply.lab.id}`);
}
