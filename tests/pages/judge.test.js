import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { chosen, csv } from "../../app/assets/judge.js";

const FOUND = {
  outcomes: [
    { row: 1, principle: "Brevity", follows: true, why: "has 2 words", by: "max_words: 20" },
    { row: 2, principle: "Brevity", follows: false, why: 'says "no", twice', by: "max_words: 20" },
    { row: 2, principle: "Warm", follows: null, why: "no check", by: "" },
  ],
  replies: { 1: "Yes.\nSure.", 2: "=1+1" },
};

test("outcomes are chosen by principle, by outcome, by both or not at all", () => {
  const rows = (principle, outcome) => chosen(FOUND, principle, outcome).map((each) => `${each.row}${each.principle[0]}`);
  assert.deepEqual(rows("", ""), ["1B", "2B", "2W"]);
  assert.deepEqual(rows("Brevity", ""), ["1B", "2B"]);
  assert.deepEqual(rows("", "null"), ["2W"]);
  assert.deepEqual(rows("Brevity", "false"), ["2B"]);
});

test("what is taken to a spreadsheet is quoted where it must be, and no formula", () => {
  const lines = csv(FOUND).split("\r\n");
  assert.equal(lines[0], "row,principle,follows,why,by,response");
  assert.equal(lines[1], '1,Brevity,true,has 2 words,max_words: 20,"Yes.\nSure."');
  assert.equal(lines[2], `2,Brevity,false,"says ""no"", twice",max_words: 20,'=1+1`);
  assert.equal(lines[3], "2,Warm,,no check,,'=1+1");
});
