// Principles as they are sent and kept: plain rows, and nothing of the page.
const LINES = ["id", "title", "statement", "antithesis"];

// A check's name and its argument: `{"at_most_words": 50}`, or a name alone.
export function checkParts(check) {
  if (!check) return ["", null];
  if (typeof check === "string") return [check, null];
  return Object.entries(check)[0] ?? ["", null];
}

// Whether two drafts say the same; an argument may be a number in one and a text in the other.
export function same(a, b) {
  const plain = (rows) => JSON.stringify(rows.map((row) => [...LINES.map((name) => row[name]), row.written_by ?? "", ...checkParts(row.check).map((part) => `${part ?? ""}`)]));
  return plain(a) === plain(b);
}

// `A model (antithesis)`: which of the two texts is the model's; without brackets both are.
export function splitWriter(text) {
  const found = /^(.*) \((statement|antithesis)\)$/.exec(text);
  return found ? [found[1], [found[2]]] : [text, text ? ["statement", "antithesis"] : []];
}

export function joinWriter(model, parts) {
  if (!parts.length) return "";
  return parts.length === 2 ? model : `${model} (${parts[0]})`;
}
