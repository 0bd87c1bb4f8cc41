// Proposals: a model writes a principle, or an antithesis to a statement, and the author takes it, changes it, or leaves it.
// Nothing in the document changes before that click. One proposal is open at a time.
import { field, h, isSecond, oneLine, problemOf } from "../studio.js";
import { appendPrinciple } from "./moving.js";
import { fieldOf, grow, readItem, readText, renumber, showWriter, writerOf } from "./principles.js";
import { disowned, writtenBy } from "./rows.js";
import { offerMine, touched } from "./saving.js";

const LOOK_MS = 700;
const TRIES = 3; // how many answers one proposal may take; another proposal begins after them

export function newProposing() {
  return { node: null, item: null, opener: null, tries: 0, id: null, turn: 0 };
}

export function openProposal(page, item, opener) {
  closeProposal(page);
  const node = h("section", { class: "cs-proposal", "aria-label": item ? "A proposal for this principle" : "A proposal for a new principle" });
  Object.assign(page.proposing, { node, item, opener, tries: 0 });
  if (item) item.querySelector(".cs-principle-body").append(node);
  else opener.parentNode.after(node);
  const typed = item ? readItem(page.kinds, item) : { title: "", statement: "" };
  if (typed.statement.trim()) askModel(page, { statement: typed.statement, title: typed.title });
  else showWish(page, typed.title);
}

function closeProposal(page, refocus = false) {
  const { proposing } = page;
  if (proposing.id) page.ask("leave", { proposal: proposing.id });
  proposing.turn += 1; // whoever still waits for an answer finds that it is no longer wanted
  proposing.node?.remove();
  if (refocus) proposing.opener?.focus();
  Object.assign(proposing, { node: null, id: null });
}

function proposalButton(label, act, main = false) {
  return h("button", { type: "button", class: main ? "cs-button cs-button-main" : "cs-button", onclick: (event) => isSecond(event) || act() }, label);
}

function showWish(page, title) {
  const wish = h("textarea", { class: "cs-input", id: "proposal-wish", rows: 2, maxlength: "1000", placeholder: "For instance: I want short answers.", "aria-describedby": "proposal-writer" });
  const begin = () => wish.value.trim() ? askModel(page, { wish: wish.value, title }) : wish.focus();
  wish.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), begin()));
  page.proposing.node.replaceChildren(
    field("proposal-wish", "What do you want of the model?", wish),
    h("p", { class: "cs-quiet", id: "proposal-writer" }, `${page.draft.writer} writes a principle from it. You decide what stays.`),
    h("div", { class: "cs-actions" }, proposalButton("Propose", begin, true), proposalButton("Cancel", () => closeProposal(page, true))),
  );
  wish.focus();
}

async function askModel(page, asked) {
  const { proposing } = page;
  const turn = (proposing.turn += 1);
  const note = h("p", { class: "cs-quiet", role: "status" }, `${page.draft.writer} is asked …`);
  const cancel = proposalButton("Cancel", () => closeProposal(page, true));
  proposing.node.replaceChildren(note, h("div", { class: "cs-actions" }, cancel));
  cancel.focus();
  let reply = await page.ask("propose", { ...asked, try: proposing.tries });
  while (turn === proposing.turn && reply?.kind === "proposal" && !reply.proposal) {
    proposing.id = reply.id;
    note.textContent = `${reply.writer}: ${reply.note} …`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (turn === proposing.turn) reply = await page.ask("proposal", { proposal: reply.id });
  }
  if (turn !== proposing.turn) return reply?.kind === "proposal" && page.ask("leave", { proposal: reply.id });
  proposing.id = null;
  proposing.tries += TRIES;
  if (reply?.kind === "proposal") showProposal(page, asked, reply);
  else showFailure(page, asked, problemOf(reply));
}

function showFailure(page, asked, message) {
  const again = proposalButton("Try again", () => askModel(page, asked));
  const close = proposalButton("Close", () => closeProposal(page, true));
  page.proposing.node.replaceChildren(h("p", { class: "cs-problem", role: "alert" }, message), h("div", { class: "cs-actions" }, again, close));
  again.focus();
}

function showProposal(page, asked, { proposal, writer }) {
  const names = [...(asked.title?.trim() ? [] : ["title"]), ...(asked.statement ? [] : ["statement"]), "antithesis"];
  const fields = Object.fromEntries(names.map((name) => [name, proposalField(name, proposal[name])]));
  const labelled = ([name, node]) => field(node.id, `Proposed ${name}`, node);
  page.proposing.node.replaceChildren(
    h("p", { class: "cs-quiet", role: "status" }, `${writer} proposes this. Change it as you like.`),
    ...(proposal.shortfall ? [h("p", { class: "cs-problem" }, proposal.shortfall)] : []),
    ...Object.entries(fields).map(labelled),
    h(
      "div",
      { class: "cs-actions" },
      proposalButton("Accept", () => acceptProposal(page, fields, proposal, writer), true),
      proposalButton("Another", () => askModel(page, asked)),
      proposalButton("Discard", () => closeProposal(page, true)),
    ),
  );
  Object.values(fields).forEach(grow);
  Object.values(fields).at(-1).focus();
}

function proposalField(name, value) {
  const node = h("textarea", { class: "cs-input", id: `proposal-${name}`, rows: 1, spellcheck: "true" });
  node.value = value;
  node.addEventListener("input", () => grow(node));
  return node;
}

function acceptProposal(page, fields, proposal, writer) {
  const before = readText(page);
  const item = page.proposing.item?.isConnected ? page.proposing.item : appendPrinciple(page);
  let replaced = false;
  for (const [name, from] of Object.entries(fields)) {
    const field = fieldOf(item, name);
    replaced ||= Boolean(field.value.trim()) && field.value !== from.value;
    field.value = name === "title" ? oneLine(from.value) : from.value;
    field.dataset.seen = "1";
    grow(field);
  }
  const written = ["statement", "antithesis"].filter((name) => fields[name] && proposal[name] && fields[name].value === proposal[name]);
  showWriter(item, writtenBy(writer, written));
  closeProposal(page);
  renumber(page.list);
  touched(page);
  fieldOf(item, Object.keys(fields)[0]).focus();
  if (!replaced) return;
  page.draft.mine = before;
  offerMine(page, "The proposal is in the draft. The text it took the place of is kept here until you leave the page.");
}

export function disown(field) {
  const item = field.closest(".cs-principle");
  if (item) showWriter(item, disowned(writerOf(item), field.dataset.field));
}
