import assert from "node:assert/strict";
import { test } from "node:test";
import { openChannel } from "../../app/assets/channel.js";

// A server that is asked by hand: `asked` holds what came, `say` sends a reply.
function studio(answerMs) {
  const asked = [];
  const props = {};
  let say = null;
  const channel = openChannel({ props, trigger: (event) => asked.push({ event, ...props.value }), listen: (hear) => (say = hear) }, answerMs);
  const told = [];
  channel.hear({ page: (reply) => told.push(reply) });
  return { channel, asked, told, say: (reply) => say(reply) };
}

test("questions go out one at a time, in the order in which they were asked", async () => {
  const { channel, asked, say } = studio();
  const first = channel.ask("save", { n: 1 });
  const second = channel.ask("rename", { n: 2 });
  assert.deepEqual(asked.map(({ event, n }) => [event, n]), [["save", 1]]);
  say({ seq: asked[0].seq, kind: "saved" });
  assert.equal((await first).kind, "saved");
  assert.deepEqual(asked.map(({ event, n }) => [event, n]), [["save", 1], ["rename", 2]]);
  say({ seq: asked[1].seq, kind: "renamed" });
  assert.equal((await second).kind, "renamed");
});

test("what a question carries is taken when its turn comes", () => {
  const { channel, asked, say } = studio();
  let revision = 1;
  channel.ask("save", {});
  channel.ask("save", () => ({ revision }));
  revision = 2;
  say({ seq: asked[0].seq });
  assert.equal(asked[1].revision, 2);
});

test("silence ends a question with null, and the next one goes out; an answer that comes late is nobody's", async () => {
  const { channel, asked, told, say } = studio(5);
  const first = channel.ask("save", {});
  const second = channel.ask("save", {});
  assert.equal(await first, null);
  say({ seq: asked[0].seq, kind: "page" });
  say({ seq: asked[1].seq, kind: "saved" });
  assert.equal((await second).kind, "saved");
  assert.deepEqual(told, []);
});

test("what the server says unasked goes by its kind, and a kind that is unknown goes nowhere", () => {
  const { told, say } = studio();
  say({ kind: "page", n: 1 });
  say({ kind: "other" });
  assert.deepEqual(told, [{ kind: "page", n: 1 }]);
});

test("two tabs never take each other's answers", () => {
  const [one, other] = [studio(), studio()];
  one.channel.ask("save", {});
  other.channel.ask("save", {});
  assert.notEqual(one.asked[0].seq, other.asked[0].seq);
});
