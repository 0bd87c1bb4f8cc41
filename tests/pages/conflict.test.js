import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { optionText } from "../../app/assets/train/conflict.js";

test("a principle that is chosen says its number, its priority, and where no check judges it", () => {
  assert.equal(optionText({ number: 1, title: "Brief", priority: null, judged: true }), "1. Brief");
  assert.equal(optionText({ number: 2, title: "Asking", priority: 1, judged: true }), "2. Asking: priority 1");
  assert.equal(optionText({ number: 3, title: "Kind", priority: 4, judged: false }), "3. Kind: priority 4, no check judges it");
  assert.equal(optionText({ number: 4, title: "לב", priority: null, judged: false }), "4. \u2068לב\u2069: no check judges it");
});
