// The Mark page: one reply at a time, three answers, and a way back. What the server sends of a card is all that is seen of it.
import { inAddress, openChannel } from "./channel.js";
import { keyPressed, keysBox, showFromTop } from "./card-keys.js";
import { askToDeleteKept } from "./deleting.js";
import { drawProgress, makeProgress } from "./progress.js";
import { emptyRoot, field, h, isolated, listenWhile, newKey, notOpened, problemOf, setText, setTitle, whileBusy } from "./studio.js";

const LEDE = "Read each reply and say whether it follows the principle. What wrote it, and what it was told, is not shown.";
const ANSWERS = [
  { key: "1", answer: "follows", says: "Follows" },
  { key: "2", answer: "does not", says: "Does not" },
  { key: "3", answer: "cannot tell", says: "Cannot tell" },
];
const CUT = "The reply was cut at the token limit: it had not ended.";
const UNDO = "u";
const UNNAMED = "you"; // app/services/actors.py
const KEYS_OFF = "studio-mark-keys-off";

// What a key press means here: an answer, an undo, or nothing.
export function meant(event) {
  const key = keyPressed(event);
  return ANSWERS.find((each) => each.key === key)?.answer ?? (key === UNDO ? "undo" : null);
}

export function optionText({ number, title, check, done, total }) {
  const judged = check ? "a program judges it" : "only people can judge it";
  return `${number}. ${isolated(title)}: ${total ? `${done} of ${total}` : "no cards"}, ${judged}`;
}

// Whose replies are marked, as a question names it: a run's, those of two runs mixed, or a check's.
export function sourceOf({ run, check, beside }) {
  if (check != null) return { check };
  return beside == null ? { run } : { run, beside };
}

// The same as the value of an option, and back.
export function valueOf(source) {
  return Object.entries(sourceOf(source)).flat().join("-");
}

export function sourceIn(value) {
  const [kind, id, , beside] = value.split("-");
  return beside === undefined ? { [kind]: Number(id) } : { [kind]: Number(id), beside: Number(beside) };
}

// What it is called: Run 3, Check 4, Run 3 beside run 2.
export function nameOf(source) {
  const { run, check, beside } = sourceOf(source);
  if (check != null) return `Check ${check}`;
  return beside == null ? `Run ${run}` : `Run ${run} beside run ${beside}`;
}

export function mount({ element }) {
  const { ask } = openChannel("mark");
  const page = makePage(element, ask);
  listenWhile(element, window, "keydown", (event) => press(page, event));
  void ask("opened", inAddress("run", "check", "beside", "principle")).then((reply) => (reply?.kind === "page" ? open(page, reply) : notOpened(page.root, reply)));
}

function makePage(element, ask) {
  const page = {
    ask,
    root: emptyRoot(element, ".cs-mark-page"),
    at: null, // where one is, as the server told it
    unread: null, // the number of a check that was chosen, is kept and cannot be opened
    key: newKey(), // of this card: the same answer sent twice is one mark, another one takes its place
    run: h("select", { class: "cs-input", id: "mark-run" }),
    principle: h("select", { class: "cs-input", id: "mark-principle" }),
    chosen: h("summary", {}, "Choose a run or a check"),
    remove: h("button", { type: "button", class: "cs-link", hidden: true, onclick: () => void removeCheck(page) }, "Delete this check…"),
    problem: h("p", { class: "cs-problem", role: "alert" }),
    progress: makeProgress("Marked"),
    amount: h("p", { class: "cs-number cs-mark-amount" }),
    statement: h("p", { class: "cs-text", dir: "auto" }),
    antithesis: h("p", { class: "cs-text", dir: "auto" }),
    query: h("p", { class: "cs-mark-query", dir: "auto" }),
    expected: h("dl", { class: "cs-mark-expected" }),
    reply: h("p", { class: "cs-text cs-mark-reply", dir: "auto" }),
    cut: h("p", { class: "cs-quiet cs-mark-cut" }, CUT),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    answers: ANSWERS.map(({ key, answer, says }) => h("button", { type: "button", class: "cs-button cs-mark-answer", "data-answer": answer }, h("kbd", { "aria-hidden": "true" }, key), says)),
    undo: h("button", { type: "button", class: "cs-button cs-mark-undo" }, h("kbd", { "aria-hidden": "true" }, UNDO), "Undo"),
    keys: keysBox("mark-keys", KEYS_OFF, "Keys 1, 2, 3 and u"),
    ended: h("section", { class: "cs-mark-ended", "aria-label": "What came out" }),
  };
  page.run.addEventListener("change", () => void turn(page, sourceIn(page.run.value)));
  page.principle.addEventListener("change", () => void turn(page, { ...sourceOf(page.at), principle: Number(page.principle.value) }));
  for (const button of page.answers) button.addEventListener("click", () => void answer(page, button.dataset.answer));
  page.undo.addEventListener("click", () => void undo(page));
  return page;
}

function open(page, { who, runs, checks, marking, unread, message }) {
  const head = h("header", { class: "cs-mark-head" }, h("h1", {}, "Mark replies"), h("p", { class: "cs-lede" }, LEDE));
  page.run.replaceChildren(...[...runs, ...checks].map((each) => h("option", { value: valueOf(each) }, `${nameOf(each)}: ${isolated(each.constitution)}, version ${each.version}`)));
  page.run.value = "";
  const named = who === UNNAMED ? "You gave no name, so your marks stand under “you”. Give one above before you mark together with others." : `Your marks stand under “${isolated(who)}”.`;
  page.named = h("p", { class: "cs-quiet" }, named);
  page.choice = h("details", { class: "cs-mark-choice", open: !marking }, page.chosen, h("div", {}, field(page.run.id, "Run or check", page.run), field(page.principle.id, "Principle", page.principle), page.remove));
  page.card = h("section", { class: "cs-mark-card", tabindex: "-1", "aria-label": "The reply to mark" }, principleNode(page), replyNode(page));
  page.root.replaceChildren(head, page.choice, page.named, page.problem, h("div", { id: "content", class: "cs-mark-at" }, page.progress.bar, page.amount), page.card, barNode(page), page.ended, page.spoken);
  setText(page.problem, message);
  show(page, marking);
  if (unread != null) showUnread(page, unread);
}

function principleNode({ statement, antithesis }) {
  const side = (name, sign, word, text) => h("div", { class: `cs-side cs-${name}` }, h("h2", { class: "cs-label" }, h("span", { class: "cs-sign", "aria-hidden": "true" }, sign), word), text);
  return h("div", { class: "cs-facing cs-mark-principle" }, side("statement", "◆", "Does it follow this?", statement), side("antithesis", "◇", "Its antithesis", antithesis));
}

function replyNode({ query, expected, reply, cut }) {
  return h("div", { class: "cs-mark-said" }, h("h2", { class: "cs-label" }, "Query"), query, expected, h("h2", { class: "cs-label" }, "Reply"), reply, cut);
}

function barNode(page) {
  page.group = h("div", { class: "cs-mark-answers", role: "group", "aria-label": "Does the reply follow the principle?" }, page.answers);
  page.bar = h("div", { class: "cs-mark-bar" }, page.group, page.undo, page.keys.node);
  return page.bar;
}

// Two runs that are marked together are offered once one is there.
function offer({ run }, marking) {
  const value = valueOf(marking);
  if (marking.beside != null && ![...run.options].some((option) => option.value === value)) run.prepend(h("option", { value }, `${nameOf(marking)}: ${isolated(marking.constitution)}`));
}

// Where one is: the next card, or what came out.
function show(page, marking) {
  page.at = marking;
  setTitle(marking && `${nameOf(marking)}, ${isolated(marking.title)}`, "Mark");
  for (const part of [page.card, page.bar, page.progress.bar, page.amount]) part.hidden = !marking;
  page.ended.hidden = !marking || !!marking.card;
  page.unread = null;
  setText(page.remove, "Delete this check…");
  page.remove.hidden = marking?.check == null;
  if (!marking) return;
  page.key = newKey();
  offer(page, marking);
  page.run.value = valueOf(marking);
  page.principle.replaceChildren(...marking.principles.map((each) => h("option", { value: each.number }, optionText(each))));
  page.principle.value = marking.number;
  history.replaceState(history.state, "", `./mark?${new URLSearchParams({ ...sourceOf(marking), principle: marking.number })}`);
  setText(page.chosen, `${nameOf(marking)}, ${isolated(marking.constitution)} · principle ${marking.number}, ${isolated(marking.title)}`);
  page.named.hidden = marking.done > 0; // it was read by now
  const amount = `${marking.done} of ${marking.total}`;
  setText(page.amount, amount);
  drawProgress(page.progress, marking.total ? marking.done / marking.total : 1, `${amount} marked`);
  setText(page.statement, marking.statement);
  setText(page.antithesis, marking.antithesis);
  page.undo.disabled = marking.last === null;
  marking.card ? showCard(page, marking) : showEnd(page, marking);
}

function showCard(page, { card, done, total }) {
  setText(page.query, card.query);
  const expected = expectedOf(card);
  page.expected.hidden = !expected.length;
  page.expected.replaceChildren(...expected.flatMap(({ says, text }) => [h("dt", { class: "cs-label" }, says), h("dd", { class: "cs-text", dir: "auto" }, text)]));
  setText(page.reply, card.reply);
  page.cut.hidden = !card.cut;
  page.answers.forEach((button) => (button.disabled = false));
  page.card.querySelector(".cs-mark-said").hidden = page.group.hidden = false;
  setText(page.spoken, [`Card ${done + 1} of ${total}. Query: ${card.query}`, ...expected.map(({ says, text }) => `${says}: ${text}`), `Reply: ${card.reply}`, ...(card.cut ? [CUT] : [])].join(" "));
}

// What the author of a scenario says a reply to it would do; nothing of any other query.
export function expectedOf({ would_follow, would_not }) {
  return [{ says: "Would follow", text: would_follow }, { says: "Would not", text: would_not }].filter(({ text }) => text);
}

function showEnd(page, marking) {
  const { more, says, done, total } = marking;
  page.card.querySelector(".cs-mark-said").hidden = page.group.hidden = true;
  page.answers.forEach((button) => (button.disabled = true));
  const title = h("h2", { tabindex: "-1" }, total ? `All ${done} marked` : "There is nothing to mark");
  const lines = says.map((each, i) => h("p", { class: i ? "cs-quiet" : "cs-finding-says", dir: "auto" }, each));
  const again = more ? h("button", { type: "button", class: "cs-button", onclick: (event) => void turn(page, { ...wish(page), deals: marking.deals + 1 }, [event.currentTarget]) }, `${more} more cards`) : "";
  page.ended.replaceChildren(title, ...lines, h("p", { class: "cs-actions" }, again, backTo(marking), fileOf(marking)));
  setText(page.spoken, "");
  title.focus();
}

function fileOf({ run, check, beside }) {
  const query = beside == null ? "" : `?beside=${beside}`;
  return h("a", { href: `./${check == null ? "runs" : "checks"}/${check ?? run}/marks.csv${query}`, download: true }, "Marks (CSV)");
}

// It cannot be marked, and that it is there does nobody any good.
function showUnread(page, check) {
  page.unread = check;
  page.run.value = valueOf({ check });
  setText(page.remove, `Delete check ${check}…`);
  page.remove.hidden = false;
}

// What a check found goes with its replies and everybody's marks of them; the question says so.
async function removeCheck(page) {
  const which = page.unread == null ? sourceOf(page.at) : { check: page.unread };
  const gone = () => location.assign("./mark");
  setText(page.problem, await askToDeleteKept({ ask: openChannel("train").ask, root: page.root, which, done: gone, opener: page.remove, back: page.chosen }));
}

// Where the marks count.
function backTo({ run, check, amendment }) {
  if (amendment != null) return h("a", { href: `./amend?amendment=${amendment}#evidence` }, "The evidence for the amendment");
  return check == null ? h("a", { href: `./run?id=${run}#result` }, "The result of the run") : h("a", { href: `./train?check=${check}` }, "The check, as the marks make it");
}

function wish({ at }) {
  return { ...sourceOf(at), principle: at.number, deals: at.deals };
}

async function follow(page, name, question, buttons) {
  setText(page.problem, "");
  const reply = await whileBusy(buttons, () => page.ask(name, question));
  if (reply === undefined) return; // pressed while another answer was under way
  if (reply?.kind !== "marking") {
    page.undo.disabled = page.at?.last == null;
    if (name === "card" && question.check != null && question.check !== page.at?.check) showUnread(page, question.check);
    return void setText(page.problem, problemOf(reply));
  }
  const focused = document.activeElement;
  show(page, reply.marking);
  if (reply.marking.card) showFromTop(page.card.querySelector(".cs-mark-said"), page.root.querySelector(".cs-mark-at"));
  if (reply.marking.card && page.ended.contains(focused)) page.card.focus({ preventScroll: true }); // no answer gets it by itself: a space to scroll would give that
}

const turn = (page, question, buttons = []) => follow(page, "card", question, buttons);

async function answer(page, answered) {
  if (!page.at?.card || page.answers[0].disabled) return;
  await follow(page, "mark", { ...wish(page), card: page.at.card.card, answer: answered, key: `${page.key}-${ANSWERS.findIndex((each) => each.answer === answered)}` }, [...page.answers, page.undo].filter((button) => !button.disabled));
}

async function undo(page) {
  if (page.at?.last == null || page.undo.disabled) return;
  await follow(page, "undo", { ...wish(page), mark: page.at.last }, [...page.answers, page.undo].filter((button) => !button.disabled));
}

function press(page, event) {
  const means = page.keys.on() && !page.root.querySelector("dialog[open]") ? meant(event) : null;
  if (!means) return;
  event.preventDefault();
  if (means === "undo") void undo(page);
  else void answer(page, means);
}
