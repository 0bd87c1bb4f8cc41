import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { expectedOf, meant, nameOf, optionText, sourceIn, sourceOf, valueOf } from "../../app/assets/mark.js";

test("three keys answer and one takes back, whatever its case", () => {
  assert.deepEqual(["1", "2", "3", "u", "U", "4", "Enter"].map((key) => meant({ key })), ["follows", "does not", "cannot tell", "undo", "undo", null, null]);
});

test("who types into a field, holds another key or holds one down means something else", () => {
  for (const tagName of ["INPUT", "SELECT", "TEXTAREA"]) assert.equal(meant({ key: "1", target: { tagName } }), null);
  for (const held of ["ctrlKey", "metaKey", "altKey", "repeat"]) assert.equal(meant({ key: "1", [held]: true }), null);
  assert.equal(meant({ key: "1", target: { tagName: "BUTTON" } }), "follows");
});

test("a principle says how far one is and who else can judge it", () => {
  assert.equal(optionText({ number: 2, title: "Kind", check: null, done: 3, total: 24 }), "2. Kind: 3 of 24, only people can judge it");
  assert.equal(optionText({ number: 1, title: "Brief", check: "max_words: 20", done: 0, total: 0 }), "1. Brief: no cards, a program judges it");
});

test("a card says what is expected of a reply where its query is a scenario, and else nothing", () => {
  assert.deepEqual(expectedOf({ would_follow: "", would_not: "" }), []);
  assert.deepEqual(expectedOf({ would_follow: "Ask back.", would_not: "Guess." }), [{ says: "Would follow", text: "Ask back." }, { says: "Would not", text: "Guess." }]);
});

test("what is marked is a run or a check, in questions, options and words", () => {
  const run = { run: 3, check: null, title: "Kind" };
  const check = { run: null, check: 4 };
  assert.deepEqual([sourceOf(run), sourceOf(check), sourceOf({ run: 3 })], [{ run: 3 }, { check: 4 }, { run: 3 }]);
  assert.deepEqual([run, check].map(valueOf).map(sourceIn), [{ run: 3 }, { check: 4 }]);
  assert.deepEqual([nameOf(run), nameOf(check)], ["Run 3", "Check 4"]);
});

test("two runs are marked together, in questions, options and words", () => {
  const both = { run: 3, check: null, beside: 2 };
  assert.deepEqual([sourceOf(both), sourceIn(valueOf(both)), nameOf(both)], [{ run: 3, beside: 2 }, { run: 3, beside: 2 }, "Run 3 beside run 2"]);
  assert.deepEqual(sourceIn(valueOf({ run: 3, check: null, beside: null })), { run: 3 });
});
