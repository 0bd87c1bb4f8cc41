// The fields of the Train form.
import { field, h, isolated } from "../studio.js";

const OTHER = "\u0000other"; // no model is called that
const SEEDS = [1, 3, 5];
const INPUT_MODES = { int: "numeric", float: "decimal" };

export function makeFields({ presets = [], settings = [] }) {
  const otherModel = h("input", { class: "cs-input", id: "train-other-model", autocomplete: "off", spellcheck: "false", placeholder: "org/name, or a folder on this machine" });
  const otherField = field(otherModel.id, "Hub id or folder", otherModel);
  otherField.hidden = true;
  return {
    version: h("select", { class: "cs-input", id: "train-version" }),
    model: h("select", { class: "cs-input", id: "train-model" }),
    otherModel,
    otherField,
    querySet: h("select", { class: "cs-input", id: "train-queries", "aria-describedby": "train-queries-note" }),
    queriesNote: h("p", { class: "cs-notice cs-queries-note", id: "train-queries-note", role: "status" }), // that they have little to do with the text
    seed: h("input", { class: "cs-input cs-short", id: "train-seed", type: "number", min: "0", max: "2147483647", step: "1", value: "0", inputmode: "numeric" }),
    seeds: h("select", { class: "cs-input cs-short", id: "train-seeds" }, SEEDS.map((count) => h("option", { value: count }, count))),
    presets: presets.map(presetChoice),
    settings: settings.map(settingField),
    advanced: h("details", { class: "cs-advanced" }),
  };
}

function presetChoice(preset) {
  const input = h("input", { type: "radio", name: "train-preset", value: preset.name, id: `preset-${preset.name}` });
  const minutes = h("span", { class: "cs-preset-time cs-number" });
  const name = h("span", { class: "cs-preset-name" }, preset.name[0].toUpperCase() + preset.name.slice(1));
  const work = h("span", { class: "cs-quiet" }, preset.work); // with queries enough, until the server has counted those that are chosen
  return { preset, input, minutes, work, label: h("label", { for: input.id, class: "cs-preset" }, input, name, minutes, work) };
}

// In words, with the name that messages and the command line have for it small beside them.
function settingField({ name, label, kind, options }) {
  const id = `setting-${name.replace(".", "-")}`;
  const problem = h("p", { class: "cs-problem", id: `${id}-problem` });
  const input = settingInput(kind, { id, "aria-describedby": problem.id }, options);
  const variable = h("code", { class: "cs-variable" }, name);
  const node =
    kind === "bool"
      ? h("div", { class: "cs-field" }, h("label", { for: id, class: "cs-ticked" }, input, h("span", {}, label, " ", variable)), problem)
      : h("div", { class: "cs-field" }, h("label", { for: id }, label, " ", variable), input, problem);
  return { name, input, problem, node, standard: null }; // `standard`: what the preset says for the method
}

function settingInput(kind, attributes, options) {
  if (kind === "bool") return h("input", { ...attributes, type: "checkbox", class: "cs-tick" });
  if (options.length) return h("select", { ...attributes, class: "cs-input" }, options.map(([value, words]) => h("option", { value }, words)));
  const short = kind === "text" ? "" : " cs-short";
  return h("input", { ...attributes, class: `cs-input${short}`, autocomplete: "off", inputmode: INPUT_MODES[kind] });
}

// As it is sent: empty where it is what the preset says.
export function valueOf({ input, standard }) {
  if (input.type !== "checkbox") return input.value;
  return input.checked === Boolean(standard) ? "" : `${input.checked}`;
}

// All fields in their order; `upload` stands with the queries, `last` below everything.
export function fieldNodes(fields, upload, last) {
  const { version, model, otherField, querySet, queriesNote, seed, seeds, presets, settings, advanced } = fields;
  advanced.append(h("summary", {}, "Advanced"), h("p", { class: "cs-quiet" }, "Empty fields take the preset’s value, shown in grey."), h("div", { class: "cs-settings" }, settings.map((setting) => setting.node)));
  return [
    field(version.id, "Constitution", version),
    field(model.id, "Base model", model, otherField),
    field(querySet.id, "Queries", querySet, queriesNote, upload),
    h("fieldset", { class: "cs-presets" }, h("legend", {}, "How much"), presets.map((choice) => choice.label)),
    h("div", { class: "cs-train-seeds" }, seedFields(seed, seeds)),
    advanced,
    last,
  ];
}

function seedFields(seed, seeds) {
  const one = "Decides queries, sampling, order and the adapter’s start. The same seed gives the same run.";
  const several = "One run is one draw. Several, from that seed on, are trained one after the other and shown as one result.";
  return [field(seed.id, "Seed", h("p", { class: "cs-quiet" }, one), seed), field(seeds.id, "How many seeds", h("p", { class: "cs-quiet" }, several), seeds)];
}

export function offerChoices(fields, reply) {
  offerVersions(fields.version, reply.versions, reply.version);
  fields.model.replaceChildren(...reply.models.map(({ id, label }) => h("option", { value: id }, label)), h("option", { value: OTHER }, "Another model…"));
  fields.querySet.replaceChildren(...reply.query_sets.map(({ id, label }) => h("option", { value: id }, label)));
  fields.presets[0].input.checked = true;
}

function offerVersions(select, versions, wanted) {
  const groups = new Map();
  for (const each of versions) {
    if (!groups.has(each.constitution_id)) groups.set(each.constitution_id, h("optgroup", { label: each.constitution }));
    const says = each.problem ? "cannot be read" : isolated(each.message);
    const title = `${isolated(each.constitution)}, version ${each.number}`;
    groups.get(each.constitution_id).append(h("option", { value: each.id, disabled: Boolean(each.problem), "data-title": title }, `${title}: ${says}`));
  }
  const none = wanted == null ? [h("option", { value: "" }, versions.length ? "Choose a version…" : "There is none yet")] : [];
  select.replaceChildren(...none, ...groups.values());
  if (wanted != null) select.value = wanted;
}

// The settings of an earlier run, to be changed.
export function fillAgain(fields, again) {
  const { version, querySet, model, otherModel, seed, seeds, presets, settings, advanced } = fields;
  version.value = again.version_id;
  querySet.value = again.query_set_id;
  model.value = [...model.options].some((option) => option.value === again.model) ? again.model : OTHER;
  otherModel.value = again.model;
  showOther(fields);
  seed.value = again.seed;
  seeds.value = again.seeds;
  for (const { preset, input } of presets) input.checked = preset.name === again.preset;
  for (const { name, input } of settings) {
    const change = again.changes[name] ?? "";
    if (input.type === "checkbox") input.checked = change.toLowerCase() === "true";
    else input.value = change || (input.options?.[0].value ?? "");
  }
  advanced.open = Object.keys(again.changes).length > 0;
}

// Whether another model than those offered is asked for; then its field is there.
export function showOther({ model, otherField }) {
  otherField.hidden = model.value !== OTHER;
  return !otherField.hidden;
}

function chosenPreset({ presets }) {
  return presets.find((choice) => choice.input.checked) ?? presets[0];
}

// An empty field means what the preset says for the method; the placeholder shows it. What the method has not got is not there.
export function showPresetValues(fields) {
  const method = fields.settings.find(({ name }) => name === "method").input.value;
  const values = chosenPreset(fields).preset.values[method];
  for (const setting of fields.settings) {
    const { name, input, node } = setting;
    node.hidden = name !== "method" && !(name in values);
    if (input.type === "checkbox" && valueOf(setting) === "") input.checked = Boolean(values[name]);
    else input.placeholder = String(values[name]);
    setting.standard = values[name];
  }
}

// Says what is wrong with a setting at its field; without a name, that nothing is.
export function showProblem({ settings, advanced }, wrong, message) {
  for (const { name, input, problem } of settings) {
    const here = wrong != null && (name === wrong || name.endsWith(`.${wrong}`));
    problem.textContent = here ? message : "";
    if (here) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (here) advanced.open = true;
  }
}

export function changesPresetValues({ name, id }) {
  return name === "train-preset" || id === "setting-method";
}

export function readFields(fields) {
  const { version, querySet, model, otherModel, seed, seeds, settings } = fields;
  return {
    version: Number(version.value),
    query_set: Number(querySet.value),
    model: model.value === OTHER ? otherModel.value : model.value,
    preset: chosenPreset(fields).preset.name,
    seed: seed.value.trim() === "" ? null : Number(seed.value),
    seeds: Number(seeds.value),
    settings: Object.fromEntries(settings.filter(({ node }) => !node.hidden).map((setting) => [setting.name, valueOf(setting)])),
  };
}
