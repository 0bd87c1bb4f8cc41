// The steps that a document came by, to go back and forth over: plain values, and nothing of the page.
import { checkParts, same, scenarioTexts } from "./rows.js";

const PAUSE_MS = 800; // typing in one field without a longer pause is one step
const MOST = 200;
const TEXTS = ["title", "statement", "antithesis"];

// A state is `{ name, rule, rows }`.
export function newSteps(state = { name: "", rule: "", rows: [] }) {
  return { past: [], future: [], now: state, typing: null, at: 0 };
}

// What the document says now. `typing` names a stretch of typing that may go on; null is a step of its own.
export function remember(steps, state, typing = null, at = Date.now()) {
  if (alike(state, steps.now)) return;
  const goesOn = typing != null && typing === steps.typing && at - steps.at < PAUSE_MS;
  if (typing == null && steps.past.length && alike(state, steps.past.at(-1))) {
    steps.future.push(steps.now); // gone back by hand, as by the button that brings a removed principle back
    steps.past.pop();
  } else {
    if (!goesOn) steps.past.push(steps.now);
    if (steps.past.length > MOST) steps.past.shift();
    steps.future.length = 0;
  }
  Object.assign(steps, { now: shared(state, steps.now), typing, at });
}

// The state before, or after; null where there is none.
export function back(steps) {
  return turn(steps, steps.past, steps.future);
}

export function forth(steps) {
  return turn(steps, steps.future, steps.past);
}

function turn(steps, from, to) {
  if (!from.length) return null;
  to.push(steps.now);
  Object.assign(steps, { now: from.pop(), typing: null });
  return steps.now;
}

function alike(a, b) {
  return a.name === b.name && a.rule === b.rule && same(a.rows, b.rows);
}

// Principles that did not change are held once for all steps.
function shared(state, before) {
  const held = new Map(before.rows.map((row) => [row.id, row]));
  return { ...state, rows: state.rows.map((row) => (held.has(row.id) && same([row], [held.get(row.id)]) ? held.get(row.id) : row)) };
}

// Where two states differ first: a principle's id, its field, and where in the text the difference ends. Null: only the order differs.
export function placeOf(before, after) {
  const old = new Map(before.rows.map((row) => [row.id, row]));
  for (const row of after.rows) {
    const was = old.get(row.id);
    if (!was) return { id: row.id, field: "title", at: row.title.length };
    const text = TEXTS.find((name) => row[name] !== was[name]);
    if (text) return { id: row.id, field: text, at: endOf(was[text], row[text]) };
    const scenario = scenarioPlace(was, row);
    if (scenario) return { id: row.id, ...scenario };
    if (row.priority !== was.priority) return { id: row.id, field: "priority", at: null };
    if (!same([row], [{ ...was, written_by: row.written_by }])) return { id: row.id, field: checkParts(row.check)[0] === checkParts(was.check)[0] ? "argument" : "check", at: null };
  }
  if (before.name !== after.name) return { id: null, field: "name", at: endOf(before.name, after.name) };
  if (before.rule !== after.rule) return { id: null, field: "rule", at: endOf(before.rule, after.rule) };
  const gone = before.rows.findIndex((row) => !after.rows.some(({ id }) => id === row.id));
  const next = gone < 0 ? null : after.rows[Math.min(gone, after.rows.length - 1)];
  return gone < 0 ? null : { id: next?.id ?? null, field: next ? "title" : "add", at: next ? next.title.length : null };
}

// Where the scenarios of a principle differ first. Of those that were removed at the end: the one before them.
function scenarioPlace(before, after) {
  const [old, now] = [scenarioTexts(before), scenarioTexts(after)];
  const i = now.findIndex((texts, at) => texts.some((text, k) => text !== old[at]?.[k]));
  if (i < 0 && now.length === old.length) return null;
  if (i < 0) return { field: now.length ? `scenarios.${now.length - 1}.query` : "scenarios", at: null };
  const k = old[i] ? now[i].findIndex((text, at) => text !== old[i][at]) : 0;
  const part = ["query", "follows", "fails", "use"][k];
  return { field: `scenarios.${i}.${part}`, at: part === "use" ? null : endOf(old[i]?.[k] ?? "", now[i][k]) };
}

function endOf(before, after) {
  const most = Math.min(before.length, after.length);
  let first = 0;
  while (first < most && before[first] === after[first]) first += 1;
  let last = 0;
  while (last < most - first && before.at(-1 - last) === after.at(-1 - last)) last += 1;
  return after.length - last;
}
