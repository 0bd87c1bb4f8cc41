import assert from "node:assert/strict";
import { test } from "node:test";
import { changedSince } from "../../app/assets/write/came-out.js";

const THEN = { statement: "Be brief.", antithesis: "Be long.", check: { max_words: 20 } };

test("the same text is no change, however it is spaced and composed, and neither is another title", () => {
  assert.equal(changedSince({ ...THEN, title: "Other", statement: " Be\n brief. ", check: { max_words: "20" } }, THEN), "");
  assert.equal(changedSince({ ...THEN, statement: "Cafe\u0301" }, { ...THEN, statement: "Caf\u00e9" }), "");
});

test("another statement or antithesis is a changed text, another check alone a changed check", () => {
  assert.equal(changedSince({ ...THEN, statement: "Be very brief." }, THEN), "text changed since");
  assert.equal(changedSince({ ...THEN, antithesis: "" }, THEN), "text changed since");
  assert.equal(changedSince({ ...THEN, check: { max_words: 30 } }, THEN), "check changed since");
  assert.equal(changedSince({ ...THEN, check: undefined }, THEN), "check changed since");
  assert.equal(changedSince({ ...THEN, check: null }, { ...THEN, check: null }), "");
});
