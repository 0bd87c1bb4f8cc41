import assert from "node:assert/strict";
import { test } from "node:test";
import { show } from "../../app/assets/condition.js";

const notice = () => {
  const words = { textContent: "" };
  return { hidden: true, words, querySelector: () => words };
};

test("a full disk is shown, and no more when there is room again", () => {
  const shown = notice();
  show(shown, { kind: "studio", problem: "The disk is full." });
  assert.deepEqual([shown.hidden, shown.words.textContent], [false, "The disk is full."]);
  show(shown, { kind: "studio", problem: "" });
  assert.deepEqual([shown.hidden, shown.words.textContent], [true, ""]);
});

test("no answer, or another one, changes nothing", () => {
  const shown = notice();
  show(shown, { kind: "studio", problem: "The disk is full." });
  show(shown, null);
  show(shown, { kind: "fault", message: "Something went wrong." });
  assert.equal(shown.hidden, false);
});
