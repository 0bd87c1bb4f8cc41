// What the Train page asks the model host for beside a run, and keeps: begun, followed, stopped, found again after a reload, deleted. What was found stays
// what it is while the form changes, and says so.
import { askToDeleteKept } from "../deleting.js";
import { drawProgress, makeProgress } from "../progress.js";
import { fragment, h, listenWhile, newKey, problemOf, setText } from "../studio.js";

// `of`: what is asked: its `name` (of the endpoint, of its answers, in the address), its `words`, `data()`, `formKey()` (of the form as it stands),
// and `kept()`, told when the address has another one to name.
export function makeAsking(element, channel, of) {
  const { name, words } = of;
  const asking = {
    of,
    element,
    ask: channel.ask,
    stopAsking: channel.stop,
    key: null, // of what is shown
    about: null, // the key of the form that it is about
    kept: null, // its number, where it is kept
    ready: false, // whether it can be asked as things stand
    running: false,
    go: h("button", { type: "button", class: "cs-button", disabled: true, "aria-describedby": `${name}-says`, onclick: () => void start(asking) }, words.go),
    stop: h("button", { type: "button", class: "cs-button", hidden: true, onclick: () => leave(asking) }, "Stop"),
    progress: makeProgress(words.progress, true),
    note: h("p", { class: "cs-quiet cs-number" }),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    again: h("p", { class: "cs-quiet", role: "status" }),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    stale: h("p", { class: "cs-notice", hidden: true }, `The form has changed since you pressed ${words.go}.`),
    findings: h("div"),
    remove: h("button", { type: "button", class: "cs-link", hidden: true, onclick: () => void remove(asking) }, `Delete this ${name}…`),
  };
  listenWhile(element, window, "pageshow", (event) => {
    if (event.persisted && asking.running) fail(asking, words.left);
  });
  return asking;
}

// The parts in their order, from the button on.
export function askingParts({ go, stop, progress, note, spoken, again, problem, stale, findings, remove }) {
  const state = h("div", { class: "cs-checking-progress" }, progress.bar, note);
  return [h("div", { class: "cs-checking-go" }, go, stop, state), spoken, again, problem, stale, findings, h("p", { class: "cs-checking-remove" }, remove)];
}

async function start(asking) {
  const { of } = asking;
  if (asking.running) return setText(asking.again, "It is being asked already. Stop ends it.");
  if (!asking.ready) return;
  Object.assign(asking, { key: newKey(), about: of.formKey() });
  setText(asking.problem, "");
  clearFound(asking);
  showRunning(asking, true);
  showProgress(asking, { note: "asking the studio", share: null, spoken: of.words.begun });
  const started = asking.key;
  const reply = await asking.ask(of.name, { ...of.data(), key: started });
  if (reply?.kind === of.name) return drawAsking(asking, reply);
  if (asking.key !== started || !asking.running) return; // stopped meanwhile
  if (!reply) asking.stopAsking(); // or it would go on, and nobody hear of it
  fail(asking, problemOf(reply));
}

export function drawAsking(asking, reply) {
  if (reply.key !== asking.key || !asking.running) return; // a last word from before Stop, or the last one again
  showProgress(asking, reply);
  if (reply.running) return;
  if (reply.problem) return fail(asking, reply.problem);
  showRunning(asking, false);
  show(asking, reply);
  asking.of.kept(); // so that a reload, or Back from its cards, shows it again
}

// One that is kept; the form that the page begins with may be another.
export function showKept(asking, reply) {
  asking.about = reply.of_form ? asking.of.formKey() : null;
  show(asking, reply);
  showStale(asking);
}

// One that is kept and cannot be read any more: why stands above the form, and here it can be deleted.
export function showUnread(asking, number) {
  asking.kept = number;
  showRemove(asking, `Delete ${asking.of.name} ${number}…`);
}

function showRemove(asking, label) {
  setText(asking.remove, label);
  asking.remove.hidden = asking.kept == null;
}

function show(asking, reply) {
  fragment(asking.findings, reply.html);
  asking.kept = reply[asking.of.name];
  showRemove(asking, `Delete this ${asking.of.name}…`);
}

function clearFound(asking) {
  asking.findings.replaceChildren();
  asking.kept = null;
  asking.remove.hidden = true;
  showStale(asking);
}

// The connection ended before the last word.
export function breakOff(asking, reply) {
  if (asking.running) fail(asking, problemOf(reply));
}

function fail(asking, message) {
  showRunning(asking, false);
  showProgress(asking, { note: "", share: null, spoken: "" });
  asking.problem.textContent = message;
}

// The server closes its generator, and so the model host stops after the token in hand.
function leave(asking) {
  asking.stopAsking();
  showProgress(asking, { note: "Stopped.", share: null, spoken: "Stopped." });
  showRunning(asking, false);
}

function showRunning(asking, yes) {
  const { go, stop, progress } = asking;
  asking.running = yes;
  setText(asking.again, "");
  if (!yes && document.activeElement === stop) go.focus();
  go.setAttribute("aria-disabled", `${yes}`);
  stop.hidden = progress.bar.hidden = !yes;
  askable(asking, asking.ready);
  showStale(asking);
}

// What runs keeps its button, or the focus would be lost.
export function askable(asking, yes) {
  asking.ready = yes;
  asking.go.disabled = !yes && !asking.running;
}

function showProgress(asking, { note, share, spoken }) {
  const says = note && note[0].toUpperCase() + note.slice(1);
  asking.note.textContent = says;
  setText(asking.spoken, spoken);
  drawProgress(asking.progress, share, says);
}

export function showStale(asking) {
  const shown = asking.running || asking.findings.childElementCount > 0;
  asking.stale.hidden = !shown || asking.about === asking.of.formKey();
}

async function remove(asking) {
  const { of, element, ask, kept, go, problem } = asking;
  setText(problem, "");
  const done = ({ says }) => {
    clearFound(asking);
    of.kept();
    setText(asking.spoken, says);
    setText(asking.note, says);
  };
  const wrong = await askToDeleteKept({ ask, root: element.querySelector(".cs-page"), which: { [of.name]: kept }, done, opener: asking.remove, back: { focus: () => focusOnceAble(go) } });
  setText(problem, wrong);
}

// The form is read anew after a deletion, and for that moment its button can take no focus. Whoever has gone elsewhere meanwhile stays there.
function focusOnceAble(button) {
  if (!button.disabled) return button.focus();
  const observer = new MutationObserver(() => {
    if (button.disabled) return;
    observer.disconnect();
    if (document.activeElement === document.body) button.focus();
  });
  observer.observe(button, { attributes: true, attributeFilter: ["disabled"] });
}
