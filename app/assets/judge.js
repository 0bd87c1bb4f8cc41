// The Judge page: replies that somebody has already, a version, and what its checks say of each.
import { inAddress, openChannel } from "./channel.js";
import { base64, download, emptyRoot, field, fragment, h, isolated, problemOf, setTitle, whileBusy } from "./studio.js";

const MAX_FILE_BYTES = 4000000;
const ROWS_A_PAGE = 50;
const SHOWN_CHARS = 600; // of one reply
const JUDGE_MS = 90000; // a file has a minute on the server
const LEDE = "What the checks of a version say of replies from any model. Nothing is trained, and nothing is kept.";
const ROWS = "A .jsonl, .json, .csv or .tsv file whose rows have `response`, and may have `query`, `principle` and `side`, as in {\"response\": \"…\"}.";
export const OUTCOMES = { true: "follows", false: "does not", null: "not judged" };

export function mount({ element }) {
  const channel = openChannel("judge", JUDGE_MS);
  const page = makePage(element, channel.ask);
  page.file.addEventListener("change", () => void showRead(page));
  page.form.addEventListener("submit", (event) => {
    event.preventDefault();
    void judge(page);
  });
  void channel.ask("opened", inAddress("version")).then((reply) => open(page, reply));
}

function makePage(element, ask) {
  const page = {
    ask,
    root: emptyRoot(element, ".cs-judge"),
    version: h("select", { class: "cs-input", id: "judge-version" }),
    file: h("input", { type: "file", class: "cs-file", id: "judge-file", accept: ".jsonl,.json,.ndjson,.csv,.tsv" }),
    pasted: h("textarea", { class: "cs-input cs-pasted", id: "judge-pasted", rows: "4", spellcheck: "false" }),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    go: h("button", { class: "cs-button cs-button-main" }, "Judge"),
    reading: h("section", { class: "cs-judged", "aria-label": "What was read, and what was found" }),
    principle: h("select", { class: "cs-input", id: "judge-principle", onchange: () => turn(page, 0) }),
    outcome: h("select", { class: "cs-input", id: "judge-outcome", onchange: () => turn(page, 0) }),
    rows: h("div", { class: "cs-judged" }),
    says: h("p", { class: "cs-quiet cs-number", role: "status" }),
    earlier: h("button", { type: "button", class: "cs-button", onclick: () => turn(page, page.at - 1) }, "Earlier"),
    later: h("button", { type: "button", class: "cs-button", onclick: () => turn(page, page.at + 1) }, "Later"),
    found: null,
    at: 0, // page of the outcomes that are shown
  };
  const { version, file, pasted, problem, go } = page;
  const hint = h("p", { class: "cs-quiet", id: "judge-rows" }, ROWS);
  pasted.setAttribute("aria-describedby", hint.id);
  page.form = h("form", { class: "cs-judge-form", id: "content", novalidate: true }, field(version.id, "Version", version), field(file.id, "File of replies", file), field(pasted.id, "Or paste rows", hint, pasted), problem, h("div", {}, go));
  page.outcomes = h("section", { class: "cs-judge-outcomes", hidden: true, "aria-label": "Each reply" }, filters(page), page.says, page.rows, h("div", { class: "cs-actions" }, page.earlier, page.later));
  return page;
}

function filters(page) {
  const take = (label, act) => h("button", { type: "button", class: "cs-link", onclick: () => act(page.found) }, label);
  page.outcome.append(h("option", { value: "" }, "All outcomes"), ...Object.entries(OUTCOMES).map(([value, says]) => h("option", { value }, says)));
  const files = h("p", { class: "cs-actions" }, take("JSON", ({ outcomes, rows, totals }) => download("judged.json", JSON.stringify({ outcomes, rows, totals }), "application/json")), take("CSV", (found) => download("judged.csv", csv(found), "text/csv")));
  return h("div", { class: "cs-judge-filters" }, field(page.principle.id, "Principle", page.principle), field(page.outcome.id, "Outcome", page.outcome), field("judge-take", "Take it with you", files));
}

function open(page, reply) {
  const { root, version, form, reading, outcomes } = page;
  const head = h("header", { class: "cs-judge-head" }, h("h1", {}, "Judge replies I already have"), h("p", { class: "cs-lede" }, LEDE));
  root.replaceChildren(head, form, reading, outcomes);
  if (reply?.kind !== "page") return void (page.problem.textContent = problemOf(reply));
  const none = reply.chosen == null ? [h("option", { value: "" }, "Choose a version…")] : [];
  version.replaceChildren(...none, ...reply.versions.map((each) => h("option", { value: each.id }, `${isolated(each.constitution)}, version ${each.number}${each.problem ? " (cannot be read)" : ""}`)));
  version.value = reply.chosen ?? "";
  const showTitle = () => setTitle(version.value && version.selectedOptions[0].textContent, "Judge");
  version.addEventListener("change", showTitle);
  showTitle();
}

// As what a file is read, before it is judged; what was found of another one goes.
async function showRead(page) {
  const chosen = page.file.files[0];
  page.problem.textContent = "";
  page.reading.replaceChildren();
  page.outcomes.hidden = true;
  if (!chosen || chosen.size > MAX_FILE_BYTES) return; // too much is said when it is to be judged
  const reply = await page.ask("read", { filename: chosen.name, data: await base64(chosen) });
  if (page.file.files[0] !== chosen) return; // another one meanwhile
  if (reply?.kind === "read") fragment(page.reading, reply.html);
  else page.problem.textContent = problemOf(reply);
}

async function judge(page) {
  const { problem, version, go } = page;
  problem.textContent = "";
  const given = await toJudge(page);
  if (given.problem) return void (problem.textContent = given.problem);
  const reply = await whileBusy([go], () => page.ask("replies", { version: Number(version.value), ...given }));
  if (reply?.kind !== "judged") return void (problem.textContent = problemOf(reply));
  page.found = reply;
  fragment(page.reading, reply.html);
  page.principle.replaceChildren(h("option", { value: "" }, "All principles"), ...Object.keys(reply.totals).map((title) => h("option", { value: title }, title)));
  page.outcome.value = "";
  page.outcomes.hidden = false;
  turn(page, 0);
  page.reading.scrollIntoView({ block: "nearest" });
}

// The file, or what was pasted: never one of two in silence.
async function toJudge({ version, file, pasted }) {
  const text = pasted.value.trim();
  const chosen = file.files[0];
  if (!version.value) return { problem: "No version is chosen. Choose the one whose principles the replies are judged by." };
  if (chosen && text) return { problem: "There is a file, and there are pasted rows. Remove one of them." };
  if (!chosen && !text) return { problem: "There is nothing to judge. Choose a file, or paste rows." };
  const blob = chosen ?? new Blob([text]);
  if (blob.size > MAX_FILE_BYTES) return { problem: `That is ${(blob.size / 1e6).toFixed(1)} MB; the limit is ${MAX_FILE_BYTES / 1e6} MB. Divide it, or use the command line.` };
  return { filename: chosen?.name ?? (text.startsWith("[") ? "pasted.json" : "pasted.jsonl"), data: await base64(blob) };
}

// The outcomes that the two fields choose.
export function chosen({ outcomes }, principle, outcome) {
  return outcomes.filter((each) => ["", each.principle].includes(principle) && ["", `${each.follows}`].includes(outcome));
}

function turn(page, at) {
  const { found, rows, says, earlier, later } = page;
  const all = chosen(found, page.principle.value, page.outcome.value);
  const last = Math.max(0, Math.ceil(all.length / ROWS_A_PAGE) - 1);
  page.at = Math.min(Math.max(0, at), last);
  const first = page.at * ROWS_A_PAGE;
  const shown = all.slice(first, first + ROWS_A_PAGE);
  says.textContent = shown.length ? `${(first + 1).toLocaleString("en")} to ${(first + shown.length).toLocaleString("en")} of ${all.length.toLocaleString("en")} outcomes` : "No outcome is of this kind.";
  rows.replaceChildren(...(shown.length ? [table(shown, found.replies)] : []));
  earlier.hidden = later.hidden = last === 0;
  earlier.disabled = page.at === 0;
  later.disabled = page.at === last;
}

function table(shown, replies) {
  const heads = ["Row", "Reply", "Principle", "Outcome", "Why"].map((head) => h("th", { scope: "col" }, head));
  const lines = shown.map((each) => h("tr", {}, h("td", {}, `${each.row}`), h("td", { dir: "auto" }, short(replies[each.row])), h("td", { dir: "auto" }, each.principle), h("td", {}, OUTCOMES[each.follows]), h("td", { dir: "auto" }, each.why)));
  return h("div", { class: "cs-table-wrap", tabindex: "0", role: "region", "aria-label": "Judged replies" }, h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, lines)));
}

function short(text) {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)} …`;
}

// A table of all outcomes, each with its reply. A cell that a spreadsheet would run as a formula begins with an apostrophe.
export function csv({ outcomes, replies }) {
  const rows = outcomes.map((each) => [each.row, each.principle, each.follows ?? "", each.why, each.by, replies[each.row]]);
  return [["row", "principle", "follows", "why", "by", "response"], ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
