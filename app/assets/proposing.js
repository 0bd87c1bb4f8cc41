// Proposals: a model writes a principle, or an antithesis to a statement, and the author takes it, changes it, or leaves it.
// Nothing in the document changes before that click. One proposal is open at a time.
const LOOK_MS = 700;
const TRIES = 3; // how many answers one proposal may take; another proposal begins after them
const proposing = { node: null, item: null, asked: null, tries: 0, id: null, turn: 0 };

function openProposal(item, opener) {
  closeProposal();
  const node = h("section", { class: "cs-proposal", "aria-label": item ? "A proposal for this principle" : "A proposal for a new principle" });
  Object.assign(proposing, { node, item, opener, tries: 0 });
  if (item) item.querySelector(".cs-principle-body").append(node);
  else opener.parentNode.after(node);
  const typed = item ? readItem(item) : { title: "", statement: "" };
  if (typed.statement.trim()) askModel({ statement: typed.statement, title: typed.title });
  else showWish(typed.title);
}

function closeProposal(refocus = false) {
  if (proposing.id) ask("leave", { proposal: proposing.id });
  proposing.turn += 1; // whoever still waits for an answer finds that it is no longer wanted
  proposing.node?.remove();
  if (refocus) proposing.opener?.focus();
  Object.assign(proposing, { node: null, id: null });
}

function proposalButton(label, act, main = false) {
  return h("button", { type: "button", class: main ? "cs-button cs-button-main" : "cs-button", onclick: act }, label);
}

function showWish(title) {
  const wish = h("textarea", { class: "cs-input", id: "proposal-wish", rows: 2, maxlength: "1000", placeholder: "For instance: I want short answers.", "aria-describedby": "proposal-writer" });
  const begin = () => wish.value.trim() ? askModel({ wish: wish.value, title }) : wish.focus();
  wish.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), begin()));
  proposing.node.replaceChildren(
    h("div", { class: "cs-field" }, h("label", { for: "proposal-wish" }, "What do you want of the model?"), wish),
    h("p", { class: "cs-quiet", id: "proposal-writer" }, `${draft.writer} writes a principle from it. You decide what stays.`),
    h("div", { class: "cs-actions" }, proposalButton("Propose", begin, true), proposalButton("Cancel", () => closeProposal(true))),
  );
  wish.focus();
}

async function askModel(asked) {
  const turn = (proposing.turn += 1);
  const note = h("p", { class: "cs-quiet", role: "status" }, `${draft.writer} is asked …`);
  const cancel = proposalButton("Cancel", () => closeProposal(true));
  proposing.node.replaceChildren(note, h("div", { class: "cs-actions" }, cancel));
  cancel.focus();
  let reply = await ask("propose", { ...asked, try: proposing.tries });
  while (turn === proposing.turn && reply?.kind === "proposal" && !reply.proposal) {
    proposing.id = reply.id;
    note.textContent = `${reply.writer}: ${reply.note} …`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (turn === proposing.turn) reply = await ask("proposal", { proposal: reply.id });
  }
  if (turn !== proposing.turn) return reply?.kind === "proposal" && ask("leave", { proposal: reply.id });
  proposing.id = null;
  proposing.tries += TRIES;
  if (reply?.kind === "proposal") showProposal(asked, reply);
  else showFailure(asked, reply?.message ?? "The studio does not answer. Try again in a moment.");
}

function showFailure(asked, message) {
  const again = proposalButton("Try again", () => askModel(asked));
  proposing.node.replaceChildren(h("p", { class: "cs-problem", role: "alert" }, message), h("div", { class: "cs-actions" }, again, proposalButton("Close", () => closeProposal(true))));
  again.focus();
}

function showProposal(asked, { proposal, writer }) {
  const names = [...(asked.title?.trim() ? [] : ["title"]), ...(asked.statement ? [] : ["statement"]), "antithesis"];
  const fields = Object.fromEntries(names.map((field) => [field, proposalField(field, proposal[field])]));
  const labelled = ([field, node]) => h("div", { class: "cs-field" }, h("label", { for: node.id }, `Proposed ${field}`), node);
  proposing.node.replaceChildren(
    h("p", { class: "cs-quiet", role: "status" }, `${writer} proposes this. Change it as you like.`),
    proposal.shortfall && h("p", { class: "cs-problem" }, proposal.shortfall),
    ...Object.entries(fields).map(labelled),
    h(
      "div",
      { class: "cs-actions" },
      proposalButton("Accept", () => acceptProposal(fields, proposal, writer), true),
      proposalButton("Another", () => askModel(asked)),
      proposalButton("Discard", () => closeProposal(true)),
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

function acceptProposal(fields, proposal, writer) {
  const before = readAll();
  const item = proposing.item?.isConnected ? proposing.item : appendPrinciple();
  let replaced = false;
  for (const [name, from] of Object.entries(fields)) {
    const field = item.querySelector(`[data-field="${name}"]`);
    replaced ||= Boolean(field.value.trim()) && field.value !== from.value;
    field.value = name === "title" ? from.value.replace(/\s*[\r\n]+\s*/g, " ") : from.value;
    field.dataset.seen = "1";
    grow(field);
  }
  const own = ["statement", "antithesis"].filter((name) => fields[name] && proposal[name] && fields[name].value === proposal[name]);
  showWriter(item, joinWriter(writer, own));
  closeProposal();
  renumber();
  touched();
  item.querySelector(`[data-field="${Object.keys(fields)[0]}"]`).focus();
  if (!replaced) return;
  draft.mine = before;
  showNotice("The proposal is in the draft. The text it took the place of is kept here until you leave the page.", [["Bring mine back", bringBack]]);
}

// `A model (antithesis)`: which of the two texts is the model's; without brackets both are.
function splitWriter(text) {
  const found = /^(.*) \((statement|antithesis)\)$/.exec(text);
  return found ? [found[1], [found[2]]] : [text, text ? ["statement", "antithesis"] : []];
}

function joinWriter(model, parts) {
  if (!parts.length) return "";
  return parts.length === 2 ? model : `${model} (${parts[0]})`;
}

function showWriter(item, text) {
  item.dataset.writtenBy = text;
  item.querySelector("[data-writer]").textContent = text ? `Written by ${text}.` : "";
}

// What a person changes is theirs.
function disown(field) {
  const item = field.closest(".cs-principle");
  if (!item?.dataset.writtenBy) return;
  const [model, parts] = splitWriter(item.dataset.writtenBy);
  showWriter(item, joinWriter(model, parts.filter((part) => part !== field.dataset.field)));
}
