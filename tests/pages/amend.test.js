import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";

const { formKey, questionOf } = await import("../../app/assets/amend.js");

test("a form is the question that it asks: texts as they were typed, numbers as numbers, buttons left out", () => {
  const elements = [
    { name: "amendment", value: "12", dataset: { number: "" } },
    { name: "text", value: " 7 ", dataset: {} },
    { name: "", value: "Comment", dataset: {} },
  ];
  assert.deepEqual(questionOf({ elements }), { amendment: 12, text: " 7 " });
});

test("a form is known again by what it asks, and a comment by its clause", () => {
  assert.equal(formKey({ dataset: { ask: "decide" }, elements: {} }), "decide ");
  assert.equal(formKey({ dataset: { ask: "comment" }, elements: { principle: { value: "p1" } } }), "comment p1");
});
