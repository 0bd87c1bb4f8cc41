// The Amendments page: what the server says of them, and forms whose fields are the questions that they ask.
import { inAddress, openChannel } from "./channel.js";
import { emptyRoot, fragment, h, newKey, notOpened, problemOf, setTitle, whileBusy } from "./studio.js";

const KEYED = ["propose", "comment", "evidence"]; // asked twice by one click they are one

export function mount({ element }) {
  const { ask } = openChannel("amend");
  const page = { ask, root: emptyRoot(element, ".cs-amend"), said: h("p", { class: "cs-said", role: "status", tabindex: "-1" }), body: h("div", { class: "cs-amend-body" }) };
  page.root.addEventListener("submit", (event) => void submit(page, event));
  void ask("opened", inAddress("constitution", "amendment")).then((reply) => (["page", "choose"].includes(reply?.kind) ? show(page, reply) : notOpened(page.root, reply)));
}

function show(page, reply) {
  if (!page.body.isConnected) page.root.replaceChildren(page.said, page.body);
  fragment(page.body, reply.html);
  page.said.textContent = reply.message ?? "";
  setTitle(reply.title ?? "Amendments");
  if (reply.href) history.replaceState(history.state, "", reply.href);
}

// The question that a form is: texts as they were typed, numbers as numbers.
export function questionOf(form) {
  const fields = [...form.elements].filter((each) => each.name);
  return Object.fromEntries(fields.map((each) => [each.name, "number" in each.dataset ? Number(each.value) : each.value]));
}

async function submit(page, event) {
  const form = event.target.closest("form[data-ask]");
  if (!form) return;
  event.preventDefault();
  const problem = form.querySelector(".cs-problem");
  const name = form.dataset.ask;
  problem.textContent = "";
  form.dataset.key ??= newKey();
  const question = { ...questionOf(form), ...(KEYED.includes(name) ? { key: form.dataset.key } : {}) };
  const reply = await whileBusy([form.querySelector("button")], () => page.ask(name, question));
  if (reply === undefined) return;
  if (reply?.kind !== "page") return void (problem.textContent = problemOf(reply));
  show(page, reply);
  page.said.focus();
}
