import assert from "node:assert/strict";
import { test } from "node:test";
import { handOver, takeOver } from "../../app/assets/handover.js";

function storage() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text), removeItem: (key) => kept.delete(key) };
}

test("what was read of a file is shown on the document that was made of it, and once", () => {
  const place = storage();
  handOver(4, "<p>Read as YAML.</p>", place);
  assert.equal(takeOver(5, place), "");
  assert.equal(takeOver(4, place), "<p>Read as YAML.</p>");
  assert.equal(takeOver(4, place), "");
});

test("a browser that keeps nothing opens the document all the same", () => {
  const refuse = () => {
    throw new Error("forbidden");
  };
  const warn = console.warn;
  console.warn = () => {};
  handOver(4, "<p></p>", { setItem: refuse });
  assert.equal(takeOver(4, { getItem: refuse }), "");
  console.warn = warn;
});
