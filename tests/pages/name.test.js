import assert from "node:assert/strict";
import { test } from "node:test";
import { nameIn } from "../../app/assets/name.js";

test("the name is read from its own cookie among others", () => {
  assert.equal(nameIn("a=1; studio_name=Zo%C3%AB%20K.; b=2"), "Zoë K.");
  assert.equal(nameIn("other_studio_name=Ann"), "");
  assert.equal(nameIn("studio_name="), "");
  assert.equal(nameIn(""), "");
});

test("a name that cannot be read is none", () => {
  assert.equal(nameIn("studio_name=%E0%A4%A"), "");
});
