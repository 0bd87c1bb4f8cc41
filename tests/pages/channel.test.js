import assert from "node:assert/strict";
import { test } from "node:test";
import { inAddress, openChannel, poll, UNANSWERED } from "../../app/assets/channel.js";

globalThis.window = new EventTarget();
globalThis.document = { baseURI: "http://studio.test/prefix/write", visibilityState: "visible" };

// A server that is asked by hand: `asked` holds what came; each question is answered by calling its `answer` or, line by line, its `tell`.
function studio(answerMs = 300) {
  const asked = [];
  globalThis.fetch = (url, { body, signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      const respond = (type, stream) => resolve(new Response(stream, { headers: { "content-type": type } }));
      const question = { url: url.href, ...JSON.parse(body), aborted: () => signal.aborted };
      question.answer = (reply) => respond("application/json", JSON.stringify(reply));
      question.lines = () => {
        let told = null;
        respond("application/x-ndjson", new ReadableStream({ start: (controller) => (told = controller) }));
        return { tell: (text) => told.enqueue(new TextEncoder().encode(text)), end: () => told.close(), fail: () => told.error(new Error("gone")) };
      };
      asked.push(question);
    });
  return { channel: openChannel("write", answerMs), asked };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

test("questions go out one at a time, in the order in which they were asked, below the path that the page stands at", async () => {
  const { channel, asked } = studio();
  const first = channel.ask("save", { n: 1 });
  const second = channel.ask("rename", { n: 2 });
  await soon();
  assert.deepEqual(asked.map(({ url, n }) => [url, n]), [["http://studio.test/prefix/api/write/save", 1]]);
  asked[0].answer({ kind: "saved" });
  assert.equal((await first).kind, "saved");
  await soon();
  assert.deepEqual(asked.map(({ n }) => n), [1, 2]);
  asked[1].answer({ kind: "renamed" });
  assert.equal((await second).kind, "renamed");
});

test("what a question carries is taken when its turn comes", async () => {
  const { channel, asked } = studio();
  let revision = 1;
  channel.ask("save");
  channel.ask("save", () => ({ revision }));
  revision = 2;
  await soon();
  asked[0].answer({});
  await soon();
  assert.equal(asked[1].revision, 2);
});

test("silence ends a question with null, and the next one goes out", async () => {
  const { channel, asked } = studio(5);
  const first = channel.ask("save", {});
  const second = channel.ask("save", {});
  assert.equal(await first, null);
  assert.ok(asked[0].aborted());
  await soon();
  asked[1]?.answer({ kind: "saved" });
  assert.ok([null, "saved"].includes((await second)?.kind ?? null));
});

test("what is no answer of the studio is none", async (context) => {
  context.mock.method(console, "warn", () => {});
  const { channel } = studio();
  globalThis.fetch = async () => new Response("<h1>502 Bad Gateway</h1>", { headers: { "content-type": "text/html" } });
  assert.equal(await channel.ask("save", {}), null);
});

test("the first line answers, the later ones go by their kind, also in pieces, and an unknown kind goes nowhere", async () => {
  const { channel, asked } = studio();
  const told = [];
  channel.hear({ step: (reply) => told.push(reply.n) });
  const first = channel.ask("check", {});
  await soon();
  const stream = asked[0].lines();
  stream.tell('{"kind":"step","n":1}\n{"kind":"st');
  assert.equal((await first).n, 1);
  stream.tell('ep","n":2}\n{"kind":"other"}\n{"kind":"step","n":3}\n');
  stream.end();
  await soon();
  assert.deepEqual(told, [2, 3]);
});

test("a later question is not kept waiting by what is still being told", async () => {
  const { channel, asked } = studio();
  const first = channel.ask("check", {});
  const second = channel.ask("preview", {});
  await soon();
  asked[0].lines().tell('{"kind":"step"}\n');
  await first;
  await soon();
  asked[1].answer({ kind: "preview" });
  assert.equal((await second).kind, "preview");
});

test("stop ends what is told by the endpoint that is named and no other", async () => {
  const { channel, asked } = studio();
  channel.hear({ problem: () => assert.fail("stopping is no problem") });
  const first = channel.ask("check", {});
  await soon();
  asked[0].lines().tell('{"kind":"step"}\n');
  await first;
  const second = channel.ask("preview", {});
  await soon();
  channel.stop("check");
  assert.deepEqual(asked.map(({ aborted }) => aborted()), [true, false]);
  asked[1].answer({ kind: "preview" });
  await second;
});

test("a page that is left ends what it is being told, without a word", async () => {
  const { channel, asked } = studio();
  channel.hear({ problem: () => assert.fail("nobody is there") });
  const first = channel.ask("check", {});
  await soon();
  asked[0].lines().tell('{"kind":"step"}\n');
  await first;
  window.dispatchEvent(new Event("pagehide"));
  await soon();
  assert.ok(asked[0].aborted());
});

test("a line that breaks off is a problem in words", async (context) => {
  context.mock.method(console, "warn", () => {});
  const { channel, asked } = studio();
  const problems = [];
  channel.hear({ problem: (reply) => problems.push(reply.message) });
  const first = channel.ask("check", {});
  await soon();
  const stream = asked[0].lines();
  stream.tell('{"kind":"step"}\n');
  await first;
  stream.fail();
  await soon();
  assert.equal(problems.length, 1);
  assert.match(problems[0], /stopped answering/);
});

test("of the address only what is asked for is taken", () => {
  globalThis.location = { search: "?version=3&__theme=dark&from=" };
  assert.deepEqual(inAddress("version", "from", "run"), { version: "3", from: "" });
});

test("who rests can be asked to look again at once", async () => {
  let asked = 0;
  const after = poll({ isConnected: true }, async () => (++asked < 3 ? 300 : null));
  after(0);
  await soon();
  after(0);
  await soon();
  assert.equal(asked, 2);
  after(0);
});

test("polling ends with the element and with the answer that there is nothing more", async () => {
  let asked = 0;
  poll({ isConnected: true }, async () => (++asked < 3 ? 1 : null))(0);
  for (let i = 0; i < 20 && asked < 3; i++) await soon();
  await soon();
  assert.equal(asked, 3);
  poll({ isConnected: false }, () => assert.fail("it is gone"))(0);
  await soon();
});

test("a question that cannot be sent tells the window, and one that was stopped does not", async (context) => {
  context.mock.method(console, "warn", () => {});
  let told = 0;
  window.addEventListener(UNANSWERED, () => (told += 1));
  globalThis.fetch = () => Promise.reject(new Error("refused"));
  assert.equal(await openChannel("write").ask("save", {}), null);
  assert.equal(told, 1);
  const { channel, asked } = studio();
  const asking = channel.ask("save", {});
  await soon();
  channel.stop("save");
  assert.equal(await asking, null);
  assert.equal(asked.length, 1);
  assert.equal(told, 1);
});
