import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { keyPressed } from "../../app/assets/card-keys.js";
import { meant } from "../../app/assets/lab/cards.js";
import { problemIn } from "../../app/assets/lab/form.js";
import { problemIn as problemInDrift } from "../../app/assets/lab/drift.js";
import { driftText, examined, minutesText, nameOf, statusOf, sumText } from "../../app/assets/lab/words.js";

test("number keys pick as many texts as there are, 0 none of them, and u takes back", () => {
  assert.deepEqual(["1", "2", "3", "0", "u", "U", "9", "Enter"].map((key) => meant({ key }, 2)), [0, 1, null, "none", "undo", "undo", null, null]);
});

test("who types into a field or holds another key picks nothing", () => {
  assert.equal(meant({ key: "1", target: { tagName: "INPUT" } }, 2), null);
  assert.equal(meant({ key: "1", target: { tagName: "INPUT", type: "checkbox" } }, 2), 0);
  for (const held of ["ctrlKey", "metaKey", "altKey", "repeat"]) assert.equal(keyPressed({ key: "1", [held]: true }), null);
});

test("minutes are told in words, and as unknown where they are", () => {
  assert.deepEqual([null, 0.4, 1.2, 89, 150].map(minutesText), ["minutes not known yet", "less than a minute", "about 2 min", "about 89 min", "about 2.5 h"]);
});

test("the sum is that of what is ticked, and nothing where one is not known", () => {
  assert.equal(sumText([]), "No probe is ticked.");
  assert.equal(sumText([4.2]), "1 probe, about 5 min at most here: replies that several need are drawn once.");
  assert.match(sumText([4.2, 7]), /^2 probes, about 12 min at most/);
  assert.match(sumText([4.2, null]), /known once a trainer has measured/);
});

test("a form without a version or with no such number of queries says so", () => {
  assert.equal(problemIn("3", 24), "");
  assert.match(problemIn("", 24), /No version is chosen/);
  for (const limit of [0, 97, 2.5, NaN]) assert.match(problemIn("3", limit), /from 1 to 96/);
});

test("a battery is told by its version, what it examines and how it stands", () => {
  assert.equal(nameOf({ constitution: "Brevity", version: 2 }), "Brevity, version 2");
  assert.deepEqual([{ wish: { run: 3 } }, { wish: { run: null } }].map(examined), ["run 3", "the text in the prompt, nothing trained"]);
  assert.equal(statusOf({ status: "running", stopping: true }).words, "stopping…");
  assert.equal(statusOf({ status: "failed", stopping: false }).words, "failed");
});

test("a drift matrix is told by its runs, and needs two of them", () => {
  const lab = { constitution: "Brevity", version: 2, wish: { run: null, runs: [3, 7] } };
  assert.equal(nameOf(lab), "What else changed, of runs 3, 7");
  assert.equal(examined(lab), "2 runs, each measured on the texts of all");
  assert.match(problemInDrift([3], 24), /at least 2 runs/);
  assert.match(problemInDrift([3, 7], 97), /from 1 to 96/);
  assert.equal(problemInDrift([3, 7], 24), "");
  assert.equal(driftText({ rows: 10, principles: 2, cells: 18, held_out: 24, minutes: 4.2 }), "10 rows of 24 replies, 2 principles, 18 cells; about 5 min here.");
});
