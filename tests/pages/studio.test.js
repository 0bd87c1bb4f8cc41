import assert from "node:assert/strict";
import { test } from "node:test";
import "./stub.js";
import { drawProgress, makeProgress } from "../../app/assets/progress.js";
import { base64, copied, field, h, isolated, isSecond, listenWhile, localise, newId, newKey, oneLine, problemOf, setText, whileBusy } from "../../app/assets/studio.js";

test("text of a person goes in as text, whatever it looks like", () => {
  const hostile = "<script>alert(1)</script>";
  const node = h("p", { title: hostile }, hostile);
  assert.deepEqual(node.childNodes, [hostile]);
  assert.equal(node.attributes.title, hostile);
});

test("attributes that are false or missing are not set, and true is an empty one", () => {
  const node = h("input", { hidden: true, checked: false, value: null, id: undefined, rows: 0 });
  assert.deepEqual(node.attributes, { hidden: "", rows: "0" });
});

test("children may be lists, and those that are absent are left out", () => {
  const node = h("p", {}, ["a", null], false, undefined, h("b", {}, "c"));
  assert.equal(node.textContent, "ac");
});

test("an attribute whose name begins with on listens", () => {
  let clicks = 0;
  h("button", { onclick: () => (clicks += 1) }).dispatchEvent(new Event("click"));
  assert.equal(clicks, 1);
});

test("a label is that of its input, and what is absent below it is left out", () => {
  const input = h("input", { id: "seed" });
  const node = field("seed", "Seed", undefined, input);
  assert.deepEqual([node.childNodes[0].attributes.for, node.childNodes[1]], ["seed", input]);
  assert.equal(node.childNodes.length, 2);
});

test("a bar says its share in numbers and in words, and that it is not known", () => {
  const progress = makeProgress("Progress of the run");
  drawProgress(progress, 0.256, "Training: 26%");
  assert.equal(progress.fill.style.width, "25.6%");
  assert.equal(progress.bar.attributes["aria-valuenow"], "26");
  assert.equal(progress.bar.attributes["aria-valuetext"], "Training: 26%");
  drawProgress(progress, null, "Asking");
  assert.ok(progress.bar.classes.has("cs-progress-unknown") && !("aria-valuenow" in progress.bar.attributes));
  drawProgress(progress, 0, "Asking");
  assert.ok(!progress.bar.classes.has("cs-progress-unknown"));
});

test("a clipboard that is not there or refuses is said, not thrown", async (context) => {
  context.mock.method(console, "warn", () => {});
  const given = (clipboard) => Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
  given(undefined);
  assert.equal(await copied("text"), false);
  let kept = null;
  given({ writeText: async (text) => void (kept = text) });
  assert.equal(await copied("text"), true);
  assert.equal(kept, "text");
});

test("a text that did not change is not written again", () => {
  const node = h("p", {}, "same");
  setText(node, "same");
  assert.equal(node.written, 0);
  setText(node, "other");
  assert.equal(node.written, 1);
});

test("the server's words are shown, and silence is put in words", () => {
  assert.equal(problemOf({ message: "No." }), "No.");
  assert.equal(problemOf(null), "The studio does not answer. Try again in a moment.");
  assert.equal(problemOf(null, "Look first."), "The studio does not answer. Look first.");
});

test("a file becomes base64 whole, also beyond one piece", async () => {
  const bytes = new Uint8Array(70000).map((_, i) => i % 256);
  assert.equal(await base64(new Blob([bytes])), Buffer.from(bytes).toString("base64"));
  assert.equal(await base64(new Blob([])), "");
});

test("keys are 128 bits and no two are the same; ids are random UUIDs", () => {
  const keys = new Set(Array.from({ length: 100 }, newKey));
  assert.equal(keys.size, 100);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.match(newId(), /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});

test("line breaks become one space", () => {
  assert.equal(oneLine("a \r\n\n b\nc"), "a b c");
});

test("a time that cannot be read stays as the server wrote it", () => {
  const time = { dateTime: "yesterday", textContent: "yesterday" };
  localise(time);
  assert.deepEqual(time, { dateTime: "yesterday", textContent: "yesterday" });
});

test("a time is shown in the browser's own zone, and what the server wrote stays as its title", () => {
  const time = { dateTime: new Date(2020, 0, 2, 3, 4).toISOString(), textContent: "2020-01-02 UTC" };
  localise(time);
  assert.equal(time.title, "2020-01-02 UTC");
  assert.match(time.textContent, /2020.*03:04$/);
});

test("a listener on the window ends when its component has left the page", () => {
  const element = { isConnected: true };
  const target = new EventTarget();
  let heard = 0;
  listenWhile(element, target, "online", () => (heard += 1));
  target.dispatchEvent(new Event("online"));
  element.isConnected = false;
  target.dispatchEvent(new Event("online"));
  element.isConnected = true;
  target.dispatchEvent(new Event("online"));
  assert.equal(heard, 1);
});

test("a name that runs from right to left keeps its direction within a sentence, and any other stays as it is", () => {
  for (const name of ["دستور Python 3.12", "C++ (עברית)"]) assert.equal(isolated(name), `\u2068${name}\u2069`);
  assert.equal(isolated("Warm tone"), "Warm tone");
});

test("only the second click of a double click is one", () => {
  assert.deepEqual([0, 1, 2, 3].map((detail) => isSecond({ detail })), [false, false, true, true]);
});

test("what is done while its button rests is done once, and the button is there again also when it failed", async () => {
  const button = { disabled: false };
  let times = 0;
  const act = async () => {
    times += 1;
    assert.ok(button.disabled);
  };
  await Promise.all([whileBusy([button], act), whileBusy([button], act)]);
  assert.equal(times, 1);
  assert.ok(!button.disabled);
  await assert.rejects(whileBusy([button], () => Promise.reject(new Error("no"))));
  assert.ok(!button.disabled);
});
