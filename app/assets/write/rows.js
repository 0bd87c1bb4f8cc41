// Principles as they are sent and kept: plain rows, and nothing of the page.
const SIDES = ["statement", "antithesis"];
const LINES = ["id", "title", ...SIDES];

// A check's name and its argument: `{"at_most_words": 50}`, or a name alone.
export function checkParts(check) {
  if (!check) return ["", null];
  if (typeof check === "string") return [check, null];
  return Object.entries(check)[0] ?? ["", null];
}

// Whether two drafts say the same; an argument may be a number in one and a text in the other.
export function same(a, b) {
  const plain = (rows) => JSON.stringify(rows.map((row) => [...LINES.map((name) => row[name]), writerSays(row.written_by), scenarioTexts(row), row.priority ?? null, ...checkParts(row.check).map((part) => `${part ?? ""}`)]));
  return plain(a) === plain(b);
}

// Whether two texts say the same. A text is anything with `principles` and `conflict_rule`, as every answer about a draft has them.
export function sameText(a, b) {
  return (a.conflict_rule ?? "") === (b.conflict_rule ?? "") && same(a.principles, b.principles);
}

export function textOf({ principles, conflict_rule: rule }) {
  return { principles, conflict_rule: rule ?? "" };
}

// What the scenarios of a principle say, whether or not a use that goes without saying is said.
export function scenarioTexts(row) {
  return (row.scenarios ?? []).map(({ query, follows = "", fails = "", use = "test" }) => [query, follows, fails, use]);
}

// The lines of a pasted text that say something.
export function linesOf(text) {
  return text.split(/\r\n|[\r\n]/).map((line) => line.trim()).filter(Boolean);
}

// Who wrote what of a principle, where a model did: `{ model, texts }`. Null where no text stands as the model wrote it.
export function writtenBy(model, texts) {
  return texts.length ? { model, texts } : null;
}

// What a person changes is theirs.
export function disowned(written, name) {
  return written && writtenBy(written.model, written.texts.filter((text) => text !== name));
}

export function writerSays(written) {
  if (!written?.model) return "";
  return written.texts.length === SIDES.length ? `Written by ${written.model}.` : `Written by ${written.model} (${written.texts[0]}).`;
}
