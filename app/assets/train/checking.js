// The check on the Train page: what the base already does, asked without beginning a run. It stays what it is while the form changes,
// and says so.
import { drawProgress, makeProgress } from "../progress.js";
import { fragment, h, listenWhile, newKey, problemOf, setText } from "../studio.js";

// `form`: what the check asks about: its present `key`, its `button`, which can be pressed when the form is whole, and `data()`.
export function makeChecking(element, channel, form) {
  const checking = {
    form,
    ask: channel.ask,
    stopAsking: channel.stop,
    key: null, // of the check that is shown
    about: null, // the key of the form that it is about
    running: false,
    check: h("button", { type: "button", class: "cs-button", disabled: true, "aria-describedby": "train-check-says", onclick: () => void start(checking) }, "Check"),
    stop: h("button", { type: "button", class: "cs-button", hidden: true, onclick: () => leave(checking) }, "Stop"),
    progress: makeProgress("Progress of the check", true),
    note: h("p", { class: "cs-quiet cs-number" }),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    stale: h("p", { class: "cs-notice", hidden: true }, "The form has changed since you pressed Check."),
    findings: h("div"),
  };
  listenWhile(element, window, "pageshow", (event) => {
    if (event.persisted && checking.running) fail(checking, "The check ended when this page was left. Check again.");
  });
  return checking;
}

export function checkingBox({ check, stop, progress, note, spoken, problem, stale, findings }) {
  const says = h("p", { class: "cs-quiet", id: "train-check-says" }, "A run begins by asking the base whether it ever does what the principles say. Check asks the same, and trains nothing.");
  const state = h("div", { class: "cs-checking-progress" }, progress.bar, note);
  return h("section", { class: "cs-checking", "aria-labelledby": "train-check-title" }, h("h2", { id: "train-check-title" }, "What the base already does"), says, h("div", { class: "cs-checking-go" }, check, stop, state), spoken, problem, stale, findings);
}

async function start(checking) {
  const { form } = checking;
  if (checking.running || form.button.disabled) return;
  Object.assign(checking, { key: newKey(), about: form.key });
  checking.problem.textContent = "";
  checking.findings.replaceChildren();
  showStale(checking);
  showRunning(checking, true);
  showProgress(checking, { note: "asking the studio", share: null, spoken: "Checking" });
  const started = checking.key;
  const reply = await checking.ask("check", { ...form.data(), key: started });
  if (reply?.kind === "check") return drawCheck(checking, reply);
  if (checking.key !== started || !checking.running) return; // stopped meanwhile
  if (!reply) checking.stopAsking(); // or it would go on, and nobody hear of it
  fail(checking, problemOf(reply));
}

export function drawCheck(checking, reply) {
  if (reply.key !== checking.key || !checking.running) return; // a last word from before Stop, or the last one again
  showProgress(checking, reply);
  if (reply.running) return;
  if (reply.problem) return fail(checking, reply.problem);
  showRunning(checking, false);
  fragment(checking.findings, reply.html);
  if (reply.check != null) history.replaceState(history.state, "", `./train?check=${reply.check}`); // so that a reload, or Back from its cards, shows it again
}

// A check that is kept, as the marks on its replies make it; the form is the one that it is about.
export function showKept(checking, reply) {
  checking.about = checking.form.key;
  fragment(checking.findings, reply.html);
  showStale(checking);
}

// The connection ended before the check did.
export function breakOff(checking, reply) {
  if (checking.running) fail(checking, problemOf(reply));
}

function fail(checking, message) {
  showRunning(checking, false);
  showProgress(checking, { note: "", share: null, spoken: "" });
  checking.problem.textContent = message;
}

// The server closes its generator, and so the model host stops after the token in hand.
function leave(checking) {
  checking.stopAsking();
  showProgress(checking, { note: "Stopped.", share: null, spoken: "Stopped." });
  showRunning(checking, false);
}

function showRunning(checking, yes) {
  const { check, stop, progress, form } = checking;
  checking.running = yes;
  if (!yes && document.activeElement === stop) check.focus();
  check.setAttribute("aria-disabled", `${yes}`);
  stop.hidden = progress.bar.hidden = !yes;
  checkable(checking, !form.button.disabled);
  showStale(checking);
}

// What runs keeps its button, or the focus would be lost.
export function checkable({ check, running }, yes) {
  check.disabled = !yes && !running;
}

function showProgress(checking, { note, share, spoken }) {
  const says = note && note[0].toUpperCase() + note.slice(1);
  checking.note.textContent = says;
  setText(checking.spoken, spoken);
  drawProgress(checking.progress, share, says);
}

export function showStale(checking) {
  const shown = checking.running || checking.findings.childElementCount > 0;
  checking.stale.hidden = !shown || checking.about === checking.form.key;
}
