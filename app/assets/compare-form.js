// What is asked: run, query, side, seed and sampling. Choosing a run fills in its own seed and sampling, with which the replies are
// the very ones that the run's result table counts.
const silence = "The studio does not answer. Try again in a moment.";
const NUMBERS = [
  { name: "seed", label: "Seed", min: 0, step: 1 },
  { name: "max_new_tokens", label: "Most tokens", min: 1, max: 4096, step: 1 },
  { name: "temperature", label: "Temperature", min: 0, max: 5, step: "any" },
  { name: "top_p", label: "Top-p", min: 0, max: 1, step: "any" },
];

const form = (() => {
  const source = h("select", { class: "cs-input", id: "compare-source", onchange: () => choose(source.value) });
  const facts = h("div", { class: "cs-compare-facts" });
  const query = h("textarea", { class: "cs-input cs-query", id: "compare-query", rows: "3", "aria-describedby": "compare-problem", placeholder: "What would you ask the model?" });
  const sides = { statement: side("statement", "◆", "Statements", true), antithesis: side("antithesis", "◇", "Antitheses", false) };
  const numbers = Object.fromEntries(NUMBERS.map((n) => [n.name, h("input", { class: "cs-input cs-number", type: "number", id: `compare-${n.name}`, min: n.min, max: n.max, step: n.step })]));
  const problem = h("p", { class: "cs-problem", id: "compare-problem", role: "alert" });
  const go = h("button", { class: "cs-button cs-button-main" }, "Compare");
  const stop = h("button", { type: "button", class: "cs-button", hidden: true }, "Stop");
  const node = h(
    "form",
    { class: "cs-ask", novalidate: true },
    h(
      "div",
      { class: "cs-ask-main" },
      h("div", { class: "cs-field" }, h("label", { for: "compare-query" }, "Query"), query),
      h("fieldset", { class: "cs-sides" }, h("legend", {}, "The constitution in the prompt, as"), sides.statement.node, sides.antithesis.node),
      problem,
      h("div", { class: "cs-actions" }, go, stop, h("span", { class: "cs-quiet cs-keys" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter"))),
    ),
    h(
      "div",
      { class: "cs-ask-with" },
      h("div", { class: "cs-field" }, h("label", { for: "compare-source" }, "Compare"), source),
      facts,
      h("div", { class: "cs-numbers" }, NUMBERS.map((n) => h("div", { class: "cs-field" }, h("label", { for: `compare-${n.name}` }, n.label), numbers[n.name]))),
    ),
  );
  let options = [];

  function side(value, sign, label, checked) {
    const input = h("input", { type: "radio", name: "compare-side", value, checked });
    return { input, node: h("label", { class: "cs-side-choice" }, input, h("span", { class: "cs-sign", "aria-hidden": "true" }, sign), label) };
  }

  function offer(sources, chosen) {
    options = sources;
    const groups = new Map();
    for (const option of sources) {
      if (!groups.has(option.group)) groups.set(option.group, h("optgroup", { label: option.group }));
      groups.get(option.group).append(h("option", { value: option.key }, option.label));
    }
    source.replaceChildren(...groups.values());
    if (chosen) choose(chosen);
  }

  function choose(key) {
    const option = options.find((each) => each.key === key);
    source.value = key;
    fragment(facts, option.facts);
    fill(option);
  }

  function fill(values) {
    for (const n of NUMBERS) numbers[n.name].value = values[n.name];
    if (values.query != null) query.value = values.query;
    if (values.side) sides[values.side].input.checked = true;
  }

  // An empty or unreadable number goes as null; the server says what is wrong with it.
  function read() {
    const values = { source: source.value, query: query.value, side: sides.statement.input.checked ? "statement" : "antithesis" };
    for (const n of NUMBERS) values[n.name] = Number.isNaN(numbers[n.name].valueAsNumber) ? null : numbers[n.name].valueAsNumber;
    return values;
  }

  function busy(yes) {
    go.disabled = yes;
    stop.hidden = !yes;
  }

  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) node.requestSubmit();
  });
  return { node, offer, fill, read, busy, go, stop, query, tell: (text) => (problem.textContent = text) };
})();
