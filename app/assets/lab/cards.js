// Cards of a battery: a query, a reply, and the texts that it may have been written under. Blind until all are picked; as on Mark one at a time, by keys, with a way back.
import { keyPressed, keysBox, showFromTop } from "../card-keys.js";
import { drawProgress, makeProgress } from "../progress.js";
import { fragment, h, isolated, listenWhile, newKey, notOpened, problemOf, setText, setTitle, whileBusy } from "../studio.js";

const LEDE = "Which text was each reply written under? What wrote it, and which principle it is about, is told when all are picked.";
const KEYS_OFF = "studio-cards-keys-off";
const NONE = "none";
const UNNAMED = "you"; // app/services/actors.py

// What a key press means for a card of so many texts: the place of one from 0 on, none of them, an undo, or nothing.
export function meant(event, options) {
  const key = keyPressed(event);
  if (key === "u") return "undo";
  if (key === "0") return NONE;
  return /^[1-9]$/.test(key ?? "") && Number(key) <= options ? Number(key) - 1 : null;
}

export function openCards({ element, ask, root }, lab) {
  const page = makeCards(ask, root, lab);
  listenWhile(element, window, "keydown", (event) => press(page, event));
  void ask("card", { lab }).then((reply) => (reply?.kind === "cards" ? open(page, reply) : notOpened(root, reply)));
}

function makeCards(ask, root, lab) {
  const kbd = (key) => h("kbd", { "aria-hidden": "true" }, key);
  const page = {
    ask,
    root,
    lab,
    at: null, // where one is, as the server told it
    key: newKey(), // of this card: the same pick sent twice is one, another one takes its place
    kbd,
    problem: h("p", { class: "cs-problem", role: "alert" }),
    progress: makeProgress("Picked"),
    amount: h("p", { class: "cs-number cs-mark-amount" }),
    query: h("p", { class: "cs-mark-query", dir: "auto" }),
    reply: h("p", { class: "cs-text cs-mark-reply", dir: "auto" }),
    options: h("div", { class: "cs-lab-options", role: "group", "aria-label": "Which text was the reply written under?" }),
    none: h("button", { type: "button", class: "cs-button cs-mark-undo", onclick: () => void pick(page, NONE) }, kbd("0"), "None fits better"),
    undo: h("button", { type: "button", class: "cs-button cs-mark-undo", onclick: () => void undo(page) }, kbd("u"), "Undo"),
    keys: keysBox("cards-keys", KEYS_OFF, "Number keys and u"),
    spoken: h("p", { class: "cs-sr", role: "status" }),
    ended: h("section", { class: "cs-mark-ended cs-lab-found", "aria-label": "What you told right" }),
  };
  return page;
}

function open(page, reply) {
  const { root, problem, progress, amount, query, options } = page;
  const battery = h("a", { href: `./lab?lab=${page.lab}` }, `Battery ${page.lab}`);
  const named = reply.who === UNNAMED ? "You gave no name, so your picks stand under “you”. Give one above before you read together with others." : `Your picks stand under “${isolated(reply.who)}”.`;
  const head = h("header", { class: "cs-mark-head" }, h("p", { class: "cs-quiet" }, battery, `: ${isolated(reply.name)}`), h("h1", {}, "Read the cards"), h("p", { class: "cs-lede" }, LEDE));
  page.named = h("p", { class: "cs-quiet" }, named);
  const said = h("div", { class: "cs-mark-said" }, h("h2", { class: "cs-label" }, "Query"), query, h("h2", { class: "cs-label" }, "Reply"), page.reply);
  page.card = h("section", { class: "cs-mark-card", tabindex: "-1", "aria-label": "The reply to read" }, said, h("div", { class: "cs-lab-asked" }, h("h2", { class: "cs-label" }, "Which text was it written under?"), options));
  page.bar = h("div", { class: "cs-mark-bar" }, page.none, page.undo, page.keys.node);
  root.classList.add("cs-mark-page");
  root.replaceChildren(head, page.named, problem, h("div", { id: "content", class: "cs-mark-at" }, progress.bar, amount), page.card, page.bar, page.ended, page.spoken);
  setTitle("Cards", `Battery ${page.lab}`, "Laboratory");
  show(page, reply);
}

function show(page, { reading, html }) {
  const { card, done, total } = reading;
  page.at = reading;
  page.key = newKey();
  const amount = `${done} of ${total}`;
  setText(page.amount, amount);
  drawProgress(page.progress, total ? done / total : 1, `${amount} picked`);
  page.named.hidden = done > 0; // it was read by now
  page.undo.disabled = reading.last === null;
  page.card.hidden = page.none.hidden = !card;
  page.ended.hidden = !!card;
  if (!card) return showEnd(page, reading, html);
  setText(page.query, card.query);
  setText(page.reply, card.reply);
  page.options.replaceChildren(...card.options.map((text, i) => h("button", { type: "button", class: "cs-button cs-lab-option", onclick: () => void pick(page, i) }, page.kbd(`${i + 1}`), h("span", { dir: "auto" }, text))));
  const options = card.options.map((text, i) => `${i + 1}: ${text}`);
  setText(page.spoken, [`Card ${done + 1} of ${total}. Query: ${card.query}`, `Reply: ${card.reply}`, ...options].join(" "));
}

function showEnd(page, { done }, html) {
  const title = h("h2", { tabindex: "-1" }, `All ${done} picked`);
  const told = fragment(h("div", {}), html);
  const back = h("a", { href: `./lab?lab=${page.lab}` }, "What the battery found, with your picks counted");
  page.ended.replaceChildren(title, told, h("p", { class: "cs-actions" }, back));
  setText(page.spoken, "");
  title.focus();
}

const buttons = ({ options, none, undo }) => [...options.querySelectorAll("button"), none, undo].filter((button) => !button.disabled);

async function follow(page, name, question) {
  setText(page.problem, "");
  const reply = await whileBusy(buttons(page), () => page.ask(name, question));
  if (reply === undefined) return; // pressed while another answer was under way
  if (reply?.kind !== "cards") return void setText(page.problem, problemOf(reply));
  const place = [...page.options.children].indexOf(document.activeElement);
  show(page, reply);
  if (!reply.reading.card) return;
  showFromTop(page.card.querySelector(".cs-mark-said"), page.root.querySelector(".cs-mark-at"));
  if (place >= 0) page.options.children[place]?.focus({ preventScroll: true }); // who picks by Tab and Enter goes on from the same place
  else if (document.activeElement === document.body) page.card.focus({ preventScroll: true });
}

async function pick(page, means) {
  if (!page.at?.card || page.none.disabled) return;
  await follow(page, "pick", { lab: page.lab, card: page.at.card.card, pick: means === NONE ? null : means, key: `${page.key}-${means}` });
}

async function undo(page) {
  if (page.at?.last == null || page.undo.disabled) return;
  await follow(page, "undo", { lab: page.lab, pick: page.at.last });
}

function press(page, event) {
  const means = page.keys.on() && page.at ? meant(event, page.at.card?.options.length ?? 0) : null;
  if (means === null) return;
  event.preventDefault();
  if (means === "undo") void undo(page);
  else void pick(page, means);
}
