// The check on the Train page: what the base already does, asked without beginning a run. It stays what it is while the form changes,
// and says so. `key`, `button`, `formData` and `usable` are the form's, in train.js.
const check = h("button", { type: "button", class: "cs-button", disabled: true, "aria-describedby": "train-check-says", onclick: () => void startCheck() }, "Check");
const stopCheck = h("button", { type: "button", class: "cs-button", hidden: true, onclick: leaveCheck }, "Stop");
const probe = { key: null, form: null, running: false }; // the check shown: its own key, and that of the form it is about
const probed = {
  fill: h("span", { class: "cs-bar-fill" }),
  note: h("p", { class: "cs-quiet cs-number" }),
  spoken: h("p", { class: "cs-sr", role: "status" }),
  problem: h("p", { class: "cs-problem", role: "alert" }),
  stale: h("p", { class: "cs-notice", hidden: true }, "The form has changed since you pressed Check."),
  found: h("div"),
};
probed.bar = h("div", { class: "cs-progress", role: "progressbar", "aria-label": "Progress of the check", "aria-valuemin": "0", "aria-valuemax": "100", hidden: true }, probed.fill);

function checkBox() {
  const says = h("p", { class: "cs-quiet", id: "train-check-says" }, "A run begins by asking the base whether it ever does what the principles say. Check asks the same, and trains nothing.");
  const { bar, note, spoken, problem, stale, found } = probed;
  const progress = h("div", { class: "cs-probe-progress" }, bar, note);
  return h("section", { class: "cs-probe", "aria-labelledby": "train-check-title" }, h("h2", { id: "train-check-title" }, "What the base already does"), says, h("div", { class: "cs-probe-go" }, check, stopCheck, progress), spoken, problem, stale, found);
}

async function startCheck() {
  if (probe.running || button.disabled) return;
  Object.assign(probe, { key: newKey(), form: key });
  probed.problem.textContent = "";
  probed.found.replaceChildren();
  showStale();
  showRunning(true);
  showProgress({ note: "asking the studio", share: null, spoken: "Checking" });
  const started = probe.key;
  const reply = await ask("check", { ...formData(), key: started });
  if (reply?.kind === "check") return drawCheck(reply);
  if (probe.key !== started || !probe.running) return; // stopped meanwhile
  if (!reply) trigger("stop"); // or it would go on, and nobody hear of it
  failCheck(reply?.message ?? silence);
}

unasked.check = drawCheck;

function drawCheck(reply) {
  if (reply.key !== probe.key || !probe.running) return; // a last word from before Stop, or the last one again
  showProgress(reply);
  if (reply.running) return;
  if (reply.problem) return failCheck(reply.problem);
  showRunning(false);
  fragment(probed.found, reply.html);
}

function failCheck(message) {
  showRunning(false);
  showProgress({ note: "", share: null, spoken: "" });
  probed.problem.textContent = message;
}

// The server closes its generator, and so the model host stops after the token in hand.
function leaveCheck() {
  trigger("stop");
  showProgress({ note: "Stopped.", share: null, spoken: "Stopped." });
  showRunning(false);
}

function showRunning(yes) {
  probe.running = yes;
  if (!yes && document.activeElement === stopCheck) check.focus();
  check.setAttribute("aria-disabled", `${yes}`);
  stopCheck.hidden = probed.bar.hidden = !yes;
  usable(!button.disabled);
  showStale();
}

function showProgress({ note, share, spoken }) {
  const says = note && note[0].toUpperCase() + note.slice(1);
  probed.note.textContent = says;
  if (probed.spoken.textContent !== spoken) probed.spoken.textContent = spoken;
  probed.bar.classList.toggle("cs-progress-unknown", share == null);
  probed.fill.style.width = share == null ? "" : `${100 * share}%`;
  if (share == null) probed.bar.removeAttribute("aria-valuenow");
  else probed.bar.setAttribute("aria-valuenow", Math.round(100 * share));
  probed.bar.setAttribute("aria-valuetext", says);
}

function showStale() {
  const shown = probe.running || probed.found.childElementCount > 0;
  probed.stale.hidden = !shown || probe.form === key;
}

window.addEventListener("pageshow", (event) => {
  if (event.persisted && probe.running) failCheck("The check ended when this page was left. Check again.");
});
