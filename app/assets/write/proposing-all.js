// One click has a model write every antithesis that is missing, one after the other. Each waits beside its principle until the author accepts or discards it.
import { h, problemOf } from "../studio.js";
import { allItems, fieldOf, grow, showWriter } from "./principles.js";
import { writtenBy } from "./rows.js";
import { touched } from "./saving.js";

const LOOK_MS = 700;

export function makeProposingAll(page) {
  const all = { turn: 0, id: null, running: false };
  const button = h("button", { type: "button", class: "cs-link", hidden: true });
  const said = h("span", { class: "cs-quiet", role: "status" });
  button.addEventListener("click", () => (all.running ? stop(page) : proposeAll(page)));
  page.proposingAll = Object.assign(all, { button, said, node: h("p", { class: "cs-actions cs-propose-all" }, button, said) });
  return page.proposingAll.node;
}

function lacking(page) {
  const open = (item) => item.querySelector(":scope .cs-proposal-each");
  return allItems(page.list).filter((item) => fieldOf(item, "statement").value.trim() && !fieldOf(item, "antithesis").value.trim() && !open(item));
}

// What the button offers: after every change of the document.
export function showProposingAll(page) {
  const { button, running } = page.proposingAll;
  const count = lacking(page).length;
  button.hidden = !running && !count;
  button.textContent = running ? "Stop" : `Propose ${count === 1 ? "the missing antithesis" : `the ${count} missing antitheses`}`;
}

function stop(page) {
  const all = page.proposingAll;
  all.turn += 1;
  all.running = false;
  if (all.id) page.ask("leave", { proposal: all.id });
  all.id = null;
  page.list.querySelectorAll(".cs-proposal-each[data-waiting]").forEach((node) => node.remove());
  all.said.textContent = "Stopped. What was proposed so far stays until you decide.";
  showProposingAll(page);
}

async function proposeAll(page) {
  const all = page.proposingAll;
  const turn = (all.turn += 1);
  const items = lacking(page);
  all.running = true;
  for (const [i, item] of items.entries()) {
    all.said.textContent = `${page.draft.writer} writes ${i + 1} of ${items.length} …`;
    showProposingAll(page);
    if (item.isConnected && fieldOf(item, "statement").value.trim()) await proposeOne(page, item, turn);
    if (turn !== all.turn) return;
  }
  all.running = false;
  all.said.textContent = "All are proposed. Accept or discard each beside its principle.";
  showProposingAll(page);
}

async function proposeOne(page, item, turn) {
  const all = page.proposingAll;
  const node = h("section", { class: "cs-proposal cs-proposal-each", "data-waiting": "1", "aria-label": "A proposal for this principle" }, h("p", { class: "cs-quiet" }, "is being written …"));
  item.querySelector(".cs-principle-body").append(node);
  let reply = await page.ask("propose", { statement: fieldOf(item, "statement").value, title: fieldOf(item, "title").value, try: 0 });
  while (turn === all.turn && reply?.kind === "proposal" && !reply.proposal) {
    all.id = reply.id;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (turn === all.turn) reply = await page.ask("proposal", { proposal: reply.id });
  }
  if (turn !== all.turn) return reply?.kind === "proposal" && page.ask("leave", { proposal: reply.id });
  all.id = null;
  delete node.dataset.waiting;
  if (reply?.kind === "proposal") showOne(page, item, node, reply);
  else showFailed(page, node, problemOf(reply));
}

function close(page, node) {
  node.remove();
  showProposingAll(page);
}

function showFailed(page, node, message) {
  const dismiss = h("button", { type: "button", class: "cs-button", onclick: () => close(page, node) }, "Close");
  node.replaceChildren(h("p", { class: "cs-problem", role: "alert" }, message), h("div", { class: "cs-actions" }, dismiss));
}

function showOne(page, item, node, { proposal, writer }) {
  const id = `proposed-${item.dataset.id}`;
  const text = h("textarea", { class: "cs-input", id, rows: 1, spellcheck: "true" });
  text.value = proposal.antithesis;
  text.addEventListener("input", () => grow(text));
  const accept = () => {
    const field = fieldOf(item, "antithesis");
    field.value = text.value;
    field.dataset.seen = "1";
    grow(field);
    if (proposal.antithesis && text.value === proposal.antithesis) showWriter(item, writtenBy(writer, ["antithesis"]));
    close(page, node);
    touched(page);
    field.focus();
  };
  node.replaceChildren(
    h("p", { class: "cs-quiet" }, `${writer} proposes this. Change it as you like.`),
    ...(proposal.shortfall ? [h("p", { class: "cs-problem" }, proposal.shortfall)] : []),
    h("div", { class: "cs-field" }, h("label", { class: "cs-label", for: id }, "Proposed antithesis"), text),
    h(
      "div",
      { class: "cs-actions" },
      h("button", { type: "button", class: "cs-button cs-button-main", onclick: accept }, "Accept"),
      h("button", { type: "button", class: "cs-button", onclick: () => close(page, node) }, "Discard"),
    ),
  );
  grow(text);
}
