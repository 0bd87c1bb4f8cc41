import assert from "node:assert/strict";
import { test } from "node:test";
import { backUp, forgetBackup, readBackup } from "../../app/assets/write/backup.js";
import { checkParts, disowned, linesOf, same, sameText, textOf, writerSays, writtenBy } from "../../app/assets/write/rows.js";

const ROW = { id: "1", title: "Brief", statement: "Be brief.", antithesis: "Be long." };

test("drafts are the same when every field of every principle is, in their order", () => {
  const other = { ...ROW, id: "2" };
  assert.ok(same([ROW, other], [{ ...ROW }, { ...other }]));
  assert.ok(!same([ROW, other], [other, ROW]));
  assert.ok(!same([ROW], [ROW, other]));
  for (const name of ["id", "title", "statement", "antithesis"]) assert.ok(!same([ROW], [{ ...ROW, [name]: "?" }]), name);
});

test("scenarios are part of what a principle says, and test is what they are for where nothing is said", () => {
  const scenarios = [{ query: "Why?", follows: "x" }, { query: "How?", use: "train" }];
  assert.ok(!same([ROW], [{ ...ROW, scenarios }]));
  assert.ok(!same([{ ...ROW, scenarios }], [{ ...ROW, scenarios: [...scenarios].reverse() }]));
  assert.ok(same([{ ...ROW, scenarios }], [{ ...ROW, scenarios: [{ query: "Why?", follows: "x", fails: "", use: "test" }, scenarios[1]] }]));
  for (const other of [{ query: "?" }, { follows: "?" }, { fails: "?" }, { use: "train" }]) {
    assert.ok(!same([{ ...ROW, scenarios }], [{ ...ROW, scenarios: [{ ...scenarios[0], ...other }, scenarios[1]] }]), JSON.stringify(other));
  }
  assert.ok(same([ROW], [{ ...ROW, scenarios: [] }]));
});

test("a priority is part of what a principle says, and the rule for conflicts of what a text says", () => {
  assert.ok(!same([ROW], [{ ...ROW, priority: 1 }]));
  assert.ok(same([ROW], [{ ...ROW, priority: null }]));
  const text = { principles: [ROW], conflict_rule: "Ask." };
  assert.ok(sameText(text, { ...text, kind: "saved" }));
  assert.ok(!sameText(text, { ...text, conflict_rule: "" }));
  assert.ok(!sameText(text, { ...text, principles: [] }));
  assert.ok(sameText({ principles: [ROW] }, { principles: [ROW], conflict_rule: "" }));
  assert.deepEqual(textOf({ ...text, revision: 3 }), text);
});

test("an argument typed as text is the same as the number that the server keeps", () => {
  assert.ok(same([{ ...ROW, check: { at_most_words: 50 } }], [{ ...ROW, check: { at_most_words: "50" } }]));
  assert.ok(!same([{ ...ROW, check: { at_most_words: 50 } }], [{ ...ROW, check: { at_most_words: 51 } }]));
  assert.ok(!same([ROW], [{ ...ROW, check: "is_json" }]));
  assert.ok(same([ROW], [{ ...ROW, check: null, written_by: null }]));
});

test("a check is a name, or a name with its argument", () => {
  assert.deepEqual(checkParts(null), ["", null]);
  assert.deepEqual(checkParts("is_json"), ["is_json", null]);
  assert.deepEqual(checkParts({ at_most_words: 50 }), ["at_most_words", 50]);
  assert.deepEqual(checkParts({}), ["", null]);
});

test("who wrote a principle is part of what it says", () => {
  const written = writtenBy("A model", ["statement", "antithesis"]);
  assert.ok(!same([ROW], [{ ...ROW, written_by: written }]));
  assert.ok(same([{ ...ROW, written_by: written }], [{ ...ROW, written_by: { ...written } }]));
});

test("what a person changes is theirs, and nobody is named for a principle that is all theirs", () => {
  const both = writtenBy("A model", ["statement", "antithesis"]);
  assert.equal(writerSays(both), "Written by A model.");
  const one = disowned(both, "statement");
  assert.equal(writerSays(one), "Written by A model (antithesis).");
  assert.deepEqual(disowned(one, "title"), one);
  assert.equal(disowned(one, "antithesis"), null);
  assert.equal(disowned(null, "statement"), null);
  assert.equal(writerSays(null), "");
  assert.equal(writtenBy("A model", []), null);
});

function storage() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), removeItem: (key) => kept.delete(key), kept };
}

test("a copy is kept for each editor and constitution apart, and forgotten alone", () => {
  const place = storage();
  backUp({ editor: "ann", id: 1, revision: 3, known: { principles: [], conflict_rule: "Old." } }, { principles: [ROW], conflict_rule: "Ask." }, place);
  backUp({ editor: "bob", id: 1, revision: 4 }, { principles: [], conflict_rule: "" }, place);
  assert.deepEqual(readBackup({ editor: "ann", id: 1 }, place), { revision: 3, known: { principles: [], conflict_rule: "Old." }, principles: [ROW], conflict_rule: "Ask." });
  forgetBackup({ editor: "ann", id: 1 }, place);
  assert.equal(readBackup({ editor: "ann", id: 1 }, place), null);
  assert.equal(readBackup({ editor: "bob", id: 1 }, place).revision, 4);
});

test("a copy that cannot be read is none, and storage that refuses stops nobody", (context) => {
  context.mock.method(console, "warn", () => {});
  const draft = { editor: "ann", id: 1, revision: 1 };
  for (const text of ["{", "null", "[]", '{"principles": 3}']) assert.equal(readBackup(draft, { getItem: () => text }), null, text);
  const refuse = () => {
    throw new Error("The quota is exceeded.");
  };
  const full = { getItem: refuse, setItem: refuse, removeItem: refuse };
  backUp(draft, { principles: [ROW] }, full);
  forgetBackup(draft, full);
  assert.equal(readBackup(draft, full), null);
  assert.equal(console.warn.mock.callCount(), 4);
});

test("the lines of a pasted text are those that say something", () => {
  assert.deepEqual(linesOf("Why?\r\n\n  How? \rWhere?\n"), ["Why?", "How?", "Where?"]);
  assert.deepEqual(linesOf(" \n"), []);
});
