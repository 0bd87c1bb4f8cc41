import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWERS } from "../../app/assets/channel.js";
import { AWAY, hear, makeWatch, show } from "../../app/assets/condition.js";

globalThis.window = new EventTarget();

const notice = () => {
  const words = { textContent: "" };
  const classes = new Set();
  return { hidden: true, words, classes, classList: { toggle: (name, yes) => (yes ? classes.add(name) : classes.delete(name)) }, querySelector: () => words };
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

test("a studio that does not answer is told after three seconds, and no more when it answers again", () => {
  const watch = makeWatch(notice(), null);
  let back = 0;
  window.addEventListener(ANSWERS, () => (back += 1));
  hear(watch, null, 1000, 1010);
  hear(watch, null, 2000, 3990);
  assert.equal(watch.notice.hidden, true, "a short silence is nobody's concern");
  hear(watch, null, 3000, 4000);
  assert.deepEqual([watch.notice.hidden, watch.notice.words.textContent], [false, AWAY]);
  hear(watch, { kind: "studio", problem: "" }, 5000, 5010);
  assert.deepEqual([watch.notice.hidden, watch.since, watch.notice.classes.size, back], [true, null, 0, 1]);
  hear(watch, null, 9000, 9010);
  assert.equal(watch.notice.hidden, true, "the three seconds begin anew");
});

test("what answers, whatever it says, is no longer away", () => {
  const watch = makeWatch(notice(), null);
  hear(watch, null, 0, 3000);
  hear(watch, { kind: "fault", message: "Something went wrong." }, 4000, 4010);
  assert.equal(watch.notice.hidden, true);
});

test("a full disk that was told before an outage is told after it", () => {
  const watch = makeWatch(notice(), null);
  hear(watch, { kind: "studio", problem: "The disk is full." }, 0, 10);
  hear(watch, null, 1000, 4000);
  assert.equal(watch.notice.words.textContent, AWAY);
  hear(watch, { kind: "studio", problem: "The disk is full." }, 5000, 5010);
  assert.deepEqual([watch.notice.hidden, watch.notice.words.textContent], [false, "The disk is full."]);
});
