// The check on the Train page: what the base already does, asked without beginning a run.
import { h } from "../studio.js";
import { askingParts, makeAsking } from "./asking.js";

const WORDS = { go: "Check", progress: "Progress of the check", begun: "Checking", left: "The check ended when this page was left. Check again." };
const SAYS = "A run begins by asking the base whether it ever does what the principles say. Check asks the same, and trains nothing.";

// `form`: what the check asks about: its present `key`, `data()`, and `kept()`.
export function makeChecking(element, channel, form) {
  return makeAsking(element, channel, { name: "check", words: WORDS, data: () => form.data(), formKey: () => form.key, kept: form.kept });
}

export function checkingBox(checking) {
  const title = h("h2", { id: "train-check-title" }, "What the base already does");
  return h("section", { class: "cs-checking", "aria-labelledby": "train-check-title" }, title, h("p", { class: "cs-quiet", id: "check-says" }, SAYS), askingParts(checking));
}
