// Questions to the server and its answers. A page asks by the name of an endpoint, one question at a time, so that answers can't overtake
// each other. What is told again and again comes as lines: the first one answers, the others go by their kind to who hears them.
export const ANSWER_MS = 20000;
export const UNANSWERED = "studio-unanswered"; // told to the window: a question waits, or could not be sent
export const ANSWERS = "studio-answers"; // and: the studio answers again
const SLOW_MS = 3000; // what a question may take before it is asked whether the studio is there at all
const BROKEN_OFF = "The studio stopped answering. Reload the page to see how far it came.";

export function openChannel(page, answerMs = ANSWER_MS) {
  const channel = { page, answerMs, waiting: [], busy: false, hearers: {}, open: new Map() };
  // A page that was left may be kept by the browser, and go on listening: what it was being told would be written on for nobody.
  window.addEventListener("pagehide", () => channel.open.forEach(({ streams }, aborting) => streams && aborting.abort()));
  return {
    // Resolves with the server's answer, or with null when none came in time. `payload` may be a function: it is called when its turn comes.
    ask: (name, payload) =>
      new Promise((resolve) => {
        channel.waiting.push({ name, payload, resolve });
        void askNext(channel);
      }),
    // `hearers`: kind of a later line -> what to do with it.
    hear: (hearers) => void (channel.hearers = hearers),
    // Ends what these endpoints are telling, and what waits for their first word: the server closes its generator.
    stop: (...names) => channel.open.forEach(({ name }, aborting) => names.includes(name) && aborting.abort()),
  };
}

async function askNext(channel) {
  if (channel.busy || !channel.waiting.length) return;
  channel.busy = true;
  const { name, payload, resolve } = channel.waiting.shift();
  const answered = (reply) => {
    channel.busy = false;
    resolve(reply);
    void askNext(channel);
  };
  await converse(channel, name, typeof payload === "function" ? payload() : payload, answered);
}

async function converse(channel, name, payload, answered) {
  const aborting = new AbortController();
  let timer = setTimeout(() => aborting.abort(), channel.answerMs);
  const slow = setTimeout(tellUnanswered, SLOW_MS);
  const first = (reply) => {
    if (timer == null) return;
    clearTimeout(timer);
    clearTimeout(slow);
    timer = null;
    answered(reply);
  };
  const asked = { name, streams: false };
  channel.open.set(aborting, asked);
  try {
    const response = await fetch(new URL(`./api/${channel.page}/${name}`, document.baseURI), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(payload ?? {}),
      signal: aborting.signal,
    });
    asked.streams = response.headers.get("content-type")?.includes("x-ndjson") ?? false;
    if (!asked.streams) first(await response.json());
    else for await (const reply of lines(response.body)) timer == null ? channel.hearers[reply.kind]?.(reply) : first(reply);
  } catch (error) {
    if (aborting.signal.aborted) return;
    console.warn("The studio did not answer:", error);
    tellUnanswered();
    if (timer == null) channel.hearers.problem?.({ kind: "problem", message: BROKEN_OFF });
  } finally {
    channel.open.delete(aborting);
    first(null);
  }
}

function tellUnanswered() {
  window.dispatchEvent(new Event(UNANSWERED));
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const parts = (rest + piece.value).split("\n");
    rest = parts.pop();
    for (const line of parts) if (line) yield JSON.parse(line);
  }
}

// What the page's address names, of the given names.
export function inAddress(...names) {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(names.filter((name) => given.has(name)).map((name) => [name, given.get(name)]));
}

// Asks again and again for as long as the element is in the page and can be seen; `ask` says how long to wait, or null to end. Gives a
// function that has it asked after so many milliseconds, however long it would have waited.
export function poll(element, ask) {
  let timer = null;
  const turn = async () => {
    timer = null;
    if (!element.isConnected) return;
    const wait = document.visibilityState === "hidden" ? 1000 : await ask();
    if (wait != null && timer == null) after(wait);
  };
  const after = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(turn, wait);
  };
  return after;
}
