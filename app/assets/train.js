// The Train page: a form, what it would mean, a check without a run, and the runs there are. The server is asked again after each change.
const root = element.querySelector(".cs-train");
const MAX_FILE_BYTES = 4000000;
const PAUSE_MS = 250;
const OTHER = "\u0000other"; // no model is called that
const silence = "The studio does not answer. Try again in a moment.";
const told = h("div", { class: "cs-preview-told", "aria-live": "polite" });
const reason = h("p", { class: "cs-problem", id: "train-reason", role: "alert" });
const command = h("code", { class: "cs-command-text" });
const runList = h("div", { class: "cs-run-list" });
const minutes = {};
let key = newKey();
let timer = null;
let asking = false;
let again = false;

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const version = h("select", { class: "cs-input", id: "train-version" });
const model = h("select", { class: "cs-input", id: "train-model" });
const otherModel = h("input", { class: "cs-input", id: "train-other-model", autocomplete: "off", spellcheck: "false", placeholder: "org/name, or a folder on this machine" });
const otherField = h("div", { class: "cs-field", hidden: true }, h("label", { for: otherModel.id }, "Hub id or folder"), otherModel);
const querySet = h("select", { class: "cs-input", id: "train-queries" });
const seed = h("input", { class: "cs-input cs-short", id: "train-seed", type: "number", min: "0", max: "2147483647", step: "1", value: "0", inputmode: "numeric" });
const file = h("input", { type: "file", class: "cs-file", id: "train-file", accept: ".txt,.csv,.jsonl" });
const fileSaid = h("p", { class: "cs-quiet", role: "status" });
const fileProblem = h("p", { class: "cs-problem", id: "train-file-problem", role: "alert" });
const presets = (props.presets || []).map((preset) => presetChoice(preset));
const settings = (props.settings || []).map((setting) => settingField(setting));
const advanced = h("details", { class: "cs-advanced" }, h("summary", {}, "Advanced"), h("p", { class: "cs-quiet" }, "Empty fields take the preset’s value, shown in grey."), h("div", { class: "cs-settings" }, ...settings.map((setting) => setting.node)));
const button = h("button", { type: "submit", class: "cs-button cs-button-main cs-train-button", disabled: true, "aria-describedby": "train-reason" }, "Train");
const linkYaml = h("a", { download: true }, "constitution");
const linkQueries = h("a", { download: true }, "queries");

function presetChoice(preset) {
  const input = h("input", { type: "radio", name: "train-preset", value: preset.name, id: `preset-${preset.name}` });
  const time = h("span", { class: "cs-preset-time cs-number" });
  minutes[preset.name] = time;
  const label = h("label", { for: input.id, class: "cs-preset" }, input, h("span", { class: "cs-preset-name" }, preset.name[0].toUpperCase() + preset.name.slice(1)), time, h("span", { class: "cs-quiet" }, preset.work));
  return { preset, input, label };
}

function settingField(setting) {
  const input = h("input", { class: "cs-input cs-short", id: `setting-${setting.name.replace(".", "-")}`, autocomplete: "off", inputmode: { int: "numeric", float: "decimal", bool: "text", text: "text" }[setting.kind] });
  return { name: setting.name, input, node: h("div", { class: "cs-field" }, h("label", { for: input.id }, setting.label), input) };
}

function chosenPreset() {
  return presets.find((choice) => choice.input.checked) ?? presets[0];
}

// An empty field means what the preset says; the placeholder shows it.
function showPresetValues() {
  for (const { name, input } of settings) input.placeholder = String(chosenPreset().preset.values[name]);
}

function formData() {
  return {
    version: Number(version.value),
    "query set": Number(querySet.value),
    model: model.value === OTHER ? otherModel.value : model.value,
    preset: chosenPreset().preset.name,
    seed: seed.value.trim() === "" ? null : Number(seed.value),
    settings: Object.fromEntries(settings.map(({ name, input }) => [name, input.value])),
    key,
  };
}

unasked.runs = (reply) => void fragment(runList, reply.html);

unasked.form = (reply) => {
  fillVersions(reply.versions, reply.version);
  model.replaceChildren(...reply.models.map(({ id, label }) => h("option", { value: id }, label)), h("option", { value: OTHER }, "Another model…"));
  querySet.replaceChildren(...reply.query_sets.map(({ id, label }) => h("option", { value: id }, label)));
  fragment(runList, reply.runs);
  presets[0].input.checked = true;
  if (reply.again) fillAgain(reply.again);
  showPresetValues();
  if (!root.childElementCount) root.append(...layout(reply));
  changed();
};

function fillVersions(versions, wanted) {
  const groups = new Map();
  for (const each of versions) {
    if (!groups.has(each.constitution_id)) groups.set(each.constitution_id, h("optgroup", { label: each.constitution }));
    groups.get(each.constitution_id).append(h("option", { value: each.id }, `${each.constitution}, version ${each.number}: ${each.message}`));
  }
  version.replaceChildren(...groups.values());
  if (wanted != null) version.value = wanted;
}

// The settings of an earlier run, to be changed.
function fillAgain(again) {
  version.value = again.version_id;
  querySet.value = again.query_set_id;
  model.value = [...model.options].some((option) => option.value === again.model) ? again.model : OTHER;
  otherModel.value = again.model;
  otherField.hidden = model.value !== OTHER;
  seed.value = again.seed;
  for (const { preset, input } of presets) input.checked = preset.name === again.preset;
  for (const { name, input } of settings) input.value = again.changes[name] ?? "";
  advanced.open = Object.keys(again.changes).length > 0;
}

function layout(reply) {
  const head = h("header", { class: "cs-train-head" }, h("h1", {}, "Train"), h("p", { class: "cs-lede" }, "A run teaches a small adapter to tell the statements of a constitution from their antitheses, then measures on other queries whether the model follows them."));
  const warning = reply.message && h("div", { class: "cs-notice" }, h("p", { role: "alert" }, reply.message));
  const form = h("form", { class: "cs-train-form", id: "content", novalidate: true, onsubmit: submit, oninput: onInput }, warning, ...fields());
  const aside = h("aside", { class: "cs-preview", "aria-label": "What this run would be" }, h("h2", {}, "Before you click"), told, reason, h("div", { class: "cs-train-go" }, button), commandBox());
  button.setAttribute("form", "content");
  return [head, form, aside, h("section", { class: "cs-train-runs", "aria-label": "Runs" }, h("h2", {}, "Runs"), runList)];
}

function fields() {
  const field = (label, input, ...more) => h("div", { class: "cs-field" }, h("label", { for: input.id }, label), input, ...more);
  const upload = h("div", { class: "cs-upload" }, h("label", { for: file.id, class: "cs-quiet" }, "or upload .txt, .csv or .jsonl"), file, fileSaid, fileProblem);
  file.setAttribute("aria-describedby", fileProblem.id);
  return [
    field("Constitution", version),
    field("Base model", model, otherField),
    field("Queries", querySet, upload),
    h("fieldset", { class: "cs-presets" }, h("legend", {}, "How much"), ...presets.map((choice) => choice.label)),
    h("div", { class: "cs-field" }, h("label", { for: seed.id }, "Seed"), h("p", { class: "cs-quiet" }, "Decides queries, sampling, order and the adapter’s start. The same seed gives the same run."), seed),
    advanced,
    checkBox(),
  ];
}

function commandBox() {
  const copy = h("button", { type: "button", class: "cs-link" }, "Copy");
  copy.addEventListener("click", async () => {
    copy.textContent = (await copied(command.textContent)) ? "Copied" : "Select it and copy";
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
  const files = h("p", { class: "cs-quiet" }, "Its files: ", linkYaml, ", ", linkQueries, ".");
  return h("div", { class: "cs-command" }, h("div", { class: "cs-command-head" }, h("h3", {}, "The same from a terminal"), copy), h("pre", { tabindex: "0" }, command), files);
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    console.warn("The clipboard cannot be written:", error); // plain-http addresses other than localhost have none
    getSelection().selectAllChildren(command);
    return false;
  }
}

function onInput(event) {
  if (event.target === file) return;
  otherField.hidden = model.value !== OTHER;
  if (event.target === model && !otherField.hidden) otherModel.focus();
  if (event.target.name === "train-preset") showPresetValues();
  changed();
}

function usable(yes) {
  button.disabled = !yes;
  check.disabled = !yes && !probe.running; // what runs keeps its button, or the focus would be lost
}

// Another form is another request: only a second click on the same form is the same run.
function changed() {
  key = newKey();
  usable(false);
  showStale();
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE_MS);
}

async function preview() {
  if (asking) return void (again = true);
  asking = true;
  const sent = formData();
  const reply = sent.version ? await ask("preview", sent) : { kind: "problem", message: "There is no version to train on yet. Write a constitution and save a version first." };
  asking = false;
  if (again) {
    again = false;
    return preview();
  }
  if (sent.key === key) showPreview(reply, sent);
}

function showPreview(reply, sent) {
  const good = reply?.kind === "preview";
  reason.textContent = good ? "" : (reply?.message ?? silence);
  usable(good);
  for (const node of [told, command.parentElement]) node.classList.toggle("cs-stale", !good);
  if (!good) return;
  fragment(told, reply.html);
  command.textContent = reply.command;
  linkYaml.href = `./versions/${sent.version}.yaml`;
  linkQueries.href = `./query-sets/${sent["query set"]}.jsonl`;
  for (const [name, node] of Object.entries(minutes)) node.textContent = reply.minutes[name] ?? "";
}

async function submit(event) {
  event.preventDefault();
  if (button.disabled) return;
  button.disabled = true;
  button.textContent = "Queuing…";
  const reply = await ask("train", formData());
  button.textContent = "Train";
  if (reply?.kind === "go") return location.assign(reply.href);
  button.disabled = false;
  reason.textContent = reply?.message ?? silence;
}

file.addEventListener("change", async () => {
  const chosen = file.files[0];
  if (!chosen) return;
  fileSaid.textContent = "";
  fileProblem.textContent = "";
  if (chosen.size > MAX_FILE_BYTES) {
    fileProblem.textContent = `${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB; the limit is ${MAX_FILE_BYTES / 1e6} MB. Take a sample of it.`;
  } else {
    const reply = await ask("upload", { filename: chosen.name, data: await base64(chosen) });
    if (reply?.kind === "query_set") addQuerySet(reply);
    else fileProblem.textContent = reply?.message ?? silence;
  }
  file.value = ""; // so that the same file, once put right, can be chosen again
});

function addQuerySet(reply) {
  if (![...querySet.options].some((option) => option.value === String(reply.id))) querySet.append(h("option", { value: reply.id }, reply.label));
  querySet.value = reply.id;
  fileSaid.textContent = reply.message;
  changed();
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

window.addEventListener("pageshow", (event) => {
  if (event.persisted && version.options.length) changed(); // back from a run: a click now is another request
});

if (props.reply && unasked[props.reply.kind]) unasked[props.reply.kind](props.reply);
