// Asking a model to judge a run's replies: first what would go where, then a click that names the address and sends. A process of the
// studio does it, whether the page stays or not; how far it is comes with the rest of the run.
import { field, h, newKey, problemOf, setText, whileBusy } from "./studio.js";

export function makeAsking(page, draw) {
  const address = h("input", { class: "cs-input", id: "ask-address", type: "url", autocomplete: "off", spellcheck: "false", maxlength: "500", placeholder: `${location.protocol}//127.0.0.1:8000/v1` });
  const model = h("input", { class: "cs-input", id: "ask-model", type: "text", autocomplete: "off", spellcheck: "false", maxlength: "200" });
  const first = h("button", { type: "submit", class: "cs-button" }, "How many questions?");
  const asking = { page, draw, address, model, first, key: newKey(), problem: h("p", { class: "cs-problem", role: "alert" }), planned: h("div", { class: "cs-ask-planned", role: "status" }) };
  const forget = () => asking.planned.replaceChildren(); // what was told was of another address or model
  const onsubmit = (event) => {
    event.preventDefault();
    void plan(asking);
  };
  const title = h("h3", {}, "Ask a model, from here");
  const form = h("form", { class: "cs-ask-model", novalidate: true, hidden: true, onsubmit, oninput: forget }, title, field(address.id, "Address of the endpoint", address), field(model.id, "Model, as it calls it", model), h("p", {}, first), asking.planned);
  return { form, problem: asking.problem };
}

function wish({ page, address, model }) {
  return { run: page.run, address: address.value, model: model.value };
}

async function plan(asking) {
  setText(asking.problem, "");
  const reply = await whileBusy([asking.first], () => asking.page.ask("plan_asking", wish(asking)));
  if (reply === undefined) return;
  if (reply?.kind !== "planned") return void setText(asking.problem, problemOf(reply));
  asking.key = newKey();
  const send = h("button", { type: "button", class: "cs-button cs-button-main" }, reply.sends);
  const leave = h("button", { type: "button", class: "cs-button" }, "Send nothing");
  const told = wish(asking); // what the button names, whatever is typed meanwhile
  send.addEventListener("click", () => void ask(asking, told, [send, leave]));
  leave.addEventListener("click", () => {
    asking.planned.replaceChildren();
    asking.first.focus();
  });
  asking.planned.replaceChildren(h("p", {}, reply.says), reply.questions ? h("p", { class: "cs-actions" }, send, leave) : "");
}

async function ask(asking, told, buttons) {
  setText(asking.problem, "");
  const reply = await whileBusy(buttons, () => asking.page.ask("ask", { ...told, key: asking.key }));
  if (reply === undefined) return;
  if (reply?.kind !== "run") return void setText(asking.problem, problemOf(reply));
  asking.planned.replaceChildren();
  asking.first.focus();
  asking.draw(reply);
}
