import assert from "node:assert/strict";
import { test } from "node:test";
import { back, forth, newSteps, placeOf, remember } from "../../app/assets/write/steps.js";

const row = (id, statement = "Be brief.", more = {}) => ({ id, title: id, statement, antithesis: "Be long.", ...more });
const state = (...rows) => ({ name: "N", rows });
const said = ({ rows }) => rows.map(({ id, statement }) => `${id}: ${statement}`).join(" ");

test("a removed principle comes back before what was typed elsewhere is touched, and goes again", () => {
  const steps = newSteps(state(row("a"), row("b")));
  remember(steps, state(row("a", "Be very brief."), row("b")), "a-statement insert", 0);
  remember(steps, state(row("a", "Be very brief.")), null, 100);
  assert.equal(said(back(steps)), "a: Be very brief. b: Be brief.");
  assert.equal(said(back(steps)), "a: Be brief. b: Be brief.");
  assert.equal(back(steps), null);
  assert.equal(said(forth(steps)), "a: Be very brief. b: Be brief.");
  assert.equal(said(forth(steps)), "a: Be very brief.");
  assert.equal(forth(steps), null);
});

test("typing without a pause is one step; a pause, another field and deleting begin another", () => {
  const steps = newSteps(state(row("a", "")));
  const type = (text, typing, at) => remember(steps, state(row("a", text)), typing, at);
  type("B", "a insert", 0);
  type("Be", "a insert", 700);
  type("Be b", "a insert", 1600);
  type("Be ", "a delete", 1700);
  assert.deepEqual(steps.past.map(said), ["a: ", "a: Be", "a: Be b"]);
  type("Be ", "a insert", 1800);
  assert.equal(steps.past.length, 3, "what says the same is no step");
});

test("what is brought back by hand is gone back over, and no step of its own", () => {
  const steps = newSteps(state(row("a"), row("b")));
  remember(steps, state(row("b")));
  remember(steps, state(row("a"), row("b")));
  assert.equal(steps.past.length, 0);
  assert.equal(said(forth(steps)), "b: Be brief.");
});

test("a new step ends what could be gone forth to", () => {
  const steps = newSteps(state(row("a")));
  remember(steps, state(row("a", "1")));
  back(steps);
  remember(steps, state(row("a", "2")));
  assert.equal(forth(steps), null);
  assert.equal(said(back(steps)), "a: Be brief.");
});

test("an order and a name are steps too", () => {
  const steps = newSteps(state(row("a"), row("b")));
  remember(steps, state(row("b"), row("a")));
  remember(steps, { ...state(row("b"), row("a")), name: "M" });
  assert.equal(back(steps).name, "N");
  assert.equal(said(back(steps)), "a: Be brief. b: Be brief.");
});

test("two hundred steps are kept", () => {
  const steps = newSteps(state(row("a", "0")));
  for (let i = 1; i <= 205; i += 1) remember(steps, state(row("a", `${i}`)));
  let first = null;
  for (let at = back(steps); at; at = back(steps)) first = at;
  assert.equal(said(first), "a: 5");
});

test("a principle that did not change is held once", () => {
  const same = row("b");
  const steps = newSteps(state(row("a"), same));
  remember(steps, state(row("a", "1"), row("b")));
  assert.equal(steps.now.rows[1], same);
});

test("the place of a change is where the difference ends, the principle that came back, or what stands where one went", () => {
  const two = state(row("a", "Be brief."), row("b"));
  assert.deepEqual(placeOf(two, state(row("a", "Be very brief."), row("b"))), { id: "a", field: "statement", at: 8 });
  assert.deepEqual(placeOf(state(row("a", "Be very brief.")), state(row("a", "Be brief."))), { id: "a", field: "statement", at: 3 });
  assert.deepEqual(placeOf(state(row("a")), two), { id: "b", field: "title", at: 1 });
  assert.deepEqual(placeOf(two, state(row("a"))), { id: "a", field: "title", at: 1 });
  assert.deepEqual(placeOf(state(row("a")), state()), { id: null, field: "add", at: null });
  assert.equal(placeOf(two, state(row("b"), row("a"))), null);
  assert.deepEqual(placeOf(two, { ...two, name: "Other" }), { id: null, field: "name", at: 5 });
  const checked = (check) => state(row("a", "x", { check }));
  assert.equal(placeOf(checked({ max_words: "2" }), checked({ max_words: "20" })).field, "argument");
  assert.equal(placeOf(checked(null), checked("json")).field, "check");
});

test("a step leads to the scenario that it changed", () => {
  const [one, two] = [{ query: "Why?" }, { query: "How?", use: "train" }];
  const placed = (before, after) => placeOf(state(row("a", "Be brief.", { scenarios: before })), state(row("a", "Be brief.", { scenarios: after })));
  assert.deepEqual(placed([one], [one, two]), { id: "a", field: "scenarios.1.query", at: 4 });
  assert.deepEqual(placed([two], [one, two]), { id: "a", field: "scenarios.0.query", at: 3 });
  assert.deepEqual(placed([one], [{ ...one, fails: "x" }]), { id: "a", field: "scenarios.0.fails", at: 1 });
  assert.deepEqual(placed([one, two], [one, { query: "How?" }]), { id: "a", field: "scenarios.1.use", at: null });
  assert.deepEqual(placed([one, two], [one]), { id: "a", field: "scenarios.0.query", at: null });
  assert.deepEqual(placed([one], []), { id: "a", field: "scenarios", at: null });
});

test("a removed scenario comes back by a step", () => {
  const steps = newSteps(state(row("a", "x", { scenarios: [{ query: "Why?" }, { query: "How?" }] })));
  remember(steps, state(row("a", "x", { scenarios: [{ query: "Why?" }] })));
  assert.deepEqual(back(steps).rows[0].scenarios, [{ query: "Why?" }, { query: "How?" }]);
  assert.deepEqual(forth(steps).rows[0].scenarios, [{ query: "Why?" }]);
});

test("a priority and the rule for conflicts are steps, and say where they were changed", () => {
  const before = { ...state(row("a")), rule: "" };
  const ranked = { ...state(row("a", "Be brief.", { priority: 2 })), rule: "" };
  const ruled = { ...ranked, rule: "Ask." };
  const first = { ...before, rows: ranked.rows.map(({ priority, ...others }) => (assert.equal(priority, 2), others)) };
  assert.deepEqual(placeOf(first, ranked), { id: "a", field: "priority", at: null });
  assert.deepEqual(placeOf(ranked, ruled), { id: null, field: "rule", at: 4 });
  const steps = newSteps(first);
  remember(steps, ranked);
  remember(steps, ruled);
  assert.equal(back(steps).rule, "");
  assert.equal(back(steps).rows[0].priority, undefined);
  assert.equal(forth(steps).rows[0].priority, 2);
  assert.equal(forth(steps).rule, "Ask.");
});
