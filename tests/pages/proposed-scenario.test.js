import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { howMany, isTaken, knownQueries, leftOut, proposedScenario, whatIsAsked } from "../../app/assets/write/proposed-scenario.js";

const SCENARIO = { query: "Why?", follows: "One sentence.", fails: "A lecture.", use: "test" };

function all(node) {
  return typeof node === "string" ? [] : [node, ...node.childNodes.flatMap(all)];
}

function shown(scenario) {
  const done = [];
  const entry = proposedScenario(scenario, { id: "p-1", take: (wanted) => done.push(wanted), leave: () => done.push("left") });
  entry.use.value = "test"; // as a browser has it
  const buttons = all(entry.node).filter((node) => node.tagName === "button");
  return { ...entry, done, buttons, press: (i, detail = 1) => buttons[i].dispatchEvent(Object.assign(new Event("click"), { detail })) };
}

test("what would go where is said before the click, which names the address", () => {
  const { says, sends } = whatIsAsked({ writer: "large", writerPlace: "models.example:8000", writerWeak: false });
  assert.ok(says.startsWith("large at models.example:8000 would be sent this principle’s statement and antithesis, and the queries of its scenarios."));
  assert.equal(sends, "Send it to models.example:8000");
  assert.ok(!says.includes("hardly of use"));
});

test("a model of this machine is sent nothing, and of the small one little is to be expected", () => {
  const { says, sends } = whatIsAsked({ writer: "SmolLM2", writerPlace: "", writerWeak: true });
  assert.ok(says.includes("Nothing leaves this machine.") && says.includes("hardly of use for this"));
  assert.equal(sends, "Ask SmolLM2");
});

test("neither what is there nor what was proposed is asked for again", () => {
  const seen = [{ scenario: { query: "Why?" } }, { scenario: { query: "How?" } }];
  assert.deepEqual(knownQueries([{ query: "Why?" }, { query: " " }, { query: "当什么？" }], seen), ["Why?", "当什么？", "How?"]);
});

test("a proposal is in the draft for as long as its query stands there", () => {
  assert.ok(isTaken(SCENARIO, [{ query: "How?" }, { query: "Why?", use: "train" }]));
  assert.ok(!isTaken(SCENARIO, [{ query: "Why" }]));
});

test("taking hands on the texts, marked for test unless train is chosen", () => {
  const entry = shown(SCENARIO);
  entry.press(0);
  entry.use.value = "train";
  entry.press(0);
  entry.press(0, 2); // the second click of a double click
  entry.press(1);
  assert.deepEqual(entry.done, [SCENARIO, { ...SCENARIO, use: "train" }, "left"]);
});

test("what a proposal says is text, each part in its own direction, and its buttons are named after it", () => {
  const entry = shown({ ...SCENARIO, query: "<b>لماذا؟</b>" });
  assert.ok(entry.node.textContent.includes("<b>لماذا؟</b>Would followOne sentence.Would notA lecture."));
  assert.equal(all(entry.node).filter((node) => node.attributes.class === "cs-text" && node.attributes.dir === "auto").length, 3);
  assert.deepEqual(entry.buttons.map((node) => node.attributes["aria-label"]), ["Take it: <b>لماذا؟</b>", "Leave: <b>لماذا؟</b>"]);
});

test("half a proposal says what it does not say", () => {
  assert.ok(shown({ query: "Why?", follows: "", fails: "" }).node.textContent.includes("It says neither what would follow nor what would not."));
  const half = shown({ query: "Why?", follows: "", fails: "x" }).node.textContent;
  assert.ok(!half.includes("neither") && !half.includes("Would follow"));
});

test("what is in the draft is said to be, and offered again when it was taken back", () => {
  const entry = shown(SCENARIO);
  const [, foot, done] = entry.node.childNodes;
  entry.show(true);
  assert.deepEqual([foot.hidden, done.hidden], [true, false]);
  entry.show(false);
  assert.deepEqual([foot.hidden, done.hidden], [false, true]);
});

test("what was left out of an answer is listed with the reason", () => {
  const node = leftOut([{ query: "Why?", why: "runs in circles" }, { query: "", why: "has no query" }]);
  assert.equal(node.textContent, "Left out of its answer (2)“Why?” runs in circles.One has no query.");
  assert.equal(leftOut([]), null);
  assert.deepEqual([howMany(1), howMany(3)], ["one scenario", "3 scenarios"]);
});
