import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const LOADER = readFileSync(new URL("../../app/assets/loader.js", import.meta.url), "utf8");
const MODULE = "data:text/javascript,export function mount(here) { here.props.mounted.push(here); }";

// As Gradio runs it: the body of a function, with what it gives.
function run(props, address) {
  globalThis.document = { baseURI: "http://studio.test/write" };
  const element = {};
  Function("element", "trigger", "props", "server", "upload", "watch", `const address = ${JSON.stringify(address)};${LOADER}`)(element, () => {}, props, {}, null, () => {});
  return element;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test("run twice, it mounts twice: nothing is left in the module", async () => {
  const props = { mounted: [] };
  run(props, MODULE);
  run(props, MODULE);
  await settled();
  assert.equal(props.mounted.length, 2);
  assert.notEqual(props.mounted[0].element, props.mounted[1].element);
});

test("a module that does not come is said on the page", async (context) => {
  context.mock.method(console, "error", () => {});
  const element = run({}, "data:text/javascript,throw new Error('gone')");
  await settled();
  assert.match(element.textContent, /did not load/);
  assert.equal(console.error.mock.callCount(), 1);
});

test("no word stands in quotes that Gradio could take for an event", () => {
  assert.deepEqual([...LOADER.matchAll(/["'`](\w+)["'`]/g)], []);
});
